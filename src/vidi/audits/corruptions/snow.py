"""Snow that falls between the camera and what it sees."""

import numpy as np
from jaxtyping import Float32, UInt8

from vidi.core.card import Card
from vidi.ops.kernels import filtered, motion
from vidi.ops.separable import along_axes, luma, zoom_matrix
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Snow",
    idea="Whiten the image and lay blurred streaks of thresholded noise over it.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    differs=(
        "Sizes of flakes and lengths of streaks grow with the image (shorter side / 224), flakes to 1 px "
        "at least; streaks lie between pixels, where ImageMagick moves them to whole ones."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
# mean and deviation of the noise, its enlargement, threshold, streak's radius and sigma (pixels at 224), image's share
LEVELS = (
    (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image whitened, plus falling flakes, plus the same flakes turned upside down.

    The table's third severity has larger flakes than the second, but not more snow: the change does not grow there.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    sharp, share = unit(image), LEVELS[severity - 1][-1]
    flakes = snowfall(image, severity=severity, generator=generator)
    white = np.maximum(sharp, 1.5 * luma(sharp)[..., None] + 0.5)
    return to_uint8(share * sharp + (1 - share) * white + flakes + flakes[::-1, ::-1])


def snowfall(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> Float32[np.ndarray, "h w 1"]:
    """Streaks of flakes in [0, 1], falling at an angle within 45 degrees of straight down."""
    mean, deviation, zoom, threshold, radius, sigma, _ = LEVELS[severity - 1]
    scale, (height, width) = relative_side(image), image.shape[:2]
    noise = mean + deviation * generator.standard_normal((height, width, 1), dtype=np.float32)
    factor = max(1.0, zoom * scale)
    noise = along_axes(noise.astype(np.float32), zoom_matrix(height, factor), zoom_matrix(width, factor))
    flakes = np.where(noise < threshold, 0, np.clip(noise, 0, 1)).astype(np.float32)
    angle_deg = generator.uniform(-135, -45)
    kernel = motion(radius=int(radius), sigma=float(sigma), angle_deg=angle_deg, scale=scale)
    return np.asarray(np.clip(filtered(flakes, kernel, border="edge"), 0, 1))
