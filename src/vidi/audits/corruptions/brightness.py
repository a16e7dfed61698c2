"""More light."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Brightness",
    idea="Add to the value of hue, saturation and value.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
ADDED = (0.1, 0.2, 0.3, 0.4, 0.5)  # as a share of white


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with this added to each pixel's largest channel, at most to white; hue and saturation stay.

    That multiplies a pixel by new value / old; black becomes grey. Nothing is drawn from the generator.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    sharp = unit(image)
    value = sharp.max(axis=2, keepdims=True)
    brighter = np.minimum(value + np.float32(ADDED[severity - 1]), 1)
    factor = np.divide(brighter, value, out=np.ones_like(value), where=value > 0)
    return to_uint8(np.where(value > 0, sharp * factor, brighter))
