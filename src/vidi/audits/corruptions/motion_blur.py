"""A camera that moves while the shutter is open."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.kernels import filtered, motion
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Motion blur",
    idea="Spread every point along a line at a random angle, fading to one side.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    differs=(
        "Lengths grow with the image (shorter side / 224); points of the line lie between pixels, where "
        "ImageMagick moves them to whole ones."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
RADIUS_SIGMA = ((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0))  # pixels at 224


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image smeared along an angle drawn from -45 to 45 degrees; beyond the border its edge goes on."""
    check_severity(image, severity)
    if severity == 0:
        return image
    radius, sigma = RADIUS_SIGMA[severity - 1]
    angle_deg = generator.uniform(-45, 45)
    kernel = motion(radius=radius, sigma=sigma, angle_deg=angle_deg, scale=relative_side(image))
    return to_uint8(filtered(unit(image), kernel, border="edge"))
