"""Does a score of 0.8 mean that eight of ten are right?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.average_precision import FIFTY
from vidi.ops.bootstrap import ratio
from vidi.ops.detected import Detected
from vidi.ops.matching import matches_of
from vidi.ops.resampled import counts_of, measured

CARD = Card(
    title="Detection calibration error (D-ECE)",
    idea="The gap between the score and the share that is right at an overlap of 0.5, weighted over ten bins of the "
    "score.",
    paper="Küppers et al. 2020, arXiv:2004.13546, eq. 5, by the score alone",
    differs="Bins of the score only, where the paper also cuts by place and size; scores below 0.05 are left out.",
    serves=("detection", "instances"),
)

BINS = 10
LEAST = 0.05  # detectors answer with hundreds of near-zero scores, which would drown the rest


def measure(detected: Detected) -> list[Measured]:
    """The error, in [0, 1], of the found objects that are judged; nan where none has a score of 0.05 or more."""
    matches = matches_of(detected)
    score = detected.score[matches.ranked]
    if len(score) and score.max() > 1:
        raise ValueError(f"a calibration error wants scores in [0, 1]; got {score.max():.3g}")
    keep = ~matches.ignored[FIFTY] & (score >= LEAST)
    score, image = score[keep], detected.found.image[matches.ranked][keep]
    right = (matches.true[FIFTY] >= 0)[keep]
    bins = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    values = np.zeros((detected.images, BINS, 2))
    np.add.at(values, (image, bins, 0), right - score)
    np.add.at(values, (image, bins, 1), 1)

    def error(sums: np.ndarray) -> np.ndarray:
        return ratio(np.abs(sums[..., 0]).sum(axis=1), sums[..., 1].sum(axis=1))

    value = error(values.sum(axis=0)[None])[0]
    drawn = np.einsum("rn,nbk->rbk", counts_of(detected).astype(np.float64), values, optimize=True)
    note = f"{len(score)} found objects" if len(score) else "nothing was found with a score of 0.05 or more"
    return [measured("detection calibration error", value, error(drawn), detected, note=note)]
