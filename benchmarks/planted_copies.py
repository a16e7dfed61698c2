"""Image sets with planted copies, for duplicates.py: real ones from a folder of data sets, and drawn ones."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from PIL import Image, ImageEnhance, ImageOps

import vidi
from report import cifar10
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.world import World

SIGN_DIGITS = Path(vidi.__file__).parent / "data" / "embedded" / "sign_digits.parquet"
SUFFIXES = (".jpg", ".jpeg", ".png")
Picture = Image.Image


@dataclass(frozen=True)
class Set:
    """Where the pictures come from, and whether the threshold was chosen on them."""

    name: str
    what: str
    calibrates: bool
    contents: Callable[[Path], Iterator[bytes]]
    judged: bool = True  # whether a person can say which pairs are the same picture


def files(folder: str) -> Callable[[Path], Iterator[bytes]]:
    """All pictures below a folder of the data, by path."""

    def contents(data: Path) -> Iterator[bytes]:
        for path in sorted((data / folder).rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                yield path.read_bytes()

    return contents


def embedded(_: Path) -> Iterator[bytes]:
    for image in parquet.read_table(SIGN_DIGITS, columns=["image"])["image"].to_pylist():
        yield image["bytes"] if isinstance(image, dict) else image


def cifar(data: Path) -> Iterator[bytes]:
    yield from cifar10(data / "cifar10_ordered", "test")[0]


def digits(data: Path) -> Iterator[bytes]:
    for image in np.load(data / "mnist" / "mnist.npz")["x_test"]:
        yield encoded(Image.fromarray(image))


def drawn(world: World) -> Callable[[Path], Iterator[bytes]]:
    def contents(_: Path) -> Iterator[bytes]:
        for image in dataset(1000, world=world, size_px=96, seed=7).images:
            yield encoded(Image.fromarray(image))

    return contents


CLOUDY = World(count=(3, 5), size=(0.12, 0.25), clutter=0.75, backgrounds=("noise",))
SETS = (
    Set("hymenoptera", "photos of ants and bees", True, files("hymenoptera")),
    Set("sign_digits", "photos of hands, embedded in vidi", True, embedded),
    Set("solar_cells", "electroluminescence of solar cells", True, files("solar_cells/images"), judged=False),
    Set("bccd", "blood under a microscope", True, files("bccd/JPEGImages")),
    Set("mnist", "handwritten digits", True, digits),
    Set("drawn, on clouds", "several shapes on clouds", True, drawn(CLOUDY)),
    Set("pacs_dev", "photos, paintings, cartoons, sketches", False, files("pacs_dev")),
    Set("faces_dev", "crops of faces", False, files("faces_dev/images")),
    Set("raccoon", "photos of raccoons", False, files("raccoon/images")),
    Set("coco128", "photos of all sorts", False, files("coco128/images")),
    Set("nuclei256", "cell nuclei under a microscope", False, files("nuclei256/images")),
    Set("cifar10", "photos of 32 pixels", False, cifar),
    Set("drawn, one shape", "one shape on every ground", False, drawn(World())),
)


# Copies: each a change of the picture and how it is saved


def encoded(picture: Picture, quality: int | None = None) -> bytes:
    """PNG, or JPEG of this quality."""
    content = io.BytesIO()
    if quality is None:
        picture.save(content, "PNG", compress_level=1)
    else:
        picture.save(content, "JPEG", quality=quality)
    return content.getvalue()


def cut(picture: Picture, share: float, random: np.random.Generator) -> Picture:
    """Without `share` of each side, taken off at random ends."""
    width, height = (max(1, round(side * (1 - share))) for side in picture.size)
    left, top = (
        int(random.integers(side - kept + 1))
        for side, kept in zip(picture.size, (width, height), strict=True)
    )
    return picture.crop((left, top, left + width, top + height))


def smaller(picture: Picture, share: float) -> Picture:
    width, height = (max(8, round(side * share)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def everything(picture: Picture, random: np.random.Generator) -> Picture:
    """A mirrored, cropped and smaller one."""
    return smaller(
        cut(ImageOps.mirror(picture), random.uniform(0.02, 0.06), random), random.uniform(0.5, 0.9)
    )


Change = Callable[[Picture, np.random.Generator], Picture]
KINDS: Mapping[str, tuple[Change, int | None]] = {
    "encoded again (JPEG quality 40)": (lambda p, _: p, 40),
    "resized to 40–80 %": (lambda p, g: smaller(p, g.uniform(0.4, 0.8)), 90),
    "mirrored": (lambda p, _: ImageOps.mirror(p), 90),
    "darker or brighter by 15–30 %": (
        lambda p, g: ImageEnhance.Brightness(p).enhance(1 + g.choice([-1, 1]) * g.uniform(0.15, 0.3)),
        90,
    ),
    "recropped: 2–6 % of each side cut off": (lambda p, g: cut(p, g.uniform(0.02, 0.06), g), 90),
    "recropped: 8–12 % cut off": (lambda p, g: cut(p, g.uniform(0.08, 0.12), g), 90),
    "mirrored, recropped by 2–6 %, resized, quality 60": (everything, 60),
}


def planted(content: bytes, kind: str, random: np.random.Generator) -> bytes:
    """A copy of this kind."""
    change, quality = KINDS[kind]
    with Image.open(io.BytesIO(content)) as picture:
        return encoded(change(picture.convert("RGB"), random), quality)
