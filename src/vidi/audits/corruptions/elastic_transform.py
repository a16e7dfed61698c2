"""A picture on rubber."""

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from vidi.core.card import Card
from vidi.ops.field import grid, sampled
from vidi.ops.separable import gaussian_blurred
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Elastic transform",
    idea="Move the image by a random affine map and each part of it by a smooth random displacement.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1; Simard et al. 2003, ICDAR, section 2",
    differs=(
        "All lengths grow with the image (shorter side / 224). Both movements are made at once, so the "
        "image is interpolated once; it is mirrored at the border."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
# displacement's strength, its correlation length, the largest move of the affine map's three points; pixels at 224
LENGTHS = (
    (488.0, 170.8, 24.4),
    (488.0, 19.52, 48.8),
    (12.2, 2.44, 4.88),
    (17.08, 2.44, 4.88),
    (29.28, 2.44, 4.88),
)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The moved image.

    Severities 1 and 2 move large parts (the second most of all), 3 to 5 wrinkle: the change does not grow from 2 to 3.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    scale, (height, width) = relative_side(image), image.shape[:2]
    strength, length, move = LENGTHS[severity - 1]
    back = affine_back(height, width, largest_px=move * scale, generator=generator)
    noise = generator.uniform(-1, 1, size=(height, width, 2)).astype(np.float32)
    # blurring divides the noise by the length in pixels: one factor of scale makes up for that
    shift = gaussian_blurred(noise, sigma_px=length * scale, border="reflect", truncate=3.0) * (
        strength * scale**2
    )
    y, x = grid(height, width)
    y, x = y + shift[..., 0], x + shift[..., 1]
    old_y, old_x = (a * y + b * x + c for a, b, c in back)
    return to_uint8(sampled(unit(image), old_y, old_x))


def affine_back(
    height: int, width: int, *, largest_px: float, generator: np.random.Generator
) -> Float32[np.ndarray, "2 3"]:
    """Rows (a, b, c) with old = a y + b x + c: the map that brings three moved points back.

    The points are corners of a square about the centre with sides of two thirds of the image's; each coordinate
    moves by an even draw of up to `largest_px`.
    """
    reach = min(height, width) // 3
    centre = np.array([height // 2, width // 2], dtype=np.float64)
    old: Float64[np.ndarray, "3 2"] = centre + reach * np.array([[1, 1], [1, -1], [-1, -1]])
    new = old + generator.uniform(-largest_px, largest_px, size=old.shape)
    return np.linalg.solve(np.column_stack([new, np.ones(3)]), old).T.astype(np.float32)
