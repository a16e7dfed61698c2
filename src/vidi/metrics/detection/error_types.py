"""What sort of error costs how much?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.ops.average_precision import once
from vidi.ops.detected import Detected
from vidi.ops.detection_errors import MISSED, SORTS, errors_of, gains
from vidi.ops.resampled import counts_of, measured

CARD = Card(
    title="Sorts of errors (TIDE)",
    idea="What AP50 would gain if every error of one sort were mended: class, localisation, both, duplicate, "
    "background, missed.",
    paper="Bolya et al. 2020, arXiv:2008.08115, section 2",
    serves=("detection", "instances"),
)

MOST = 200  # replicates: each is evaluated once for every sort


def measure(detected: Detected) -> list[Measured]:
    """The gain in AP50 for each sort, in shares; the note counts the errors."""
    found = errors_of(detected)
    count = [*np.bincount(found.sort[found.sort >= 0], minlength=len(SORTS)), int(found.missed.sum())]
    counts = np.concatenate([once(detected.images), counts_of(detected)[:MOST]])
    value, drawn = np.split(gains(detected, counts), [1])
    return [
        measured(
            "AP50 lost", value[0, column], drawn[:, column], detected, of=sort, note=f"{count[column]} errors"
        )
        for column, sort in enumerate((*SORTS, MISSED))
    ]
