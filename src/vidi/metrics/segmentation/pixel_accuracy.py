"""How many of the pixels get the right class?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.bootstrap import ratio_of
from vidi.ops.segmented import Segmented

CARD = Card(
    title="Pixel accuracy",
    idea="The share of pixels whose class is the true one.",
    paper="Long, Shelhamer and Darrell 2015, arXiv:1411.4038, section 5; interval: bootstrap over images",
    serves=("segmentation",),
)


def measure(segmented: Segmented) -> list[Measured]:
    """One share of all pixels that are not ignored; neighbours are not independent, so images are drawn."""
    return [ratio_of("pixel accuracy", segmented.right.sum(axis=1), segmented.true.sum(axis=1), segmented)]
