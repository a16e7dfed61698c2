"""Maps as colours over a photo: perceptually even colours, the photo in grey below, and a legend for both kinds."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
BRIGHTEST = 99.5  # the percentile that gets the last colour: single pixels don't make all others dark
STRONGEST = 0.82  # how much of the photo the last colour covers
DIMMED = 0.72  # the grey photo's contrast, so that colours stand out


@dataclass(frozen=True)
class Legend:
    """What the two ends of the colours mean; the bar itself as pixels, one row."""

    low: str
    high: str
    bar: UInt8[np.ndarray, "1 256 3"]


def overlay(
    photo: UInt8[np.ndarray, "h w 3"], values: Float[np.ndarray, "h w"], *, signed: bool
) -> UInt8[np.ndarray, "h w 3"]:
    """The photo in grey with the map on it; where the map is NaN the photo is dark.

    Unsigned: the lowest (0, if some are below) is the photo itself, the highest yellow: of attention every place has
    some. Signed: red speaks for, blue against, 0 the photo itself.
    Each map has its own scale: its highest values (`BRIGHTEST` percent of pixels are below) get the last colour.
    """
    grey = (photo @ np.asarray(LUMA))[:, :, None]
    grey = 127.5 + DIMMED * (grey - 127.5)
    level = scaled(values, signed=signed)
    there = np.isfinite(level)
    level = np.where(there, level, 0.5 if signed else 0.0)
    strength = np.abs(2 * level - 1) if signed else level
    alpha = _cover(strength, signed=signed)
    mixed = (1 - alpha) * grey + alpha * colours(level, signed=signed)
    shown: UInt8[np.ndarray, "h w 3"] = (
        np.where(there[:, :, None], mixed, 0.45 * grey).round().clip(0, 255).astype(np.uint8)
    )
    return shown


def scaled(values: Float[np.ndarray, "h w"], *, signed: bool) -> Float[np.ndarray, "h w"]:
    """The map in [0, 1]; a signed map's 0 is at 0.5. An unsigned map that is the same everywhere is 0."""
    strength = np.abs(values) if signed else np.clip(values, 0, None)
    known = strength[np.isfinite(strength)]
    if not signed and known.size:
        strength = values = strength - known.min()
        known = known - known.min()
    top = float(np.percentile(known, BRIGHTEST)) if known.size else 0.0
    top = top or float(known.max(initial=0.0)) or 1.0
    if signed:
        return np.clip(0.5 + values / (2 * top), 0, 1)
    return np.clip(values / top, 0, 1)


def colours(level: Float[np.ndarray, "h w"], *, signed: bool) -> Float[np.ndarray, "h w 3"]:
    """0..255; `inferno` without its darkest part, or blue and red without their palest: a weak value is not white,
    or the photo would show as dark lines where a map changes sign."""
    table = _table("RdBu_r" if signed else "inferno")
    place = 0.5 + 0.28 * np.sign(level - 0.5) + 0.44 * (level - 0.5) if signed else 0.18 + 0.8 * level
    return np.asarray(table[np.round(place * (len(table) - 1)).astype(int)])


def _cover(strength: Float[np.ndarray, "h w"], *, signed: bool) -> Float[np.ndarray, "h w 1"]:
    """How much of the photo the colour covers."""
    return np.asarray(STRONGEST * strength ** (1.0 if signed else 0.7))[:, :, None]


@functools.cache
def _table(name: str) -> Float[np.ndarray, "256 3"]:
    import matplotlib

    return np.asarray(255 * matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3])


def legend(*, signed: bool, words: tuple[str, str] | None = None) -> Legend:
    """The words for people, the colours as they lie over middle grey."""
    level = np.linspace(0, 1, 256)[None]
    grey = np.full((1, 256, 3), 127, np.uint8)
    alpha = _cover(np.abs(2 * level - 1) if signed else level, signed=signed)
    bar = (1 - alpha) * grey + alpha * colours(level, signed=signed)
    low, high = words or (("speaks against", "speaks for it") if signed else ("least", "most in this image"))
    return Legend(low, high, bar.round().astype(np.uint8))


def outlined(
    picture: UInt8[np.ndarray, "h w 3"], inside: Bool[np.ndarray, "h w"] | None
) -> UInt8[np.ndarray, "h w 3"]:
    """The picture with a white line within the edge of these pixels and a dark one around it; itself if None."""
    if inside is None:
        return picture
    from scipy import ndimage

    drawn = picture.copy()
    drawn[ndimage.binary_dilation(inside, iterations=1) & ~inside] = 16
    drawn[inside & ~ndimage.binary_erosion(inside, iterations=2, border_value=0)] = 255
    return drawn


def jpeg(image: UInt8[np.ndarray, "h w 3"], *, quality: int = 85) -> bytes:
    """The picture as a JPEG file."""
    from simplejpeg import encode_jpeg

    return bytes(encode_jpeg(np.ascontiguousarray(image), quality=quality, colorspace="RGB"))
