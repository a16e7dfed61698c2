"""A sensor in the dark: noise that is the same for dark and bright pixels."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Gaussian noise",
    idea="Add normal noise of one standard deviation to every value.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
DEVIATION = (0.08, 0.12, 0.18, 0.26, 0.38)  # as a share of white


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image plus independent normal noise for each pixel and channel, clipped to 0..255."""
    check_severity(image, severity)
    if severity == 0:
        return image
    noise = generator.standard_normal(image.shape, dtype=np.float32)
    return to_uint8(unit(image) + np.float32(DEVIATION[severity - 1]) * noise)
