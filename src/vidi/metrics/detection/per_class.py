"""How well are the objects of each label found?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.average_precision import FIFTY
from vidi.ops.detected import Detected
from vidi.ops.resampled import images_with, mean_of, measured, precision_drawn, precision_of

CARD = Card(
    title="Average precision of each label",
    idea="AP and AP50 of one label's objects alone.",
    paper="Lin et al. 2014, arXiv:1405.0312; interval: bootstrap over images",
    serves=("detection", "instances"),
)


def measure(detected: Detected) -> list[Measured]:
    """AP and AP50 of each label; undefined for a label that no true object has. `n` counts images that have it."""
    value, drawn = precision_of(detected), precision_drawn(detected)
    return [
        measured(
            name,
            mean_of(value[None, number, level])[0],
            mean_of(drawn[:, number, level]),
            detected,
            of=label,
            n=images_with(detected, number),
        )
        for number, label in enumerate(detected.labels)
        for name, level in (("AP", slice(None)), ("AP50", FIFTY))
    ]
