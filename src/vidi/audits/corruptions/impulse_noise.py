"""Salt and pepper: values that are lost."""

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity

CARD = Card(
    title="Impulse noise",
    idea="Replace a share of the values by black or white.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
SHARE = (0.03, 0.06, 0.09, 0.17, 0.27)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image where each channel of each pixel, with this share as probability, is 0 or 255, each half the time."""
    check_severity(image, severity)
    if severity == 0:
        return image
    drawn = generator.random(image.shape, dtype=np.float32)
    share = SHARE[severity - 1]
    noisy = np.where(drawn < share, np.uint8(255), image)
    return np.where(drawn < share / 2, np.uint8(0), noisy)
