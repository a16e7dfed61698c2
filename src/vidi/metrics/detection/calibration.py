"""Does a score of 0.8 mean that eight of ten are right?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.detected import Detected
from vidi.ops.detection_calibration import binned, error
from vidi.ops.resampled import counts_of, measured

CARD = Card(
    title="Detection calibration error (D-ECE)",
    idea="The gap between the score and the share that is right at an overlap of 0.5, weighted over ten bins of the "
    "score.",
    paper="Küppers et al. 2020, arXiv:2004.13546, eq. 5, by the score alone",
    differs="Bins of the score only, where the paper also cuts by place and size; scores below 0.05 are left out.",
    serves=("detection", "instances"),
)


def measure(detected: Detected) -> list[Measured]:
    """The error, in [0, 1], of the found objects that are judged; nan where none has a score of 0.05 or more."""
    values = binned(detected)
    found = int(values[..., 1].sum())
    drawn = np.einsum("rn,nbk->rbk", counts_of(detected).astype(np.float64), values, optimize=True)
    note = f"{found} found objects" if found else "nothing was found with a score of 0.05 or more"
    value = error(values.sum(axis=0)[None])[0]
    return [measured("detection calibration error", value, error(drawn), detected, note=note)]
