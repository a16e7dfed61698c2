"""How well are objects found, over all thresholds of the score?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.average_precision import FIFTY, SEVENTY_FIVE
from vidi.ops.detected import Detected
from vidi.ops.resampled import absent, mean_of, measured, precision_drawn, precision_of

CARD = Card(
    title="Average precision (COCO)",
    idea="The mean over labels, and over overlaps of 0.5 to 0.95, of the precision at 101 recalls; AP50 and "
    "AP75 at one overlap.",
    paper="Lin et al. 2014, arXiv:1405.0312; interval: bootstrap over images",
    serves=("detection", "instances"),
)


def measure(detected: Detected) -> list[Measured]:
    """AP, AP50 and AP75. Labels without an object are left out of the mean, and named."""
    value, drawn = precision_of(detected), precision_drawn(detected)
    note = absent(detected)
    return [
        measured(name, mean_of(value[None, :, level])[0], mean_of(drawn[:, :, level]), detected, note=note)
        for name, level in (("AP", slice(None)), ("AP50", FIFTY), ("AP75", SEVENTY_FIVE))
    ]
