"""Ice on the window."""

import numpy as np
from jaxtyping import Float32, UInt8

from vidi.core.card import Card
from vidi.ops.field import plasma
from vidi.ops.kernels import filtered, motion
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Frost",
    idea="Darken the image and add a picture of frost.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    differs=(
        "The frost is drawn by program, where the reference cuts it from photographs: needles in three "
        "directions 60 degrees apart, gathered by fractal clouds, bluish, grey on average. Its lengths "
        "grow with the image (shorter side / 224)."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
IMAGE_FROST = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))  # weights of the two
TINT = np.array([0.9, 0.98, 1.05], dtype=np.float32)
SEEDS = 0.02  # share of pixels where a needle begins, at 224 px
LENGTH = 14  # half a needle, in pixels at 224


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The weighted sum of the image and of a new texture of frost, clipped at white.

    The image darkens with severity while the frost brightens, so the change need not grow.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    kept, added = IMAGE_FROST[severity - 1]
    ice = frost(*image.shape[:2], scale=relative_side(image), generator=generator)
    return to_uint8(kept * unit(image) + added * ice)


def frost(
    height: int, width: int, *, scale: float, generator: np.random.Generator
) -> Float32[np.ndarray, "h w 3"]:
    """A texture of ice crystals in [0, 1] with mean about a half."""
    first_deg = generator.uniform(0, 60)
    needles = np.zeros((height, width), dtype=np.float32)
    for turn_deg in (0, 60, 120):
        seeds = (generator.random((height, width, 1), dtype=np.float32) < SEEDS / scale**0.5).astype(
            np.float32
        )
        kernel = motion(
            radius=LENGTH, sigma=float(LENGTH), angle_deg=float(first_deg + turn_deg), scale=scale
        )
        rays = filtered(seeds, kernel, border="reflect")[..., 0]
        needles = np.maximum(needles, rays / max(float(rays.max()), 1e-6))
    cloud = plasma(height, width, decay=1.5, generator=generator)
    ridge = 1 - np.abs(2 * plasma(height, width, decay=1.35, generator=generator) - 1)
    ice = 0.2 + 0.3 * cloud + (0.3 + 0.8 * needles) * ridge * (0.4 + 0.6 * cloud)
    return np.asarray(np.clip(ice[..., None] * TINT, 0, 1), dtype=np.float32)
