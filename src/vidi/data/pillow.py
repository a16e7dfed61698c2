"""Pillow's decoders, called one by one: no global switch is touched, and no other format can slip in."""

import io
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.Image import Image
from PIL.ImageFile import ImageFile

OPENERS: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4A


def open_image(content: bytes, kind: str, *, check: Callable[[int, int], None]) -> ImageFile:
    """The opened, not yet decoded image. `check(width, height)` sees the size before anything is allocated.

    The plugins are called without `Image.open`, which warns (through a process-wide filter) from 89 megapixels.
    """
    size = stated_size(content, kind)
    if size is not None:
        check(*size)
    if kind == "WebP" and len(content) < 8 + int.from_bytes(content[4:8], "little"):
        raise EOFError("the file is shorter than its RIFF header says")
    return OPENERS[kind](io.BytesIO(content))


def stated_size(content: bytes, kind: str) -> tuple[int, int] | None:
    """Width and height where opening alone would allocate them: WebP's canvas (RFC 9649, 2.5 to 2.7), GIF's screen."""
    if kind == "GIF":
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    if kind != "WebP":
        return None
    chunk = content[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(
        content[28:30], "little"
    ) & 0x3FFF


def upright_rgb(source: ImageFile) -> tuple[UInt8[np.ndarray, "h w 3"], int, tuple[str, ...]]:
    """Pixels of the first frame, the EXIF orientation still to be applied (1 to 8), and what was done."""
    notes = []
    if getattr(source, "is_animated", False):
        notes.append("only the first of its frames or pages is used")
    deep = any(";16" in str(tile) for tile in source.tile)
    source.load()
    pixels, note = eight_bit_rgb(source)
    notes += [SIXTEEN] if deep and note != SIXTEEN else []
    notes += [note] if note is not None else []
    orientation = source.getexif().get(ORIENTATION, 1)
    return pixels, orientation if orientation in range(1, 9) else 1, tuple(notes)


SIXTEEN = "16 bits scaled to 8 by the full range"


def eight_bit_rgb(image: Image) -> tuple[UInt8[np.ndarray, "h w 3"], str | None]:
    """Pixels as RGB in 0..255, and what that took beyond repeating grey three times."""
    if image.mode.startswith("I;16"):
        return grey(scaled_integers(np.asarray(image).astype(np.int64))[0]), SIXTEEN
    if image.mode in ("I", "F"):
        scaled = scaled_integers if image.mode == "I" else scaled_floats
        pixels, done = scaled(np.asarray(image).astype(np.int64 if image.mode == "I" else np.float64))
        return grey(pixels), done
    if image.has_transparency_data:
        return on_white(image.convert("RGBA"))
    note = {
        "P": "palette looked up",
        "CMYK": "CMYK converted to RGB without its colour profile",
    }.get(image.mode)
    return np.array(image.convert("RGB")), note


def grey(pixels: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    return np.repeat(pixels[:, :, None], 3, axis=2)


def scaled_integers(values: Int[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h w"], str]:
    """Eight bits from 16, or from 32 if any value needs them: by the type's range, so that two images compare."""
    if values.min() >= 0 and values.max() <= 0xFFFF:
        return ((values + 128) // 257).astype(np.uint8), SIXTEEN
    shifted = values - min(int(values.min()), 0)
    return (shifted >> 24).clip(0, 255).astype(np.uint8), "32 bits scaled to 8 by the full range"


def scaled_floats(values: Float[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h w"], str]:
    """Eight bits from floating point: [0, 1] by 255, else each image from its least to its greatest finite value."""
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("none of its floating-point values is finite")
    low, high = float(values[finite].min()), float(values[finite].max())
    note = "floating point in [0, 1] scaled to 8 bits"
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    else:
        note = "floating point scaled to 8 bits from its own least to its greatest value"
    share = (np.where(finite, values, low) - low) / max(high - low, np.finfo(np.float64).tiny)
    return np.rint(share * 255).astype(np.uint8), note


def on_white(image: Image) -> tuple[UInt8[np.ndarray, "h w 3"], str | None]:
    """An RGBA image laid over white; nothing to say if every pixel is opaque."""
    rgba = np.array(image)
    alpha = rgba[:, :, 3:].astype(np.uint32)
    if alpha.size and alpha.min() == 255:
        return np.ascontiguousarray(rgba[:, :, :3]), None
    laid = (rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return laid.astype(np.uint8), "transparent parts laid over white"
