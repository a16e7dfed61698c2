"""Too strongly compressed."""

import io

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.severity import check_severity

CARD = Card(
    title="JPEG compression",
    idea="Store the image as a JPEG of low quality.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261, section 4.1",
    on={"severity": 3},
    off={"severity": 0},
)
QUALITY = (25, 18, 15, 10, 7)


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image as a JPEG of this quality shows it (libjpeg's scale, colour at half the size).

    Nothing is drawn from the generator.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=QUALITY[severity - 1])
    return np.array(Image.open(file, formats=["JPEG"]))
