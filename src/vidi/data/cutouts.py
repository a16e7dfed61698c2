"""Cut-outs from files: pictures of one thing each, with an alpha channel that says where it is."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vidi.core.errors import UsageError

MOST = 3  # things: each is pasted in at many places and sizes
SUFFIXES = (".png", ".webp", ".tif", ".tiff")


def read_cutouts(path: Path, *, most: int = MOST) -> tuple[Mapping[str, UInt8[np.ndarray, "h w 4"]], int]:
    """The cut-outs of a file, or of a folder, by name, and how many there were.

    Of more than `most` files so many are taken, evenly spread over their names in alphabetical order. Raises UsageError
    where there is none, or for one without an alpha channel.
    """
    if not path.exists():
        raise UsageError(
            "--elephant wants a picture with an alpha channel, a folder of such, or the word drawn; "
            f"{path} does not exist"
        )
    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
    if not files:
        raise UsageError(f"{path} holds no picture with an alpha channel ({', '.join(SUFFIXES)})")
    places = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
    return {files[place].stem: read_cutout(files[place]) for place in places.tolist()}, len(files)


def read_cutout(path: Path) -> UInt8[np.ndarray, "h w 4"]:
    """One picture, cropped to what its alpha channel does not hide; raises UsageError without one."""
    from vidi.data.decode import Unreadable, known_format, refuse_bomb
    from vidi.data.pillow import open_image

    content = path.read_bytes()
    try:
        with open_image(content, known_format(content), check=refuse_bomb) as image:
            if "A" not in image.getbands() and "transparency" not in image.info:
                raise UsageError(f"{path} has no alpha channel, so nothing says where the thing in it is")
            pixels = np.asarray(image.convert("RGBA"))
    except (Unreadable, OSError, SyntaxError) as error:
        raise UsageError(f"{path} can't be read as a picture: {error}") from None
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise UsageError(f"{path} is transparent everywhere")
    return np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
