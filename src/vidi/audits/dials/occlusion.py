"""Something in the way."""

import math

import numpy as np
from jaxtyping import UInt8

from vidi.core.card import Card
from vidi.ops.field import plasma
from vidi.ops.severity import check_severity, to_uint8

CARD = Card(
    title="Occlusion",
    idea="Hide a share of the picture behind one opaque thing.",
    paper="Fawzi & Frossard 2016, BMVC, arXiv:1604.01834",
    differs=(
        "The thing is a rectangle with the texture of a coloured cloud; it lies wholly inside, around a "
        "place that is drawn, and grows with the severity."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "hidden"},
)
HIDDEN = (0.1, 0.2, 0.3, 0.4, 0.5)  # share of the picture


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with a rectangle over this share of it (to within rounding its sides to whole pixels)."""
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    share, stretch = HIDDEN[severity - 1], 2 ** generator.uniform(-0.5, 0.5)
    place = generator.random(2)
    cloud = plasma(height, width, decay=1.6, generator=generator)[..., None]
    near, far = generator.random((2, 3))
    texture = to_uint8(near + cloud * (far - near))
    tall = round(height * math.sqrt(share) * stretch)
    wide = round(height * width * share / tall)
    top, left = round(place[0] * (height - tall)), round(place[1] * (width - wide))
    hidden = (slice(top, top + tall), slice(left, left + wide))
    covered = image.copy()
    covered[hidden] = texture[hidden]
    return covered
