"""64 bits that stay nearly the same when a picture is compressed, resized or made brighter."""

import functools

import numpy as np
from jaxtyping import Float32, UInt8, UInt64

from vidi.ops.resize import resize

THUMBNAIL_PX = 32
LOW = 8  # frequencies kept in each direction
BLOCK = 1024


def thumbnail(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "32 32"]:
    """The image squashed to 32 x 32 and made grey."""
    return luma(resize(image, size_px=THUMBNAIL_PX))


def luma(image: UInt8[np.ndarray, "... 3"]) -> UInt8[np.ndarray, "..."]:
    """How bright each pixel is (ITU-R BT.601), in integer arithmetic so that it is the same on every machine."""
    wide = image.astype(np.uint32)
    weighted = 19595 * wide[..., 0] + 38470 * wide[..., 1] + 7471 * wide[..., 2]
    return np.asarray((weighted + 32768) >> 16, dtype=np.uint8)


@functools.cache
def cosines() -> Float32[np.ndarray, "8 32"]:
    """The first eight rows of the orthonormal DCT-II of length 32."""
    frequency, place = np.arange(LOW)[:, None], np.arange(THUMBNAIL_PX)[None, :]
    rows = np.cos(np.pi * (2 * place + 1) * frequency / (2 * THUMBNAIL_PX)) * np.sqrt(2 / THUMBNAIL_PX)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows, dtype=np.float32)


def low_frequencies(thumbnails: UInt8[np.ndarray, "n 32 32"]) -> Float32[np.ndarray, "n 8 8"]:
    """The 8 x 8 lowest coefficients of each picture's two-dimensional DCT-II (orthonormal)."""
    # One small product for each picture: a large one would wake threads that then spin in the decoders' way.
    half = np.matmul(thumbnails.astype(np.float32), cosines().T)
    return np.asarray(np.matmul(cosines(), half))


def perceptual_hash(thumbnails: UInt8[np.ndarray, "n 32 32"]) -> UInt64[np.ndarray, " n"]:
    """One bit for each low frequency: 1 where its coefficient is above the median of the 64.

    Coefficients are rounded to a hundredth first, so that a flat picture's rounding noise sets no bits.
    Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", section 3.2.1, with the
    lowest frequencies kept: they hold most of a small picture's energy.
    """
    hashes = np.zeros(len(thumbnails), dtype=np.uint64)
    for start in range(0, len(thumbnails), BLOCK):
        coefficients = low_frequencies(thumbnails[start : start + BLOCK]).reshape(-1, LOW * LOW).round(2)
        bits = coefficients > np.median(coefficients, axis=1, keepdims=True)
        hashes[start : start + BLOCK] = np.packbits(bits, axis=1).view(">u8")[:, 0]
    return hashes
