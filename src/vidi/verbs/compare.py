"""Two runs on the same images: is one better, or is it luck?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float
from numpy.typing import NDArray

from vidi.core.dataset import numbered
from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder
from vidi.ops.multiple import holm
from vidi.ops.paired import PairedDifference, mcnemar, paired_bootstrap, paired_counts

LEVEL = 0.05
FEWEST = 10


@dataclass(frozen=True)
class Side:
    """What a run said of the images it held out, by content; `seen` are images it was trained or chosen on."""

    path: Path
    answers: Mapping[str, Mapping[str, Any]]
    seen: frozenset[str]
    labels: tuple[str, ...]
    group: str | None


@dataclass(frozen=True)
class Pair:
    """Second minus first on the images that both held out, and what to make of it."""

    first: str
    second: str
    n: int
    counts: tuple[int, int, int, int]
    accuracy: PairedDifference
    log_loss: PairedDifference
    p: float
    adjusted: float
    sentence: str

    def record(self) -> dict[str, Any]:
        both, first_only, second_only, neither = self.counts
        return {
            "first": self.first,
            "second": self.second,
            "n": self.n,
            "right": {"both": both, "first only": first_only, "second only": second_only, "neither": neither},
            "accuracy_difference": vars(self.accuracy),
            "log_loss_difference": vars(self.log_loss),
            "p": self.p,
            "p_adjusted": self.adjusted,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Comparison:
    """Every pair of runs, and how many images they were compared on."""

    pairs: tuple[Pair, ...]
    left_out: int

    def record(self) -> dict[str, Any]:
        return {"left_out": self.left_out, "pairs": [pair.record() for pair in self.pairs]}


def compare(runs: Sequence[str | Path], *, seed: int = 0) -> Comparison:
    """Paired differences of accuracy and log loss (second minus first), McNemar's p value, Holm's for several pairs.

    Compared on images that all runs held out, and none was trained, chosen or calibrated on. Raises UsageError if fewer
    than ten are left, or if the runs' labels differ.
    """
    if len(runs) < 2:
        raise UsageError("vidi compare wants two runs or more")
    sides = [side(Path(run)) for run in runs]
    labels = sides[0].labels
    for other in sides[1:]:
        if set(other.labels) != set(labels):
            apart = sorted(set(other.labels) ^ set(labels))[:5]
            raise UsageError(
                f"{other.path} and {sides[0].path} answer with other labels ({', '.join(apart)})"
            )
    anywhere = set().union(*(each.answers for each in sides))
    shared = sorted(set(sides[0].answers).intersection(*(each.answers for each in sides[1:])))
    shared = [key for key in shared if not any(key in each.seen for each in sides)]
    if len(shared) < FEWEST:
        raise UsageError(
            f"the runs share {len(shared)} images that all of them held out, and {FEWEST} are the fewest to compare "
            "on: train them on the same data with the same --seed"
        )
    found = [pair(one, other, shared, seed) for one, other in combinations(sides, 2)]
    adjusted = holm(np.asarray([each[0] for each in found]))
    pairs = [finish(float(p)) for (_, finish), p in zip(found, adjusted, strict=True)]
    return Comparison(tuple(pairs), len(anywhere) - len(shared))


def side(path: Path) -> Side:
    """A finished run's predictions by content."""
    folder = RunFolder.open(path)
    for name in ("predictions.parquet", "splits.parquet"):
        folder.check(name)
        if not (path / name).exists():
            raise UsageError(f"{path} is not finished; go on with vidi train --resume {path}")
    splits = pq.read_table(path / "splits.parquet", columns=["id", "hash", "split"])
    content = dict(zip(*(splits.column(name).to_pylist() for name in ("id", "hash")), strict=True))
    parts = zip(*(splits.column(name).to_pylist() for name in ("hash", "split")), strict=True)
    results = folder.read("results.json", "results")
    if results["task"] != "classification":
        raise UsageError(f"{path} is a run of the task {results['task']}; classification is compared so far")
    table: pa.Table = pq.read_table(path / "predictions.parquet")
    return Side(
        path,
        {content[row["id"]]: row for row in table.to_pylist()},
        frozenset(key for key, split in parts if split != "test"),
        tuple(results["labels"]),
        results["data"].get("group"),
    )


def pair(first: Side, second: Side, shared: Sequence[str], seed: int) -> tuple[float, Any]:
    """McNemar's p value, and what makes the pair once it is adjusted."""
    rights = [right(each, shared) for each in (first, second)]
    losses = [loss(each, shared) for each in (first, second)]
    refuse_other_truths(first, second, shared)
    group = groups_of(first, shared)
    counts = paired_counts(rights[0], rights[1])
    accuracy, log_loss = (
        paired_bootstrap(column(b), column(a), lambda sums: sums[:, :1] / sums[:, 1:], seed=seed, group=group)
        for a, b in (rights, losses)
    )
    p = mcnemar(counts[1], counts[2]) if group is None else accuracy.p

    def finish(adjusted: float) -> Pair:
        said = sentence(first, second, accuracy, adjusted)
        names = (str(first.path), str(second.path))
        return Pair(*names, len(shared), counts, accuracy, log_loss, p, adjusted, said)

    return p, finish


def right(side: Side, shared: Sequence[str]) -> NDArray[np.bool_]:
    return np.asarray([side.answers[key]["truth"] == side.answers[key]["prediction"] for key in shared])


def loss(side: Side, shared: Sequence[str]) -> NDArray[np.float64]:
    """Minus the logarithm of the probability of the truth."""
    given = [side.answers[key][f"p({side.answers[key]['truth']})"] for key in shared]
    return np.asarray(-np.log(np.clip(given, 1e-12, 1.0)), np.float64)


def column(values: NDArray[Any]) -> Float[np.ndarray, "n 2"]:
    """Beside each value a one, so that their sums give a mean."""
    return np.stack([values.astype(np.float64), np.ones(len(values))], axis=1)


def refuse_other_truths(first: Side, second: Side, shared: Sequence[str]) -> None:
    other = sum(first.answers[key]["truth"] != second.answers[key]["truth"] for key in shared)
    if other:
        raise UsageError(
            f"{other:,} of {len(shared):,} images have other labels in {second.path} than in {first.path}"
        )


def groups_of(side: Side, shared: Sequence[str]) -> NDArray[np.int64] | None:
    """Numbers of the group column that the first run was split by."""
    if side.group is None or side.group not in next(iter(side.answers.values())):
        return None
    return numbered(side.answers[key][side.group] for key in shared)


def sentence(first: Side, second: Side, accuracy: PairedDifference, p: float) -> str:
    """Better, worse, or luck."""
    if not p < LEVEL:
        return f"cannot tell {second.path} from {first.path}: the difference is within what luck does (p = {p:.3g})"
    better, worse = (second, first) if accuracy.difference > 0 else (first, second)
    return f"{better.path} is better than {worse.path} (p = {p:.2g})"
