"""How a model fares where pictures are not as they were: accuracy under each corruption, and the mean error."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vidi.core.card import Card, Trial, read_cards
from vidi.core.errors import UsageError, nearest_names
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Resampled
from vidi.data.drawn.fallible import fallible, greys, noisy
from vidi.ops.black_box import Predict, digests, probabilities
from vidi.ops.bootstrap import bootstrapped, share_of
from vidi.ops.severity import STRONGEST, drawing

CARD = Card(
    title="Robustness",
    idea="Spoil every image in stated ways, a little and a lot, and say what each way costs in accuracy.",
    paper="Hendrycks & Dietterich 2019, arXiv:1903.12261",
    differs="Every error has an interval, all from the same resampled images; what corruption costs is told beside it.",
    serves=("classification",),
)
TRIAL = Trial(n=400, fault="more of the answers wrong when there is noise in the images", rate=0.1)
KINDS = ("corruptions", "dials")
SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Robustness:
    """Accuracies without and with each corruption and severity; errors by corruption and over all of them.

    `lost` is the accuracy without corruption minus that with it, by corruption and then the mean, paired by image.
    `right` says for each corruption, severity and image whether the prediction was right.
    """

    clean: Measured
    accuracy: tuple[Measured, ...]
    corruption_error: tuple[Measured, ...]
    mean_corruption_error: Measured
    lost: tuple[Measured, ...]
    right: Bool[np.ndarray, "k v n"]


def audit(
    predict: Predict,
    images: UInt8[np.ndarray, "n s s 3"],
    truth: Int[np.ndarray, " n"],
    *,
    corruptions: Sequence[str],
    severities: Sequence[int] = SEVERITIES,
    seed: int = 0,
    baseline: Mapping[str, float] | None = None,
    group: Int[np.ndarray, " n"] | None = None,
    block: int = 64,
    replicates: int = 1000,
) -> Robustness:
    """Accuracies and errors under the named corruptions or dials; intervals over images (or whole groups).

    An error is the mean over severities; with `baseline` (another model's errors, as shares) it is divided by that
    model's: the CE of Hendrycks & Dietterich 2019, section 4.2. The mean over corruptions comes from the same
    resampled images for all of them (paired). An image's corruption depends on its content, the name and the seed
    alone, so neither the order of the images nor `block`, how many are held corrupted at once, matters.
    """
    functions = {name: corruption(name) for name in corruptions}
    _check(images, truth, functions, severities, baseline, block)
    digest = digests(images)
    order = np.argsort(digest, kind="stable")
    clean = np.empty(len(images), dtype=bool)
    right = np.empty((len(functions), len(severities), len(images)), dtype=bool)
    for start in range(0, len(images), block):
        part = slice(start, start + block)
        clean[part] = _right(predict, images[part], truth[part])
        for row, (name, corrupt) in enumerate(functions.items()):
            for column, severity in enumerate(severities):
                changed = [
                    corrupt(image, severity=severity, generator=drawing(seed, name, number))
                    for image, number in zip(images[part], digest[part].tolist(), strict=True)
                ]
                right[row, column, part] = _right(predict, np.stack(changed), truth[part])
    scores = Draws(replicates, seed, None if group is None else group[order])
    accuracy = [
        share_of("accuracy", right[row, column, order], scores, of=f"{name}, severity {severity}")
        for row, name in enumerate(functions)
        for column, severity in enumerate(severities)
    ]
    errors, mean = _errors(right[:, :, order], list(functions), scores, baseline)
    return Robustness(
        clean=share_of("accuracy", clean[order], scores),
        accuracy=tuple(accuracy),
        corruption_error=tuple(errors),
        mean_corruption_error=mean,
        lost=tuple(_lost(clean[order], right[:, :, order], list(functions), scores)),
        right=right,
    )


def _errors(
    right: Bool[np.ndarray, "k v n"],
    names: list[str],
    scores: Resampled,
    baseline: Mapping[str, float] | None,
) -> tuple[list[Measured], Measured]:
    """The error under each corruption, and their mean."""
    wrong = 1.0 - right.mean(axis=1).T
    worth = np.array([1.0 if baseline is None else baseline[name] for name in names])
    values = np.column_stack([wrong / worth, np.ones(len(wrong))])
    note = (
        "not normalised: no baseline was given"
        if baseline is None
        else "divided by the baseline's error under the same corruption"
    )
    unit = "share" if baseline is None else "times the baseline"

    *each, mean = bootstrapped(
        "corruption error",
        values,
        _means_and_their_mean,
        scores=scores,
        of=_and_mean(names),
        notes=[note] * (len(names) + 1),
        unit=unit,
    )
    return each, mean


def _lost(
    clean: Bool[np.ndarray, " n"], right: Bool[np.ndarray, "k v n"], names: list[str], scores: Resampled
) -> list[Measured]:
    """What each corruption costs in accuracy, its severities together, and their mean."""
    values = np.column_stack([(clean - right.mean(axis=1)).T, np.ones(len(clean))])
    return bootstrapped(
        "accuracy lost", values, _means_and_their_mean, scores=scores, of=_and_mean(names), unit="difference"
    )


def _means_and_their_mean(sums: Float[np.ndarray, "r k"]) -> Float[np.ndarray, "r k"]:
    """From sums, the last of them the count, to means and the mean of these."""
    means = sums[:, :-1] / sums[:, -1:]
    return np.column_stack([means, means.mean(axis=1)])


def _and_mean(names: list[str]) -> list[str]:
    return [*names, f"mean of {len(names)}"]


def corruption(name: str) -> Callable[..., np.ndarray]:
    """The function of a corruption or dial, by the name of its file; raises UsageError with the nearest names."""
    known = {member: kind for kind in KINDS for member in read_cards(Path(__file__).parent / kind)}
    if name not in known:
        raise UsageError(
            f"no corruption is named {name!r}; there are {', '.join(known)}{nearest_names(name, list(known))}"
        )
    function: Callable[..., np.ndarray] = importlib.import_module(f"vidi.audits.{known[name]}.{name}").corrupt
    return function


def _right(
    predict: Predict, images: UInt8[np.ndarray, "n s s 3"], truth: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    found = probabilities(predict, images)
    if truth.max() >= found.shape[1] or truth.min() < 0:
        raise ValueError(
            f"truth is a column of the {found.shape[1]} that predict gives, from 0; got {truth.min()} to {truth.max()}"
        )
    return np.asarray(found.argmax(axis=1) == truth)


def _check(
    images: UInt8[np.ndarray, "n s s 3"],
    truth: Int[np.ndarray, " n"],
    functions: Mapping[str, object],
    severities: Sequence[int],
    baseline: Mapping[str, float] | None,
    block: int,
) -> None:
    if not len(images) or len(images) != len(truth):
        raise ValueError(f"one truth for each image, and at least one; got {len(truth)} for {len(images)}")
    if not functions or not severities or block < 1:
        raise ValueError("at least one corruption, one severity and a block of 1 are wanted")
    if not all(0 <= severity <= STRONGEST for severity in severities):
        raise ValueError(f"a severity is 0 to {STRONGEST}; got {list(severities)}")
    if baseline is not None:
        poor = [name for name in functions if not baseline.get(name, 0) > 0]
        if poor:
            raise ValueError(f"baseline has an error above 0 for each corruption; not for {', '.join(poor)}")


def trial(*, planted: bool, seed: int) -> bool:
    """A model that is wrong one time in ten, and where it is planted, more often when it sees noise.

    The alarm: the interval of the accuracy that noise costs lies above 0.
    """
    images, truth = greys(TRIAL.n, seed=seed)
    model = fallible(0.1, more=TRIAL.rate if planted else 0.0, when=noisy)
    found = audit(
        model, images, truth, corruptions=["gaussian_noise"], severities=[1], replicates=400, seed=seed
    )
    return found.lost[0].low > 0
