"""The elephant in the room: does a thing that has nothing to do with it change what a model sees?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Resampled
from vidi.data.drawn.fallible import THING, fallible, greys, marked
from vidi.ops.black_box import Predict, probabilities
from vidi.ops.bootstrap import mean_of
from vidi.ops.pasting import PLACES, SIZES, cells, parts, transplanted

CARD = Card(
    title="The elephant in the room",
    idea="Paste a thing that has nothing to do with it into the images, at many places and sizes, and count the "
    "answers that change.",
    paper="Rosenfeld, Zemel & Tsotsos 2018, arXiv:1808.03305",
    differs="Theirs counts a detector's boxes; here it is what a classifier answers, with intervals over images.",
    serves=("classification",),
)
TRIAL = Trial(n=200, fault="answers that change when the thing is in the image", rate=0.15)
TOLERATED = 0.05  # of the answers: a thing also hides what is behind it


def audit(
    predict: Predict,
    images: UInt8[np.ndarray, "n s s 3"],
    cutout: UInt8[np.ndarray, "h w 4"],
    *,
    places: Sequence[float] = PLACES,
    sizes: Sequence[float] = SIZES,
    group: Int[np.ndarray, " n"] | None = None,
    block: int = 64,
    replicates: int = 1000,
    seed: int = 0,
) -> list[Measured]:
    """For each place and size, each place, each size and over all: how often the prediction changes, how far it moves.

    `prediction changed` is the share of images whose most probable label is another with the cut-out, `confidence
    moved` the mean absolute change of the first label's probability. A place is (y, x) from 0 (at the top or left
    border, wholly inside) to 1; all pairs of `places` are tried; a size is the cut-out's longer side as a share of
    the image's.
    Over several places an image counts once, with its mean. Rosenfeld et al. 2018, arXiv:1808.03305, who count a
    detector's changes. Intervals are bootstrapped over images, or groups.
    """
    if not len(images) or block < 1 or not places or not sizes:
        raise ValueError("at least one image, one place, one size and a block of 1 are wanted")
    tried = cells(sizes, places)
    moved = np.empty((len(images), len(tried), 2))
    for start in range(0, len(images), block):
        part = slice(start, start + block)
        before = probabilities(predict, images[part])
        first, rows = before.argmax(axis=1), np.arange(len(before))
        for column, (size, down, right) in enumerate(tried):
            after = probabilities(predict, transplanted(images[part], cutout, size=size, place=(down, right)))
            moved[part, column, 0] = after.argmax(axis=1) != first
            moved[part, column, 1] = np.abs(after[rows, first] - before[rows, first])
    scores = Draws(replicates, seed, group)
    return [
        _mean(name, moved[:, chosen, number].mean(axis=1), scores, of)
        for number, name in enumerate(("prediction changed", "confidence moved"))
        for of, chosen in parts(tried).items()
    ]


def _mean(name: str, values: Float[np.ndarray, " n"], scores: Resampled, of: str) -> Measured:
    if scores.group is None:
        values = np.sort(values)  # so that the interval does not depend on the images' order
    return mean_of(name, values, scores, of=of)


def trial(*, planted: bool, seed: int) -> bool:
    """A model that knows each image by its lower right corner; the thing, red, is never pasted there.

    Where it is planted, the thing turns the answers to `TRIAL.rate` of the images; where not, to one in fifty. The
    alarm: the interval of the share that changes lies above what is tolerated.
    """
    images, _ = greys(TRIAL.n, seed=seed)
    model = fallible(0.0, more=TRIAL.rate if planted else 0.02, when=marked)
    found = audit(model, images, THING, places=(0.0, 0.5), sizes=(0.25,), replicates=400, seed=seed)
    overall = next(each for each in found if each.name == "prediction changed" and not each.of)
    return overall.low > TOLERATED
