"""Less contrast."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Contrast",
    idea="Draw every value towards the mean of its channel.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
KEPT = (0.4, 0.3, 0.2, 0.1, 0.05)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """mean + kept * (image - mean), with each channel's own mean. Nothing is drawn from the generator."""
    check_severity(image, severity)
    if severity == 0:
        return image
    sharp = unit(image)
    mean = sharp.mean(axis=(0, 1), keepdims=True, dtype=np.float64).astype(np.float32)
    return to_uint8(mean + np.float32(KEPT[severity - 1]) * (sharp - mean))
