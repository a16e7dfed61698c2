"""Too few pixels."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity

CARD = Card(
    title="Pixelate",
    idea="Shrink the image by averaging boxes, and enlarge it again.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
KEPT = (0.6, 0.5, 0.4, 0.3, 0.25)  # share of each side


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image at a smaller size (rounded down) and back, both with box filters.

    Nothing is drawn from the generator.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    from PIL import Image

    height, width = image.shape[:2]
    small = (int(width * KEPT[severity - 1]), int(height * KEPT[severity - 1]))
    shrunk = Image.fromarray(image).resize(small, Image.Resampling.BOX)
    return np.array(shrunk.resize((width, height), Image.Resampling.BOX))
