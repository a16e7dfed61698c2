"""Everything softer."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.separable import gaussian_blurred
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Gaussian blur",
    idea="Spread every point as a normal distribution.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, appendix B",
    differs=(
        "The deviation grows with the image: it is multiplied by its shorter side / 224, so that below 50 "
        "px the mildest severities leave an image as it is."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
SIGMA = (1, 2, 3, 4, 6)  # pixels at 224


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The blurred image; beyond the border its edge goes on. Nothing is drawn from the generator."""
    check_severity(image, severity)
    if severity == 0:
        return image
    sigma_px = SIGMA[severity - 1] * relative_side(image)
    return to_uint8(gaussian_blurred(unit(image), sigma_px=sigma_px))
