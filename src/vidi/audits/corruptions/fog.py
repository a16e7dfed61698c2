"""Fog of uneven thickness."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.field import plasma
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Fog",
    idea="Add a fractal cloud to the image, and darken it so that it is not brighter than before.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
THICKNESS_DECAY = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """(image + thickness * cloud) * brightest / (brightest + thickness); a black image stays black."""
    check_severity(image, severity)
    if severity == 0:
        return image
    thickness, decay = THICKNESS_DECAY[severity - 1]
    sharp = unit(image)
    brightest = float(sharp.max())
    cloud = plasma(*image.shape[:2], decay=decay, generator=generator)
    return to_uint8((sharp + thickness * cloud[..., None]) * (brightest / (brightest + thickness)))
