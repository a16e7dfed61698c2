"""How well do outlines fall on outlines?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.bootstrap import bootstrapped, mean_defined, ratio
from vidi.ops.segmented import Segmented

CARD = Card(
    title="Boundary F score",
    idea="The harmonic mean of the shares of the predicted outline near the true one and of the true one near the "
    "predicted; near is 0.75 % of the diagonal.",
    paper="Csurka et al. 2013, BMVC, section 2.2; interval: bootstrap over images",
    differs="A mean over the images that have the class, then over the classes; the paper's is over classes first.",
    serves=("segmentation",),
)


def measure(segmented: Segmented) -> list[Measured]:
    """The mean over the classes of their mean over the images that have them (in truth or prediction)."""
    k = len(segmented.labels)
    known = ~np.isnan(segmented.boundary)
    values = np.concatenate([np.where(known, segmented.boundary, 0.0), known.astype(np.float64)], axis=1)
    return bootstrapped(
        "boundary F",
        values,
        lambda sums: mean_defined(ratio(sums[:, :k], sums[:, k:])),
        scores=segmented,
        notes=["" if known.any() else "no image has an outline"],
    )
