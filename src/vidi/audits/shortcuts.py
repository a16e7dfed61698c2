"""Does something that is not the object give the label away?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.labels import label_numbers
from vidi.data.drawn.pictures import shortcut
from vidi.metrics.balanced_accuracy import measure
from vidi.ops.multiple import holm
from vidi.ops.shuffled import permutation_p, shuffles
from vidi.ops.smoother import Smoother, basis_of, out_of_fold
from vidi.ops.views import VIEWS
from vidi.training.logistic import folds_of

CARD = Card(
    title="Shortcuts",
    idea="Predict the label from the border, the corners, the surroundings, the light, the size or the file alone: "
    "what should know nothing of the object and yet tells its label, a model may learn instead.",
    paper="Geirhos et al. 2020, Nature Machine Intelligence 2, 665-673, arXiv:2004.07780",
    differs="The paper tests trained models; this asks the data, before any is trained.",
    serves=("classification",),
)
TRIAL = Trial(n=300, fault="images with a mark of their label's colour in a corner", rate=0.6)
LEVEL = 0.05
# Of the way from chance to always right. In hymenoptera, CIFAR-10, PACS, sign_digits and solar_cells no view gets
# further than 0.26 (sky behind aeroplanes is honest); a mark in a share of the images gets about that share.
BOUND = 1 / 3
MOST = 2000  # images
MOST_LABELS = 30
PERMUTATIONS = 399
FOLDS = 5
FEWEST_UNITS = 2  # of a label, without which nothing is left to know it by
BLOCK = 1 << 24  # numbers held at once: 64 MB
MEANS = {
    "pixels": "a model may look there instead of at the object (unless the object itself reaches there)",
    "file": "images of different labels come from different sources, and a model may learn to tell these apart",
    "name": "no model sees names, so no harm if files were named after their labels, else a sign that images of "
    "different labels were made at different times or places",
}


@dataclass(frozen=True)
class View:
    """What is known of each example in this view: columns of numbers or of names.

    `kind`: `pixels` a model sees, `file` it sees by what comes with it (compression, a camera), `name` it never sees.
    """

    name: str
    what: str
    columns: tuple[Shaped[np.ndarray, " n"], ...]
    kind: str = "pixels"


@dataclass(frozen=True)
class Shortcut:
    """How well one view alone tells the label: balanced accuracy out of fold, beside `chance`.

    `p` is that of a permutation test, `adjusted` the same after Holm over all views. `level`: `none` if chance gives as
    much, `much` if the interval's low end is at least BOUND of the way from chance to 1, else `little`. `flagged`: it
    could be a shortcut.
    """

    name: str
    what: str
    measured: Measured
    chance: float
    p: float
    adjusted: float
    level: str
    flagged: bool
    sentence: str

    def record(self) -> dict[str, Any]:
        return vars(self) | {"measured": self.measured.record()}


@dataclass(frozen=True)
class Shortcuts:
    """All views, those that tell most first; `sentences` say what was left out and how to read the rest."""

    found: tuple[Shortcut, ...]
    sentences: tuple[str, ...]


def audit(
    views: Callable[[Int[np.ndarray, " m"]], Iterable[View]],
    label: Int[np.ndarray, " n"],
    *,
    labels: tuple[str, ...],
    ids: Shaped[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"] | None = None,
    permutations: int = PERMUTATIONS,
    most: int = MOST,
    seed: int = 0,
) -> Shortcuts:
    """What each view alone tells of the label; `views(rows)` gives the views of these rows.

    A penalised least-squares classifier on splines of the view's numbers answers for the fifth of the examples that it
    has not seen; labels shuffled `permutations` times say what chance makes of that. `group` keeps what belongs
    together on one side, and in the shuffles. Of more than `most` examples a random part is asked, of more than
    30 labels the most frequent. `ids` are unique: the order of rows changes nothing.
    """
    rows, said = chosen(label, ids, group, labels, most=most, seed=seed)
    kept, number = np.unique(label[rows], return_inverse=True)
    if len(kept) < 2:
        return Shortcuts(
            (), ("Shortcuts want two labels with two examples (or groups) each; there are fewer.",)
        )
    member = None if group is None else np.unique(group[rows], return_inverse=True)[1]
    fold = folds_of(np.arange(len(rows)) if member is None else member, folds=FOLDS, seed=seed)
    orders = shuffles(len(rows), count=permutations, seed=seed, group=member)
    names = tuple(labels[place] for place in kept)
    every = list(views(rows))
    asked = [view for view in every if any(len(np.unique(column)) > 1 for column in view.columns)]
    found = [
        told(view, number=number, fold=fold, orders=orders, names=names, member=member, seed=seed)
        for view in asked
    ]
    adjusted = holm(np.array([each.p for each in found]))
    told_all = [concluded(each, view, float(p)) for each, view, p in zip(found, asked, adjusted, strict=True)]
    constant = [view.what for view in every if not any(view is one for one in asked)]
    if constant:
        said.append(f"The same for every image, and so no clue: {', '.join(constant)}.")
    return Shortcuts(tuple(sorted(told_all, key=lambda each: -each.measured.value)), tuple(said))


def chosen(
    label: Int[np.ndarray, " n"],
    ids: Shaped[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"] | None,
    labels: tuple[str, ...],
    *,
    most: int,
    seed: int,
) -> tuple[Int[np.ndarray, " m"], list[str]]:
    """The rows that are asked, in the order of their ids, and what is to be said of those left out."""
    order = np.argsort(ids)
    unit = ids if group is None else group
    count = np.bincount(label, minlength=len(labels))
    units = np.array([len(np.unique(unit[label == place])) for place in range(len(labels))])
    usable = np.flatnonzero(units >= FEWEST_UNITS)
    frequent = usable[np.lexsort((usable, -count[usable]))][:MOST_LABELS]
    said = []
    if len(frequent) < len(usable):
        said.append(f"Asked of the {MOST_LABELS} most frequent of {len(usable):,} labels.")
    scarce = [labels[place] for place in np.flatnonzero((count > 0) & (units < FEWEST_UNITS))]
    if scarce:
        said.append(f"Not asked, for want of examples: {', '.join(scarce)}.")
    rows = order[np.isin(label[order], frequent)]
    if len(rows) > most:
        said.append(f"Asked of {most:,} of {len(rows):,} images, drawn at random.")
        rows = rows[np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))]
    return rows, said


def told(
    view: View,
    *,
    number: Int[np.ndarray, " n"],
    fold: Int[np.ndarray, " n"],
    orders: Int[np.ndarray, "k n"],
    names: tuple[str, ...],
    member: Int[np.ndarray, " n"] | None,
    seed: int,
) -> Shortcut:
    """One view's balanced accuracy and p, not yet compared with the others."""
    smoothers = out_of_fold(basis_of(view.columns), fold)
    answer = next(answers(smoothers, number, np.arange(len(number))[None], len(names)))[0]
    scores = Scores(number, np.eye(len(names))[answer], names, seed=seed, group=member)
    measured = replace(measure(scores)[0], of=view.name, seeds=(seed,))
    drawn = [
        balanced(found, number[part], len(names))
        for part, found in zip(
            blocks(orders, len(names)), answers(smoothers, number, orders, len(names)), strict=True
        )
    ]
    p = permutation_p(measured.value, np.concatenate(drawn)) if drawn else float("nan")
    return Shortcut(view.name, view.what, measured, 1 / len(names), p, p, "none", False, "")


def blocks(orders: Int[np.ndarray, "k n"], classes: int) -> Iterator[Int[np.ndarray, "b n"]]:
    step = max(1, BLOCK // (orders.shape[1] * classes))
    return (orders[start : start + step] for start in range(0, len(orders), step))


def answers(
    smoothers: Sequence[Smoother],
    number: Int[np.ndarray, " n"],
    orders: Int[np.ndarray, "k n"],
    classes: int,
) -> Iterator[Int[np.ndarray, "b n"]]:
    """For blocks of orders: the class each example is taken for when the labels stand in that order.

    The class whose predicted share is the largest multiple of its share of all labels: every label counts alike.
    """
    weight = len(number) / np.bincount(number, minlength=classes).astype(np.float32)
    for part in blocks(orders, classes):
        given = number[part]
        y = np.eye(classes, dtype=np.float32)[given.T].reshape(len(number), -1)
        found = np.empty(given.shape, dtype=np.int64)
        for each in smoothers:
            shares = each.predict(y).reshape(len(each.outside), len(part), classes) * weight
            found[:, each.outside] = shares.argmax(axis=2).T
        yield found


def balanced(
    answer: Int[np.ndarray, "b n"], given: Int[np.ndarray, "b n"], classes: int
) -> Float[np.ndarray, " b"]:
    """The mean over the classes of the share of each that is recognised, in every row."""
    count = np.bincount(given[0], minlength=classes)
    return np.asarray(((answer == given) / (count * classes)[given]).sum(axis=1))


def concluded(found: Shortcut, view: View, adjusted: float) -> Shortcut:
    """With its p adjusted, what is to be thought of it. A name is told and never flagged: no model sees it."""
    low, high = found.measured.low, found.measured.high
    level = "none"
    if adjusted <= LEVEL and found.measured.value > found.chance:
        level = "much" if low >= found.chance + BOUND * (1 - found.chance) else "little"
    number = f"{found.measured.value:.2f} [{low:.2f}, {high:.2f}], chance {found.chance:.2f}"
    subject = found.what[0].upper() + found.what[1:]
    said = {
        "none": f"{subject} alone: no better than chance can be (balanced accuracy {number}).",
        "little": f"{subject} alone: a little better than chance (balanced accuracy {number}); honest data often is.",
        "much": f"{subject} alone: the label is predicted with balanced accuracy {number}; {MEANS[view.kind]}.",
    }
    flagged = level == "much" and view.kind != "name"
    return replace(found, adjusted=adjusted, level=level, flagged=flagged, sentence=said[level])


def views_of(images: UInt8[np.ndarray, "n s s 3"]) -> Iterator[View]:
    """The views of the pixels."""
    for name, (what, view) in VIEWS.items():
        yield View(name, what, tuple(view(images).T))


def trial(*, planted: bool, seed: int) -> bool:
    """Drawn scenes, most with a square of their label's colour in one corner; the alarm is that a view is flagged."""
    drawn = dataset(TRIAL.n, size_px=32, seed=seed)
    if planted:
        drawn = shortcut(drawn, rate=TRIAL.rate, seed=seed).drawn
    data = drawn.dataset
    found = audit(
        lambda rows: views_of(drawn.images[rows]),
        label_numbers(data),
        labels=data.labels,
        ids=data.column("id").astype(str),
        permutations=199,
        seed=seed,
    )
    return any(each.flagged for each in found.found)
