"""Too few photons: noise that grows with the light."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Shot noise",
    idea="Count photons: a Poisson number whose mean is the brightness times the photons that make white.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
PHOTONS = (60, 25, 12, 5, 3)  # in white


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Each value as a Poisson count with mean value * photons, over photons: variance value / photons.

    Values are shares of white; what is brighter than white is clipped.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    photons = PHOTONS[severity - 1]
    return to_uint8(generator.poisson(unit(image) * photons) / photons)
