"""A camera that moves towards what it sees."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.separable import along_axes, zoom_matrix
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Zoom blur",
    idea="The mean of the image and of many enlargements of its middle.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
FACTORS = (
    np.arange(1, 1.11, 0.01),
    np.arange(1, 1.16, 0.01),
    np.arange(1, 1.21, 0.02),
    np.arange(1, 1.26, 0.02),
    np.arange(1, 1.31, 0.03),
)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The mean over all factors, the image itself counted once more. Nothing is drawn from the generator."""
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    sharp = unit(image)
    total = sharp.copy()
    for factor in FACTORS[severity - 1].tolist():
        total += along_axes(sharp, zoom_matrix(height, factor), zoom_matrix(width, factor))
    return to_uint8(total / (len(FACTORS[severity - 1]) + 1))
