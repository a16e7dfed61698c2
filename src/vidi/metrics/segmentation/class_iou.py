"""How much do predicted and true regions of each class overlap?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.bootstrap import bootstrapped, ratio
from vidi.ops.segmented import Segmented

CARD = Card(
    title="Intersection over union of each class",
    idea="Pixels of the class that were found, divided by pixels that are of the class, predicted so or both.",
    paper="Everingham et al. 2010, The Pascal VOC challenge, section 4.1.3; interval: bootstrap over images",
    serves=("segmentation",),
)


def measure(segmented: Segmented) -> list[Measured]:
    """IoU of each class; undefined where no pixel has it. `n` counts the images where it is, or is predicted."""
    k = len(segmented.labels)
    union = segmented.true + segmented.predicted - segmented.right
    n = (union > 0).sum(axis=0)
    return bootstrapped(
        "IoU",
        np.concatenate([segmented.right, union], axis=1),
        lambda sums: ratio(sums[:, :k], sums[:, k:]),
        scores=segmented,
        of=segmented.labels,
        n=n.tolist(),
        notes=["" if count else "no pixel has this class" for count in n],
    )
