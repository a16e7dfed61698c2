"""Bytes of an image file to RGB pixels, or a short reason why not."""

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from vidi.data.image_format import FOREIGN, SUFFIX_FORMAT, format_of
from vidi.data.pillow import open_image, upright_rgb

LARGEST_PIXELS = 100_000_000
LARGEST_BYTES = 512 << 20
TURNED = "turned upright as its EXIF orientation says"


class Unreadable(ValueError):  # noqa: N818  (a finding about a file, reported as a row; not a failure of the program)
    """This content gives no image; the message is the reason, a few words."""


@dataclass(frozen=True)
class Decoded:
    """An upright RGB image. `width` and `height` are the original's, also where `image` was decoded smaller.

    `notes` say what was done to the pixels beyond plain decoding, in the same words for every file.
    """

    image: UInt8[np.ndarray, "h w 3"]
    width: int
    height: int
    notes: tuple[str, ...] = ()


def decode(content: bytes, *, at_least_px: int | None = None, name: str | None = None) -> Decoded:
    """The image that `content` holds, its format told by the bytes alone.

    With `at_least_px` a JPEG may come at 1/2, 1/4 or 1/8 of its size, the shorter side still `at_least_px` or
    more; other formats come whole. With `name`, a suffix that belies the content is noted. Raises Unreadable
    for everything else, whatever the decoder stumbled over. Safe to call from many threads.
    """
    try:
        kind = known_format(content)
        notes = misnamed(name, kind)
        if kind == "JPEG":
            found = decode_jpeg(content, at_least_px)
            if isinstance(found, Decoded):
                return with_notes(found, notes)
            notes += found
        return with_notes(decode_other(content, kind), notes)
    except Unreadable:
        raise
    except Exception as error:  # a decoder may fail in any way; the file is then unreadable, and nothing more
        raise Unreadable(reason(error)) from error


def known_format(content: bytes) -> str:
    """The name of the content's format; raises Unreadable if it is none that vidi reads."""
    if not content:
        raise Unreadable("empty: the file has zero bytes")
    kind = format_of(content)
    if kind is None:
        raise Unreadable("not an image: it starts like no format known here")
    if kind in FOREIGN:
        raise Unreadable(f"{kind}: {FOREIGN[kind]}")
    return kind


def misnamed(name: str | None, kind: str) -> tuple[str, ...]:
    suffix = PurePosixPath(name).suffix.lower() if name else ""
    expected = SUFFIX_FORMAT.get(suffix, kind)
    return () if expected == kind else (f"named {suffix}, but holds {kind}",)


def with_notes(decoded: Decoded, notes: tuple[str, ...]) -> Decoded:
    if not notes:
        return decoded
    return Decoded(decoded.image, decoded.width, decoded.height, notes + decoded.notes)


def refuse_bomb(width: int, height: int) -> None:
    """Raises Unreadable if so many pixels are more than LARGEST_PIXELS; called before any is decoded."""
    if width * height > LARGEST_PIXELS:
        raise Unreadable(
            f"too large: {width} x {height} pixels, where at most {LARGEST_PIXELS // 1_000_000} megapixels are read"
        )


def decode_jpeg(content: bytes, at_least_px: int | None) -> Decoded | tuple[str, ...]:
    """The JPEG by the fast decoder; where that refuses, what is to be noted if the patient decoder can do it."""
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:  # odd subsampling, or truncated in its header
        return ()
    refuse_bomb(width, height)
    if colour not in ("YCbCr", "Gray", "RGB"):
        return ()
    least = at_least_px or 0
    try:
        image = simplejpeg.decode_jpeg(content, "RGB", min_height=least, min_width=least)
    except ValueError as error:
        # Stray bytes between segments are common and harmless; Pillow goes on there, and refuses what lacks pixels.
        return (f"damaged JPEG ({str(error).lower()}), still decoded",)
    turn = jpeg_orientation(content)
    if turn == 1:
        return Decoded(image, width, height)
    if turn >= 5:
        width, height = height, width
    return Decoded(oriented(image, turn), width, height, (TURNED,))


def jpeg_orientation(content: bytes) -> int:
    """The EXIF orientation, 1 to 8, of a JPEG; 1 if it says none. Costs nothing where there is no EXIF segment."""
    at = content.find(b"Exif\0\0", 0, 1 << 16)
    if at < 4 or content[at - 4 : at - 2] != b"\xff\xe1":
        return 1
    return tiff_orientation(content[at + 6 : at + (1 << 16)])


def tiff_orientation(block: bytes) -> int:
    """Tag 0x0112 of the first directory of a TIFF block (EXIF 2.32, 4.6.4A); 1 if absent or out of range."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 10:
        return 1
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return 1
    (count,) = struct.unpack_from(order + "H", block, start)
    for at in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind = struct.unpack_from(order + "HH", block, at)
        if tag == 0x0112:
            value: int = struct.unpack_from(order + ("I" if kind == 4 else "H"), block, at + 8)[0]
            return value if 1 <= value <= 8 else 1
    return 1


def oriented(image: UInt8[np.ndarray, "a b c"], orientation: int) -> UInt8[np.ndarray, "h w c"]:
    """The image as it is to be looked at, from an EXIF orientation of 1 to 8 (5 to 8 swap the sides)."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def decode_other(content: bytes, kind: str) -> Decoded:
    """Any format through Pillow: first frame, upright, eight bits, on white."""
    with open_image(content, kind, check=refuse_bomb) as source:
        refuse_bomb(*source.size)
        image, orientation, notes = upright_rgb(source)
    if not image.size:
        raise Unreadable("no pixels: its width or height is zero")
    if orientation != 1:
        image, notes = oriented(image, orientation), (*notes, TURNED)
    height, width = image.shape[:2]
    return Decoded(image, width, height, notes)


def reason(error: Exception) -> str:
    """What a decoder's exception means to the owner of the file."""
    text = " ".join(str(error).split()) or type(error).__name__
    ends = (
        "truncated",
        "premature",
        "unexpected end",
        "not enough",
        "eof",
        "broken data stream",
        "no more images",
        "requires a buffer",  # what the struct module says, in Pillow's wrapping
    )
    if isinstance(error, EOFError | struct.error | IndexError) or any(word in text.lower() for word in ends):
        return "truncated: the file ends before the image does"
    if isinstance(error, MemoryError):
        return "too large: there is not enough memory to decode it"
    return f"damaged: {text[:200]}"


def read_bytes(root: Path, file: str, offset: int | None = None, length: int | None = None) -> bytes:
    """The bytes of `root / file`, or the `length` of them from `offset`; raises Unreadable with a reason.

    More than LARGEST_BYTES are not read, and only from regular files: a pipe would wait for ever.
    """
    path = root / file
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("not a file: a folder, a pipe or a device has this name")
        wanted = status.st_size - (offset or 0) if length is None else length
        if wanted > LARGEST_BYTES:
            raise Unreadable(
                f"too large: {wanted >> 20} MiB, where at most {LARGEST_BYTES >> 20} MiB are read"
            )
        with path.open("rb") as stream:
            if offset:
                stream.seek(offset, os.SEEK_SET)
            content = stream.read(max(wanted, 0))
    except FileNotFoundError:
        raise Unreadable("missing: there is no such file") from None
    except (OSError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    if length is not None and len(content) < length:
        raise Unreadable("truncated: the file ends before the image does")
    return content
