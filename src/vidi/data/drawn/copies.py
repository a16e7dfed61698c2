"""Faults that add copies: the same bytes again, the same picture in other bytes, and copies across splits."""

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import UInt8

from vidi.data.drawn.examples import Drawn
from vidi.data.drawn.planting import Planted, chosen, clean, eligible, generator, with_copies
from vidi.data.drawn.scene import one_of

Picture = UInt8[np.ndarray, "s s 3"]
JPEG_QUALITY = 60
CROPPED = (0.03, 0.08)  # of the side, altogether
RESIZED = (0.5, 0.8)  # to this share of the side, and back
DARKER, BRIGHTER = (0.75, 0.9), (1.1, 1.25)


def _exact(image: Picture, random: np.random.Generator) -> Picture:
    return image


def _jpeg(image: Picture, random: np.random.Generator) -> Picture:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=JPEG_QUALITY)
    return np.array(Image.open(content))


def _crop(image: Picture, random: np.random.Generator) -> Picture:
    """A part is cut off at all sides, more at some, and the rest stretched to the old size."""
    from PIL import Image

    side = len(image)
    cut = random.uniform(*CROPPED) * side
    left, top = random.uniform(0, cut, 2).tolist()
    box = (left, top, left + side - cut, top + side - cut)
    return np.array(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC, box=box))


def _flip(image: Picture, random: np.random.Generator) -> Picture:
    return np.ascontiguousarray(image[:, ::-1])


def _resize(image: Picture, random: np.random.Generator) -> Picture:
    from PIL import Image

    side = len(image)
    small = max(1, round(side * random.uniform(*RESIZED)))
    shrunk = Image.fromarray(image).resize((small, small), Image.Resampling.BILINEAR)
    return np.array(shrunk.resize((side, side), Image.Resampling.BICUBIC))


def _brightness(image: Picture, random: np.random.Generator) -> Picture:
    factor = random.uniform(*(DARKER if random.random() < 0.5 else BRIGHTER))
    return np.asarray((image * factor + 0.5).clip(0, 255), dtype=np.uint8)


CHANGES: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "exact": _exact,
    "jpeg": _jpeg,
    "crop": _crop,
    "flip": _flip,
    "resize": _resize,
    "brightness": _brightness,
}
NEAR = tuple(name for name in CHANGES if name != "exact")


def duplicates(drawn: Drawn, *, rate: float, seed: int = 0) -> Planted:
    """As many copies, to the byte, as `rate` of the rows, each in its original's split; no row has two."""
    return _copied("duplicates", drawn, rate=rate, seed=seed, changes=("exact",))


def near_duplicates(drawn: Drawn, *, rate: float, seed: int = 0, changes: Sequence[str] = NEAR) -> Planted:
    """As many changed copies as `rate` of the rows, each in its original's split; `changes` take turns.

    A change may leave some picture as it is (a mirrored disc on plain ground, without grain).
    """
    return _copied("near-duplicates", drawn, rate=rate, seed=seed, changes=changes)


def leaks(
    drawn: Drawn,
    *,
    rate: float,
    seed: int = 0,
    changes: Sequence[str] = ("exact",),
    origin: str = "test",
    into: str = "train",
) -> Planted:
    """Copies of `rate` of the rows in split `origin` added to split `into`; `changes` take turns."""
    if origin == into:
        raise ValueError(f"a leak goes from one split into another; got {origin!r} twice")
    return _copied("leaks", drawn, rate=rate, seed=seed, changes=changes, origin=origin, into=into)


def _copied(
    fault: str,
    drawn: Drawn,
    *,
    rate: float,
    seed: int,
    changes: Sequence[str],
    origin: str | None = None,
    into: str | None = None,
) -> Planted:
    if not changes:
        raise ValueError(f"changes are some of {', '.join(CHANGES)}; got none")
    for name in changes:
        one_of("a change", name, CHANGES)
    if into is not None:
        eligible(drawn.dataset, splits=(into,))
    random = generator(fault, seed)
    candidates = eligible(drawn.dataset) if origin is None else eligible(drawn.dataset, splits=(origin,))
    source = chosen(candidates, rate, random)
    if not len(source):
        return clean(fault, drawn)
    what = [changes[turn % len(changes)] for turn in range(len(source))]
    pixels = [CHANGES[name](drawn.images[row], random) for name, row in zip(what, source, strict=True)]
    return with_copies(fault, drawn, source, np.stack(pixels), what, split=into)
