"""How many of the pixels get the right class?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.bootstrap import bootstrapped, ratio
from vidi.ops.segmented import Segmented

CARD = Card(
    title="Pixel accuracy",
    idea="The share of pixels whose class is the true one.",
    paper="Long, Shelhamer and Darrell 2015, arXiv:1411.4038, section 5; interval: bootstrap over images",
    serves=("segmentation",),
)


def measure(segmented: Segmented) -> list[Measured]:
    """One share of all pixels that are not ignored; neighbours are not independent, so images are drawn."""
    values = np.stack([segmented.right.sum(axis=1), segmented.true.sum(axis=1)], axis=1)
    return bootstrapped(
        "pixel accuracy", values, lambda sums: ratio(sums[:, :1], sums[:, 1:]), scores=segmented
    )
