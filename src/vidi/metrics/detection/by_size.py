"""How well are small, medium and large objects found?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.detected import Detected
from vidi.ops.matching import SIZES, matches_of
from vidi.ops.resampled import mean_of, measured, precision_drawn, precision_of, recall_drawn, recall_of

CARD = Card(
    title="Average precision and recall by size (COCO)",
    idea="As AP and AR100, for objects of less than 32 x 32 pixels, up to 96 x 96, and more.",
    paper="Lin et al. 2014, arXiv:1405.0312; interval: bootstrap over images",
    serves=("detection", "instances"),
)


def measure(detected: Detected) -> list[Measured]:
    """AP and AR of each size that an object in the truth has; pixels are those of the images as they came."""
    numbers = []
    for size in SIZES:
        there = int(matches_of(detected, size).counted.sum()) if size != "all" else 0
        if not there:
            continue
        note = f"{there} objects"
        precision, recall = precision_of(detected, size), recall_of(detected, size)
        drawn = mean_of(precision_drawn(detected, size)), mean_of(recall_drawn(detected, size))
        numbers += [
            measured("AP", mean_of(precision[None])[0], drawn[0], detected, of=size, note=note),
            measured("AR100", mean_of(recall[None])[0], drawn[1], detected, of=size, note=note),
        ]
    return numbers
