"""What every corruption starts and ends with: a severity, a scale, and pixels as shares of white."""

import zlib

import numpy as np
from jaxtyping import Float, Float32, UInt8

STRONGEST = 5
SMALLEST_SIDE_PX = 16
REFERENCE_SIDE_PX = 224  # the size of image for which ImageNet-C's lengths in pixels were chosen


def check_severity(image: UInt8[np.ndarray, "h w 3"], severity: int) -> None:
    """Raises ValueError unless the severity is 0 (off) to 5 and both sides have 16 px or more."""
    if not 0 <= severity <= STRONGEST:
        raise ValueError(f"severity is a whole number from 0 (off) to {STRONGEST}; got {severity}")
    if min(image.shape[:2]) < SMALLEST_SIDE_PX:
        raise ValueError(
            f"an image to corrupt has sides of {SMALLEST_SIDE_PX} px or more; got {image.shape[0]} x "
            f"{image.shape[1]}; enlarge it first"
        )


def relative_side(image: UInt8[np.ndarray, "h w 3"]) -> float:
    """The shorter side as a multiple of 224 px: what a length in pixels of the reference is multiplied by."""
    return float(min(image.shape[:2])) / REFERENCE_SIDE_PX


def unit(image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """The image in [0, 1], where 1 is white; a copy."""
    return image.astype(np.float32) / np.float32(255)


def to_uint8(image: Float[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """An image in [0, 1] as bytes, rounded to nearest; what lies outside is clipped."""
    return np.asarray(np.rint(np.clip(image, 0, 1) * 255), dtype=np.uint8)


def drawing(seed: int, name: str, digest: int) -> np.random.Generator:
    """What the corruption `name` of an image with this digest draws from: the same for all severities."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), digest])
