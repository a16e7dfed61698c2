"""What a model's probabilities are worth, measured: when it may stay silent, sets of labels, unfamiliar images."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.evaluation.limits import Limits
from vidi.ops.bootstrap import bootstrapped, mean_of, share_of
from vidi.ops.conformal import coverage_range, measured_sets
from vidi.ops.reliability import BINS, diagram, equal_mass, equal_width
from vidi.ops.selective import coverage_at_risk, excess_aurc, measured_aurc, measured_curve

STATED = (0.01, 0.05, 0.1)  # risks that are spoken of
LARGEST = 1 << 24  # numbers held for a bootstrap: 128 MB


def selective(scores: Scores, limits: Limits | None) -> dict[str, Any]:
    """Risk against coverage on these examples, and what the promised thresholds came to; see docs/run-folder.md."""
    confidence = scores.probability.max(axis=1).astype(np.float64)
    wrong, group, seed = ~scores.correct, scores.group, scores.seed
    loss = wrong.astype(np.float64)
    curve = measured_curve(confidence, wrong, group=group, seed=seed)
    measured = [measured_aurc(confidence, loss, group=group, seed=seed)]
    measured.append(
        Measured(
            "excess AURC",
            excess_aurc(confidence, loss),
            np.nan,
            np.nan,
            len(loss),
            "",
            note="above the best order of the same answers",
        )
    )
    measured += [coverage_at_risk(confidence, loss, risk, group=group, seed=seed) for risk in STATED]
    if limits is not None:
        measured += [number for risk in STATED for number in promised(scores, limits, risk)]
    return {"curve": curve, "measured": [number.record() for number in measured]}


def promised(scores: Scores, limits: Limits, risk: float) -> list[Measured]:
    """What is answered with a threshold that was fitted elsewhere, and how often that is wrong."""
    answered = scores.probability.max(axis=1) >= limits.least_confidence(risk)
    note = f"threshold from {limits.n:,} validation images, held but for a chance of {limits.doubt:g}"
    found = [share_of(f"answered at promised risk {risk:g}", answered, scores, note=note)]
    if answered.any():
        part = among(scores, answered)
        found.append(share_of(f"errors at promised risk {risk:g}", ~part.correct, part))
    return found


def among(scores: Scores, chosen: np.ndarray) -> Scores:
    """The scores of some of the examples."""
    group = None if scores.group is None else scores.group[chosen]
    return replace(scores, truth=scores.truth[chosen], probability=scores.probability[chosen], group=group)


def conformal(scores: Scores, limits: Limits) -> dict[str, Any]:
    """How often sets with a threshold from elsewhere hold the truth here, and how large they are.

    `range` is where the luck of drawing the images for the threshold leaves the coverage: not known where they come
    in groups, since then they are not so many independent ones.
    """
    sets, truth = limits.sets(scores.probability), np.asarray(scores.truth)
    report, n = measured_sets(sets, truth), len(truth)
    mean = mean_of("mean set size", sets.sum(axis=1), scores, unit="labels")
    hit = sets[np.arange(n), truth]
    return {
        "alpha": limits.alpha,
        "threshold": limits.set_score,
        "n_calibration": limits.n,
        "range": None if scores.group is not None else list(coverage_range(limits.n, limits.alpha)),
        "measured": [m.record() for m in (share_of("set coverage", hit, scores), mean)],
        "sizes": {str(labels): int(count) for labels, count in enumerate(report.sizes) if count},
        "sentence": report.sentence,
    }


def familiarity(
    scores: Scores,
    limits: Limits,
    distance: Float[np.ndarray, " n"],
    *,
    ids: np.ndarray,
    paths: np.ndarray,
    most: int = 24,
) -> dict[str, Any]:
    """How many images are unlike what the model was trained on, and whether it is right less often there."""
    assert limits.familiar is not None
    flagged = distance > limits.familiar.threshold
    measured = [share_of("flagged as unfamiliar", flagged, scores)]
    for name, chosen in (("accuracy on the flagged", flagged), ("accuracy on the rest", ~flagged)):
        if chosen.any():
            part = among(scores, chosen)
            measured.append(share_of(name, part.correct, part))
    order = np.lexsort((ids.astype(str), -distance))[: min(most, int(flagged.sum()))]
    return {
        "threshold": limits.familiar.threshold,
        "measured": [number.record() for number in measured],
        "flagged": [
            {"id": str(ids[place]), "path": str(paths[place]), "score": float(distance[place])}
            for place in order
        ],
    }


def brier(scores: Scores) -> dict[str, Any]:
    """What the Brier score is made of (Murphy 1973), summed over labels, in bins of equally many examples.

    score = reliability - resolution + uncertainty + what is left inside the bins.
    """
    probability = scores.probability.astype(np.float64)
    n, classes = probability.shape
    if not n or n * classes * BINS * 3 > LARGEST:
        return {}
    bins = np.stack([equal_mass(column) for column in probability.T], axis=1)
    truth = np.eye(classes)[np.asarray(scores.truth)]
    values = np.zeros((n, 3, classes, BINS))
    rows, columns = np.arange(n)[:, None], np.arange(classes)
    for place, what in enumerate((np.ones_like(truth), probability, truth)):
        values[rows, place, columns, bins] = what
    found = bootstrapped(
        "Brier score",
        values.reshape(n, -1),
        lambda sums: murphy(sums.reshape(len(sums), 3, classes, BINS)),
        scores=scores,
        of=["reliability", "resolution", "uncertainty"],
        notes=[f"{BINS} bins a label, summed over labels"] * 3,
        n=[n] * 3,
        unit="squared error",
    )
    named = [unbiased(replace(number, name=f"Brier {number.of}", of="")) for number in found]
    score = float(((probability - truth) ** 2).sum(axis=1).mean())
    rest = score - (named[0].value - named[1].value + named[2].value)
    return {"score": score, "inside_bins": rest, "measured": [number.record() for number in named]}


def unbiased(number: Measured) -> Measured:
    """The basic interval in place of the percentiles: resampling adds noise to noise, and they would lie too high."""
    if not number.method.startswith("bootstrap"):
        return number
    low, high = max(0.0, 2 * number.value - number.high), 2 * number.value - number.low
    low, high = min(low, number.value), max(high, number.value)
    return replace(number, low=low, high=high, method=number.method.replace("percentile", "basic"))


def murphy(sums: Float[np.ndarray, "r 3 c b"]) -> Float[np.ndarray, "r 3"]:
    """Reliability, resolution and uncertainty from each bin's number, sum of forecasts and sum of hits."""
    size, said, seen = sums[:, 0], sums[:, 1], sums[:, 2]
    total = size[:, 0].sum(axis=1)[:, None]
    base = seen.sum(axis=2) / total
    safe = np.maximum(size, 1e-12)
    weight = size / total[:, :, None]
    reliability = (weight * ((said - seen) / safe) ** 2).sum(axis=(1, 2))
    resolution = (weight * (seen / safe - base[:, :, None]) ** 2).sum(axis=(1, 2))
    return np.stack([reliability, resolution, (base * (1 - base)).sum(axis=1)], axis=1)


def reliability(scores: Scores, *, width: int = 10) -> dict[str, list[dict[str, float | int]]]:
    """Both reliability diagrams, in bins of equal width and of equally many examples, with Wilson's intervals.

    Bins without examples are left out; `low` and `high` are a bin's edges where it has any.
    """
    confidence = scores.probability.max(axis=1).astype(np.float64) if len(scores.truth) else np.zeros(0)
    place = equal_width(confidence, width)
    edges = [{"low": b / width, "high": (b + 1) / width} for b in np.unique(place).tolist()]
    mass = described(confidence, scores.correct, equal_mass(confidence))
    by_width = described(confidence, scores.correct, place)
    return {
        "reliability": [edge | entry for edge, entry in zip(edges, by_width, strict=True)],
        "reliability_equal_mass": mass,
    }


def described(
    confidence: Float[np.ndarray, " n"], hit: Bool[np.ndarray, " n"], bins: Int[np.ndarray, " n"]
) -> list[dict[str, float | int]]:
    """A diagram's bins as JSON keeps them."""
    drawn = diagram(confidence, hit, bins)
    columns = (drawn.confidence, drawn.share, drawn.low, drawn.high)
    names = ("confidence", "accuracy", "accuracy_low", "accuracy_high")
    rows = zip(drawn.n.tolist(), *(column.tolist() for column in columns), strict=True)
    return [{"n": n} | dict(zip(names, values, strict=True)) for n, *values in rows]
