"""A lens out of focus."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.kernels import disk, filtered
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Defocus blur",
    idea="Spread every point over a disk.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    differs=(
        "The radius grows with the image: it is multiplied by its shorter side / 224. The disk's edge is "
        "softened by sharing each of its points among four pixels, in place of a small Gaussian blur of "
        "the disk."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
RADIUS = (3, 4, 6, 8, 10)  # pixels at 224


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image spread over a disk; mirrored at the border. Nothing is drawn from the generator."""
    check_severity(image, severity)
    if severity == 0:
        return image
    radius_px = RADIUS[severity - 1] * relative_side(image)
    return to_uint8(filtered(unit(image), disk(radius_px=radius_px)))
