"""How many of the objects are found at all?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.detected import Detected
from vidi.ops.matching import MOST
from vidi.ops.resampled import absent, mean_of, measured, recall_drawn, recall_of

CARD = Card(
    title="Average recall (COCO)",
    idea="The mean over labels, and over overlaps of 0.5 to 0.95, of the share of objects found among the 1, 10 or 100 "
    "surest answers for each image and label.",
    paper="Hosang et al. 2016, arXiv:1502.05082; Lin et al. 2014, arXiv:1405.0312",
    serves=("detection", "instances"),
)

MOSTS = (1, 10, MOST)


def measure(detected: Detected) -> list[Measured]:
    """AR1, AR10 and AR100."""
    note = absent(detected)
    return [
        measured(
            f"AR{most}",
            mean_of(recall_of(detected, most=most)[None])[0],
            mean_of(recall_drawn(detected, most=most)),
            detected,
            note=note,
        )
        for most in MOSTS
    ]
