"""Where is it wrong more often, though nobody named the group? Slices found automatically, discoveries controlled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws
from vidi.data.drawn.toned import toned
from vidi.ops.bootstrap import bootstrapped, ratio, share_of
from vidi.ops.differences import newcombe
from vidi.ops.intervals import cluster_error
from vidi.ops.multiple import benjamini_hochberg
from vidi.ops.pixel_traits import TRAITS, pixel_traits

CARD = Card(
    title="Slices that nobody named",
    idea="Cut the examples by what can be read from the pixels (brightness, sharpness, colourfulness, size), "
    "by clusters of features and by every column, and name the slices in which answers are wrong more often than "
    "elsewhere.",
    paper="Chung et al. 2019, Slice Finder, arXiv:1807.06068; Benjamini & Hochberg 1995, JRSS B 57, 289-300",
    differs="Slices of one attribute only, against the rest; p values are exact, and adjusted for all that were looked "
    "at.",
    serves=("classification",),
)
TRIAL = Trial(
    n=800, fault="answers to the darkest fifth of the images that are wrong beside one in ten", rate=0.2
)
LEVEL = 0.05
PARTS = 5
WORDS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
SMALLEST = 20
MOST_LEVELS = 50  # of a column of names: one with more names examples rather than groups
NAMED = 3  # wrong answers shown for each slice


@dataclass(frozen=True)
class Slice:
    """Examples of one slice: how often they are answered right, how far that is from the rest, and p as adjusted.

    `difference` is the slice's accuracy minus that of all others. `rows` are a few that were answered wrong.
    """

    name: str
    attribute: str
    n: int
    measured: Measured
    difference: Measured
    p: float
    adjusted: float
    flagged: bool
    rows: tuple[int, ...] = ()

    def record(self) -> dict[str, Any]:
        numbers = {"measured": self.measured.record(), "difference": self.difference.record()}
        return vars(self) | numbers | {"rows": list(self.rows)}


@dataclass(frozen=True)
class Slices:
    """Every slice that was looked at, the least probable first, and what is to be said of them."""

    found: tuple[Slice, ...]
    sentences: tuple[str, ...]

    @property
    def flagged(self) -> tuple[Slice, ...]:
        return tuple(each for each in self.found if each.flagged)


def audit(
    correct: Bool[np.ndarray, " n"],
    columns: Mapping[str, Shaped[np.ndarray, " n"]],
    *,
    ids: Shaped[np.ndarray, " n"],
    group: Int[np.ndarray, " n"] | None = None,
    smallest: int = SMALLEST,
    level: float = LEVEL,
    seed: int = 0,
) -> Slices:
    """Slices whose accuracy is below that of the rest. Of columns of numbers the fifths, of names the levels.

    p is Fisher's exact one, one-sided; with `group` (units that are not independent) that of a t test on cluster-robust
    errors. All are adjusted after Benjamini & Hochberg, so that of the slices named at most `level` are named by luck
    on average. Missing numbers (nan) are a slice, missing names (None) too. Slices of fewer than `smallest` examples,
    or with fewer than `smallest` outside, are not looked at. The order of rows changes nothing.
    """
    order = np.argsort(ids, kind="stable")
    right, member = correct[order], None if group is None else group[order]
    seen: dict[bytes, Slice] = {}
    for attribute, values in columns.items():
        for name, inside in parts(attribute, np.asarray(values)[order]):
            if min(inside.sum(), (~inside).sum()) < smallest or inside.tobytes() in seen:
                continue
            wrong = order[np.flatnonzero(inside & ~right)[:NAMED]]
            made = measured(name, attribute, inside, right, member, seed=seed)
            seen[inside.tobytes()] = replace(made, rows=tuple(wrong.tolist()))
    adjusted = benjamini_hochberg(np.array([each.p for each in seen.values()]))
    found = [
        replace(each, adjusted=float(p), flagged=bool(p <= level))
        for each, p in zip(seen.values(), adjusted, strict=True)
    ]
    found.sort(key=lambda each: (each.adjusted, each.p, each.attribute, each.name))
    return Slices(tuple(found), tuple(sentences(found, len(correct), level, smallest)))


def parts(attribute: str, values: Shaped[np.ndarray, " n"]) -> Iterator[tuple[str, Bool[np.ndarray, " n"]]]:
    """The slices of one column: fifths of numbers (equal values stay together), or each level of names."""
    if values.dtype.kind == "f":
        known = np.isfinite(values)
        if not known.all():
            yield f"{attribute} not stated", ~known
        edges = (
            np.quantile(values[known], np.arange(1, PARTS) / PARTS) if known.any() else np.zeros(PARTS - 1)
        )
        place = np.searchsorted(edges, values, side="left")
        for number, word in enumerate(WORDS):
            yield f"{attribute}: {word}", known & (place == number)
        return
    texts = np.array(
        ["not stated" if value is None else str(value) for value in values.tolist()], dtype=object
    )
    levels = sorted(set(texts))
    if 2 <= len(levels) <= MOST_LEVELS:
        for one in levels:
            yield f"{attribute}={one}", texts == one


def measured(
    name: str,
    attribute: str,
    inside: Bool[np.ndarray, " n"],
    right: Bool[np.ndarray, " n"],
    member: Int[np.ndarray, " n"] | None,
    *,
    seed: int,
) -> Slice:
    """One slice against the rest, its p not yet adjusted."""
    n, k = int(inside.sum()), int(right[inside].sum())
    other_n, other_k = len(right) - n, int(right.sum()) - k
    value = k / n - other_k / other_n
    draws = Draws(seed=seed, group=None if member is None else member[inside])
    accuracy = share_of("accuracy", right[inside], draws, of=name)
    if member is None:
        low, high = newcombe(k, n, other_k, other_n)
        apart = Measured("difference", value, low, high, len(right), "Newcombe", of=name, unit="difference")
        p = fisher(k, n, other_k, other_n)
    else:
        whole = Draws(seed=seed, group=member)
        columns = np.stack([inside & right, inside, ~inside & right, ~inside], axis=1).astype(np.float64)
        apart = bootstrapped("difference", columns, difference, scores=whole, of=[name], unit="difference")[0]
        p = clustered(value, inside, right, member)
    return Slice(name, attribute, n, accuracy, apart, p, p, flagged=False)


def difference(sums: Float[np.ndarray, "r 4"]) -> Float[np.ndarray, "r 1"]:
    return np.asarray(ratio(sums[:, :1], sums[:, 1:2]) - ratio(sums[:, 2:3], sums[:, 3:]))


def fisher(k: int, n: int, other_k: int, other_n: int) -> float:
    """The probability of so few right answers in the slice, or fewer, if it were like the rest. Fisher 1934."""
    from scipy.stats import hypergeom

    return float(hypergeom.cdf(k, n + other_n, k + other_k, n))


def clustered(
    value: float, inside: Bool[np.ndarray, " n"], right: Bool[np.ndarray, " n"], member: Int[np.ndarray, " n"]
) -> float:
    """One-sided p of a difference of shares whose examples come in units: t with one degree less than units."""
    from scipy.stats import t

    hit = right.astype(np.float64)
    influence = np.where(
        inside, (hit - hit[inside].mean()) / inside.sum(), -(hit - hit[~inside].mean()) / (~inside).sum()
    )
    error, units = float(cluster_error(influence[:, None], member)[0]), len(np.unique(member))
    if units < 2 or not error > 0:
        return 1.0
    return float(t.cdf(value / error, units - 1))


def sentences(found: Sequence[Slice], n: int, level: float, smallest: int) -> Iterator[str]:
    """What was looked at, and what stands out."""
    if not found:
        yield f"No slice of {n:,} examples has {smallest} inside and outside, so none was looked at."
        return
    flagged = [each for each in found if each.flagged]
    looked = f"{len(found):,} slices of {n:,} examples were looked at"
    if not flagged:
        yield f"{looked}; in none are answers wrong more often than elsewhere, beyond what luck does."
        return
    yield (
        f"{looked}; in {len(flagged):,} answers are wrong more often than elsewhere (of those named, {level:.0%} are "
        "expected to be named by luck). They overlap, and say where, not why."
    )


def trial(*, planted: bool, seed: int) -> bool:
    """Drawn pictures of all brightnesses, one answer in ten wrong, and where it is planted three in ten of the darkest
    fifth; beside their traits, clusters of features that know nothing. The alarm: a slice is named."""
    random = np.random.default_rng([seed, TRIAL.n])
    images = toned(TRIAL.n, seed=seed)
    seen = pixel_traits(images)
    columns: dict[str, Any] = {name: seen[:, place] for place, name in enumerate(TRAITS)}
    columns["cluster"] = random.integers(8, size=TRIAL.n).astype(str).astype(object)
    dark = seen[:, 0] <= np.quantile(seen[:, 0], 1 / PARTS)
    correct = random.random(TRIAL.n) >= 0.1 + (TRIAL.rate if planted else 0.0) * dark
    ids = np.array([f"drawn-{row:05}" for row in range(TRIAL.n)])
    return bool(audit(correct, columns, ids=ids, seed=seed).flagged)
