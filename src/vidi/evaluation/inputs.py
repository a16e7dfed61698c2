"""Whatever a person calls images, as a stream of decoded arrays with names."""

import glob
import itertools
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vidi.core.device import processors
from vidi.core.errors import UsageError
from vidi.core.network import Preprocessing
from vidi.data.decode import Unreadable, decode, oriented, read_bytes, reason
from vidi.data.pillow import ORIENTATION, eight_bit_rgb
from vidi.ops.resize import resize

UNNAMED = re.compile(r"image \d+")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jfif")


@dataclass(frozen=True)
class Opened:
    """One image at the network's size (and as it is, where that was asked for), or the reason why there is none."""

    name: str
    image: UInt8[np.ndarray, "s s 3"] | None
    error: str = ""
    original: UInt8[np.ndarray, "h w 3"] | None = None


def expand(inputs: Any) -> Iterator[tuple[str, Any]]:
    """(name, path or picture) for every image meant by `inputs`, lazily and in order.

    Takes a path, a folder (searched to the bottom, sorted), a glob, a `file:` URL, a PIL image, an array
    (h, w), (h, w, 1|3|4) or (n, h, w, 3), a tensor (3, h, w) or (n, 3, h, w), or an iterable of these.
    What has no name is `image 0`, `image 1`, … by its place among all of them.
    """
    if isinstance(inputs, str | os.PathLike):
        yield from _paths(os.fspath(inputs))
    elif hasattr(inputs, "convert"):  # PIL
        yield str(getattr(inputs, "filename", "") or "image 0"), inputs
    elif isinstance(inputs, Tensor) or (hasattr(inputs, "__array__") and not _holds_names(inputs)):
        yield from _pictures(inputs)
    elif isinstance(inputs, Iterable) and not isinstance(inputs, bytes | bytearray | Mapping):
        place = itertools.count()
        for item in inputs:
            for (name, content), number in zip(expand(item), place):  # noqa: B905 - the count has no end
                unnamed = not isinstance(content, Path) and UNNAMED.fullmatch(name)
                yield (f"image {number}" if unnamed else name), content
    else:
        raise UsageError(
            f"images were wanted (a path, folder, glob, picture or array); got a {type(inputs).__name__}"
        )


def _holds_names(array: Any) -> bool:
    """True of a column of paths (numpy, pandas): its entries are text or objects."""
    return np.asarray(array).dtype.kind in "OUS"


def _paths(text: str) -> Iterator[tuple[str, Any]]:
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    elif "://" in text:
        raise UsageError(
            f"{text} would need the network, and vidi does not use it; download the image and give its path"
        )
    path = Path(text)
    if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises an error for a name that is too long
        yield from _folder(path)
    elif not os.path.exists(path) and glob.has_magic(text):  # noqa: PTH110
        yield from (
            (name, Path(name))
            for name in sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - any pattern
            if Path(name).is_file()
        )
    else:
        yield text, path


def _folder(path: Path) -> Iterator[tuple[str, Any]]:
    for parent, folders, files in os.walk(path, followlinks=False):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield str(Path(parent, name)), Path(parent, name)


def _pictures(content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Tensor):
        content = content.detach().cpu()
        array = (content.float() if content.is_floating_point() else content).numpy()
        array = np.moveaxis(array, -3, -1) if array.ndim >= 3 else array
    else:
        array = np.asarray(content)
    for number, picture in enumerate(array if array.ndim == 4 else array[None]):
        yield f"image {number}", picture


def _of_pillow(picture: Any, name: str) -> UInt8[np.ndarray, "h w 3"]:
    """As a file with this content would be read: first frame, upright, eight bits, on white."""
    try:
        pixels = eight_bit_rgb(picture)[0]
        turn = picture.getexif().get(ORIENTATION, 1)
        return oriented(pixels, turn if turn in range(1, 9) else 1)
    except Exception as error:  # Pillow decodes only now, and may fail in any way
        raise Unreadable(reason(error)) from error


def _as_rgb(picture: NDArray[Any], name: str) -> UInt8[np.ndarray, "h w 3"]:
    """uint8 RGB of an array of any usual layout; floats are taken as 0..1."""
    shape = picture.shape
    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or 0 in shape:
        raise Unreadable(f"an array (height, width, 1, 3 or 4) was wanted; {name} has shape {shape}")
    if picture.dtype != np.uint8:
        floating = np.issubdtype(picture.dtype, np.floating)
        if not floating or not (picture.min() >= 0 and picture.max() <= 1):  # NaN is neither
            came = (
                f"{picture.dtype} {picture.min():.4g} to {picture.max():.4g}" if floating else picture.dtype
            )
            raise Unreadable(f"an array of uint8 in 0..255 or floats in 0..1 was wanted; {name} is {came}")
        picture = np.rint(picture * 255).astype(np.uint8)
    if picture.shape[2] == 4:  # over white, as files are read
        alpha = picture[:, :, 3:].astype(np.uint16)
        picture = ((picture[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def picture(name: str, content: Any, *, at_least_px: int | None) -> UInt8[np.ndarray, "h w 3"]:
    """Upright RGB of one entry of `expand`; raises Unreadable. A large JPEG may come reduced (`data.decode`)."""
    if isinstance(content, Path):
        try:
            data = read_bytes(content.parent, content.name, None, None)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from error
        return decode(data, at_least_px=at_least_px, name=content.name).image
    return _of_pillow(content, name) if hasattr(content, "convert") else _as_rgb(content, name)


def open_one(name: str, content: Any, preprocessing: Preprocessing, original: bool = False) -> Opened:
    """Read, decode, resize; an unreadable one keeps its reason."""
    try:
        image = picture(name, content, at_least_px=None if original else preprocessing.size_px)
        fitted = resize(image, size_px=preprocessing.size_px, fit=preprocessing.fit)
        return Opened(name, fitted, original=image if original else None)
    except Unreadable as error:
        return Opened(name, None, str(error))
    except OSError as error:
        return Opened(name, None, error.strerror or str(error))


def opened(
    inputs: Any, preprocessing: Preprocessing, *, ahead: int = 256, original: bool = False
) -> Iterator[Opened]:
    """Images in order, decoded in threads at most `ahead` of what was asked for: flat memory. With `original` each
    comes as it is too, an eighth as many ahead."""
    ahead = max(1, ahead // 8) if original else ahead
    waiting: deque[Future[Opened]] = deque()
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        for name, content in expand(inputs):
            waiting.append(pool.submit(open_one, name, content, preprocessing, original))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
