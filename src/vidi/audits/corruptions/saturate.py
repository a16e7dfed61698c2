"""Colours too pale, then too strong."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Saturate",
    idea="Change the saturation of hue, saturation and value.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, appendix B",
    on={"severity": 3},
    off={"severity": 0},
)
FACTOR_ADDED = ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))
RED = np.array([0, 1, 1], dtype=np.float32)  # how far below the value each channel is


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with each pixel's saturation times a factor plus a constant, in [0, 1]; hue and value stay.

    The first two severities are paler, the others stronger, so the change does not grow from 2 to 3. A grey pixel
    counts as red (hue 0) where a constant is added, as in the reference. Nothing is drawn from the generator.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    factor, added = FACTOR_ADDED[severity - 1]
    sharp = unit(image)
    value = sharp.max(axis=2, keepdims=True)
    below = value - sharp
    range_ = below.max(axis=2, keepdims=True)
    saturation = np.divide(range_, value, out=np.zeros_like(value), where=value > 0)
    wanted = np.clip(saturation * factor + added, 0, 1)
    grey = range_ == 0
    direction = np.where(
        grey, RED, below / np.where(grey, 1, range_)
    )  # 1 in the darkest channel, 0 in the largest
    return to_uint8(value * (1 - wanted * direction))
