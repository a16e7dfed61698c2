"""The same things from farther away."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.placing import Placing
from vidi.ops.separable import gaussian_blurred
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Scale",
    idea="Shrink the picture, so that what it shows has fewer pixels.",
    paper="Barbu et al. 2019, ObjectNet, NeurIPS (distance as a control); Ibrahim et al. 2022, arXiv:2211.01866",
    differs=(
        "Nothing is known of what surrounded the picture: around it lies a strongly blurred copy of it at "
        "full size."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "placed"},
)
SHOWN = (0.8, 0.65, 0.5, 0.37, 0.25)  # of each side
BLUR = 0.08  # of the shorter side


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image shrunk (averaging) into the middle of its own blur.

    The change of the pixels need not grow: blur differs less from them than a copy out of place. Nothing is drawn
    from the generator.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    from PIL import Image

    height, width = image.shape[:2]
    tall, wide, top, left = window(height, width, severity)
    small = Image.fromarray(image).resize((wide, tall), Image.Resampling.BILINEAR)
    around = to_uint8(gaussian_blurred(unit(image), sigma_px=BLUR * min(height, width)))
    around[top : top + tall, left : left + wide] = np.asarray(small)
    return around


def window(height: int, width: int, severity: int) -> tuple[int, int, int, int]:
    """Height and width of the shrunk picture, and the row and column where it begins."""
    tall, wide = (round(side * SHOWN[severity - 1]) for side in (height, width))
    return tall, wide, (height - tall) // 2, (width - wide) // 2


def placed(height: int, width: int, *, severity: int) -> Placing:
    """Where a point of the picture lies in the one that `corrupt` makes of it."""
    if severity == 0:
        return Placing(1.0, 1.0, 0.0, 0.0)
    tall, wide, top, left = window(height, width, severity)
    return Placing(wide / width, tall / height, float(left), float(top))
