"""Whatever a person calls images, as a stream of decoded arrays with names."""

import glob
import os
from collections import deque
from collections.abc import Iterable, Iterator
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
from vidi.data.decode import Unreadable, decode, read_bytes
from vidi.ops.resize import resize

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jfif")


@dataclass(frozen=True)
class Opened:
    """One image at the network's size, or the reason why there is none."""

    name: str
    image: UInt8[np.ndarray, "s s 3"] | None
    error: str = ""


def expand(inputs: Any) -> Iterator[tuple[str, Any]]:
    """(name, path or picture) for every image meant by `inputs`, lazily and in order.

    Takes a path, a folder (searched to the bottom, sorted), a glob, a `file:` URL, a PIL image, an array
    (h, w), (h, w, 1|3|4) or (n, h, w, 3), a tensor (3, h, w) or (n, 3, h, w), or an iterable of these.
    """
    if isinstance(inputs, str | os.PathLike):
        yield from _paths(os.fspath(inputs))
    elif isinstance(inputs, Tensor) or hasattr(inputs, "__array__") or hasattr(inputs, "convert"):
        yield from _pictures(inputs)
    elif isinstance(inputs, Iterable):
        for number, item in enumerate(inputs):
            for name, content in expand(item):
                yield (f"image {number}" if name.startswith("image ") else name), content
    else:
        raise UsageError(
            f"images were wanted (a path, folder, glob, picture or array); got a {type(inputs).__name__}"
        )


def _paths(text: str) -> Iterator[tuple[str, Any]]:
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    elif "://" in text:
        raise UsageError(
            f"{text} would need the network, and vidi does not use it; download the image and give its path"
        )
    path = Path(text)
    if path.is_dir():
        yield from _folder(path)
    elif not path.exists() and glob.has_magic(text):
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
    if hasattr(content, "convert"):  # PIL
        yield str(getattr(content, "filename", "") or "image 0"), np.asarray(content.convert("RGB"))
        return
    array = content.detach().cpu().numpy() if isinstance(content, Tensor) else np.asarray(content)
    if isinstance(content, Tensor) and array.ndim >= 3:
        array = np.moveaxis(array, -3, -1)
    for number, picture in enumerate(array if array.ndim == 4 else array[None]):
        yield f"image {number}", picture


def _as_rgb(picture: NDArray[Any], name: str) -> UInt8[np.ndarray, "h w 3"]:
    """uint8 RGB of an array of any usual layout; floats are taken as 0..1."""
    if picture.dtype != np.uint8:
        if not np.issubdtype(picture.dtype, np.floating) or not (
            np.nanmin(picture) >= 0 and np.nanmax(picture) <= 1
        ):
            raise Unreadable(
                f"an array of uint8 in 0..255 or floats in 0..1 was wanted; {name} is {picture.dtype}"
            )
        picture = np.rint(picture * 255).astype(np.uint8)
    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or 0 in picture.shape:
        raise Unreadable(f"an array (height, width, 1, 3 or 4) was wanted; {name} has shape {picture.shape}")
    if picture.shape[2] == 4:  # over white, as files are read
        alpha = picture[:, :, 3:].astype(np.uint16)
        picture = ((picture[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def open_one(name: str, content: Any, preprocessing: Preprocessing) -> Opened:
    """Read, decode, resize; an unreadable one keeps its reason."""
    try:
        if isinstance(content, Path):
            data = read_bytes(content.parent, content.name, None, None)
            image = decode(data, at_least_px=preprocessing.size_px, name=content.name).image
        else:
            image = _as_rgb(content, name)
        return Opened(name, resize(image, size_px=preprocessing.size_px, fit=preprocessing.fit))
    except Unreadable as error:
        return Opened(name, None, str(error))
    except OSError as error:
        return Opened(name, None, error.strerror or str(error))


def opened(inputs: Any, preprocessing: Preprocessing, *, ahead: int = 256) -> Iterator[Opened]:
    """Images in order, decoded in threads at most `ahead` of what was asked for: flat memory."""
    waiting: deque[Future[Opened]] = deque()
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        for name, content in expand(inputs):
            waiting.append(pool.submit(open_one, name, content, preprocessing))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
