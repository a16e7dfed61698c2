"""Things that bend."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.field import grid, sampled, smooth_noise
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Deformation",
    idea="Move each part of the picture by a smooth random displacement.",
    paper="Simard et al. 2003, ICDAR, section 2",
    differs=(
        "The displacement's root mean square is fixed by the severity, as a share of the side, where the "
        "paper's varies."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "lost"},
)
MOVED = (0.01, 0.02, 0.03, 0.04, 0.055)  # root mean square along each axis, as a share of the shorter side
LENGTH = 0.08  # over which the displacement changes, as a share of the shorter side


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with every part displaced; mirrored at the border."""
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    side = min(height, width)
    y, x = grid(height, width)
    moved = []
    for place in (y, x):
        noise = smooth_noise(height, width, sigma_px=LENGTH * side, generator=generator)
        noise /= np.sqrt((noise**2).mean())
        moved.append(place + MOVED[severity - 1] * side * noise)
    return to_uint8(sampled(unit(image), *moved))
