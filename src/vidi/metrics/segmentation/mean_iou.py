"""How much do predicted and true regions overlap, if every class counted alike?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.bootstrap import bootstrapped, mean_defined, ratio
from vidi.ops.segmented import Segmented

CARD = Card(
    title="Mean intersection over union",
    idea="The mean over the classes of: pixels found, divided by pixels that are of the class, predicted or both.",
    paper="Everingham et al. 2010, The Pascal VOC challenge, section 4.1.3; interval: bootstrap over images",
    serves=("segmentation",),
)


def measure(segmented: Segmented) -> list[Measured]:
    """mIoU over all images' pixels together. A class that is neither there nor predicted is left out, and named."""
    k = len(segmented.labels)
    union = segmented.true + segmented.predicted - segmented.right
    missing = [label for label, n in zip(segmented.labels, union.sum(axis=0), strict=True) if n == 0]
    return bootstrapped(
        "mIoU",
        np.concatenate([segmented.right, union], axis=1),
        lambda sums: mean_defined(ratio(sums[:, :k], sums[:, k:])),
        scores=segmented,
        notes=[
            f"without {len(missing)} classes that no pixel has: {', '.join(missing[:5])}" if missing else ""
        ],
    )
