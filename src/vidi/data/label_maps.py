"""Files whose pixels are numbers: class maps, instance maps, masks. A palette's place, a grey level or a colour."""

from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL.Image import Image

from vidi.core.annotations import IGNORE, Scheme
from vidi.data.decode import Unreadable, known_format, oriented, read_bytes, reason, refuse_bomb
from vidi.data.pillow import ORIENTATION, open_image

LOSSY = ("JPEG",)


def read_map(root: Path, file: str) -> tuple[Int[np.ndarray, "h w"], str]:
    """The numbers of a file's pixels, upright, and what they are: `index` or `colour`.

    Of colours red x 65536 + green x 256 + blue. Raises Unreadable with a reason; a JPEG is refused, because its
    compression mixes the numbers.
    """
    return map_of(read_bytes(root, file))


def map_of(content: bytes) -> tuple[Int[np.ndarray, "h w"], str]:
    """The same of a file's content."""
    kind = known_format(content)
    if kind in LOSSY:
        raise Unreadable("a JPEG: its compression mixes neighbouring numbers; save masks as PNG")
    try:
        with open_image(content, kind, check=refuse_bomb) as source:
            refuse_bomb(*source.size)
            source.load()
            orientation = source.getexif().get(ORIENTATION, 1)
            numbers, told = _numbers(source)
    except Unreadable:
        raise
    except Exception as error:  # a decoder may fail in any way
        raise Unreadable(reason(error)) from error
    if orientation in range(2, 9):
        numbers = oriented(numbers[:, :, None], orientation)[:, :, 0]
    return numbers, told


def _numbers(source: Image) -> tuple[Int[np.ndarray, "h w"], str]:
    if source.mode in ("1", "L", "P", "I", "I;16", "I;16B", "I;16L"):
        return np.asarray(source).astype(np.int64), "index"
    if source.mode in ("LA", "PA"):
        return np.asarray(source)[:, :, 0].astype(np.int64), "index"
    if source.mode in ("RGB", "RGBA"):
        rgb = np.asarray(source)[:, :, :3].astype(np.int64)
        if (rgb[:, :, 0] == rgb[:, :, 1]).all() and (rgb[:, :, 0] == rgb[:, :, 2]).all():
            return rgb[:, :, 0], "grey"
        return rgb[:, :, 0] << 16 | rgb[:, :, 1] << 8 | rgb[:, :, 2], "colour"
    raise Unreadable(
        f"its pixels are of mode {source.mode}, which holds no numbers of classes; save it as PNG"
    )


def classes_of(numbers: Int[np.ndarray, "h w"], scheme: Scheme) -> UInt8[np.ndarray, "h w"]:
    """Each pixel's label by its number in `scheme.labels`; IGNORE where it counts for nothing or is not in the map."""
    values = np.array([category.number for category in scheme.categories], np.int64)
    if len(values) > IGNORE:
        raise ValueError(f"class maps hold up to {IGNORE} classes; got {len(values)}")
    order = np.argsort(values, kind="stable")
    place = np.searchsorted(values[order], numbers).clip(max=max(len(values) - 1, 0))
    known = (values[order][place] == numbers) & ~np.isin(numbers, scheme.ignore)
    return np.where(known, order[place], IGNORE).astype(np.uint8)


def as_told(numbers: Int[np.ndarray, "h w"], told: str, wanted: str | None) -> Int[np.ndarray, "h w"]:
    """Grey written as RGB, as colours where the other maps of the set are colours."""
    return numbers * 0x10101 if told == "grey" and wanted == "colour" else numbers
