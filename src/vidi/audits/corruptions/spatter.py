"""Drops of water or mud on the lens."""

import numpy as np
from jaxtyping import Float32, UInt8

from vidi.core.card import Card
from vidi.ops.field import smooth_noise
from vidi.ops.kernels import filtered
from vidi.ops.separable import gaussian_blurred
from vidi.ops.severity import check_severity, relative_side, to_uint8, unit

CARD = Card(
    title="Spatter",
    idea="Threshold smooth noise into drops: bright ones with an embossed rim, or brown opaque ones.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, appendix B",
    differs=(
        "Sizes grow with the image (shorter side / 224). The drops' outline is where the noise passes the "
        "threshold, instead of Canny's edges; distances are exact and levels are ranks, instead of "
        "OpenCV's chamfer distance and 256-bin equalisation."
    ),
    on={"severity": 3},
    off={"severity": 0},
)
# mean and deviation of the noise, its blur (pixels at 224), threshold, strength of water or blur of mud (pixels at 224)
WATER = ((0.65, 0.3, 4, 0.69, 0.6), (0.65, 0.3, 3, 0.68, 0.6), (0.65, 0.3, 2, 0.68, 0.5))
MUD = ((0.65, 0.3, 1, 0.65, 1.5), (0.67, 0.4, 1, 0.65, 1.5))
TURQUOISE = np.array([175, 238, 238], dtype=np.float32) / 255
BROWN = np.array([63, 42, 20], dtype=np.float32) / 255
FARTHEST_PX = 20  # at 224; beyond it the distance from the outline counts no more
EMBOSS = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], dtype=np.float32)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with water on it (severities 1 to 3) or with mud (4 and 5)."""
    check_severity(image, severity)
    if severity == 0:
        return image
    mean, deviation, blur, threshold, last = (*WATER, *MUD)[severity - 1]
    scale, (height, width) = relative_side(image), image.shape[:2]
    noise = smooth_noise(height, width, sigma_px=blur * scale, generator=generator)
    liquid = mean + deviation / (2 * np.sqrt(np.pi) * blur) * noise  # the deviation that is left at 224 px
    liquid = np.where(liquid < threshold, 0, liquid).astype(np.float32)
    if severity <= len(WATER):
        return to_uint8(unit(image) + last * relief(liquid, scale)[..., None] * TURQUOISE)
    mud = gaussian_blurred((liquid > 0).astype(np.float32)[..., None], sigma_px=last * scale)
    mud = np.where(mud < 0.8, 0, mud)
    return to_uint8(unit(image) * (1 - mud) + mud * BROWN)


def relief(liquid: Float32[np.ndarray, "h w"], scale: float) -> Float32[np.ndarray, "h w"]:
    """How brightly water shines, 0 to 1: its height times an embossed distance from the drops' outline; 0 if dry."""
    from scipy.ndimage import binary_erosion, distance_transform_edt, uniform_filter
    from scipy.stats import rankdata

    wet = liquid > 0
    if wet.all() or not wet.any():
        return np.zeros_like(liquid)
    outline = wet & ~binary_erosion(wet, border_value=1)
    distance = distance_transform_edt(~outline) / scale
    distance = np.floor(uniform_filter(np.minimum(distance, FARTHEST_PX), 3, mode="mirror"))
    level = rankdata(distance, method="max").reshape(distance.shape) / distance.size
    lowest = level.min()
    level = (level - lowest) / max(1 - lowest, 1e-12)
    embossed = np.clip(filtered(level.astype(np.float32)[..., None], EMBOSS)[..., 0], 0, 1)
    shine = liquid * uniform_filter(embossed, 3, mode="mirror")
    return np.asarray(shine / max(float(shine.max()), 1e-12), dtype=np.float32)
