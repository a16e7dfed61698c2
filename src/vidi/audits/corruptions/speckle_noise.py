"""Noise in proportion to the light, as in radar and ultrasound."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Speckle noise",
    idea="Multiply every value by 1 plus normal noise.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, appendix B",
    on={"severity": 3},
    off={"severity": 0},
)
DEVIATION = (0.15, 0.2, 0.35, 0.45, 0.6)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Each value times 1 + independent normal noise, clipped to 0..255; black stays black."""
    check_severity(image, severity)
    if severity == 0:
        return image
    noise = generator.standard_normal(image.shape, dtype=np.float32)
    return to_uint8(unit(image) * (1 + np.float32(DEVIATION[severity - 1]) * noise))
