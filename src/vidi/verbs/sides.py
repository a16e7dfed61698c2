"""What each of several runs said of the images they all held out, side by side by content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from vidi.ops.paired import PairedDifference


@dataclass(frozen=True)
class Side:
    """What a run said of the images it held out, by content; `seen` are images it was trained or chosen on."""

    path: Path
    task: str
    answers: Mapping[str, Mapping[str, Any]]
    seen: frozenset[str]
    labels: tuple[str, ...]
    group: str | None


@dataclass(frozen=True)
class Difference:
    """Second minus first in one metric (`of` a label)."""

    name: str
    of: str
    paired: PairedDifference

    def record(self) -> dict[str, Any]:
        numbers = {key: None if value != value else value for key, value in vars(self.paired).items()}
        return {"name": self.name, "of": self.of, **numbers}


@dataclass(frozen=True)
class Compared:
    """A pair's differences, the one that decides first; its p value; `counts` of images; how good each answer is."""

    differences: tuple[Difference, ...]
    p: float
    counts: Mapping[str, int]
    quality: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]


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
    table: pa.Table = pq.read_table(path / "predictions.parquet")
    return Side(
        path,
        results["task"],
        {content[row["id"]]: row for row in table.to_pylist()},
        frozenset(key for key, split in parts if split != "test"),
        tuple(results["labels"]),
        results["data"].get("group"),
    )


def refuse_strangers(sides: Sequence[Side]) -> None:
    """Raises UsageError for runs of several tasks, or of other labels."""
    first = sides[0]
    for other in sides[1:]:
        if other.task != first.task:
            raise UsageError(
                f"{other.path} is a run of the task {other.task}, {first.path} of {first.task}: runs of one task are "
                "compared"
            )
        if set(other.labels) != set(first.labels):
            apart = sorted(set(other.labels) ^ set(first.labels))[:5]
            raise UsageError(f"{other.path} and {first.path} answer with other labels ({', '.join(apart)})")


def refuse_other_truths(first: Side, second: Side, shared: Sequence[str]) -> None:
    """Raises UsageError where what was true has changed between two runs."""
    other = sum(first.answers[key]["truth"] != second.answers[key]["truth"] for key in shared)
    if other:
        raise UsageError(
            f"{other:,} of {len(shared):,} images have other labels in {second.path} than in {first.path}"
        )


def groups_of(side: Side, shared: Sequence[str]) -> NDArray[np.int64] | None:
    """Numbers of the group column that the run was split by."""
    if side.group is None or side.group not in next(iter(side.answers.values())):
        return None
    return numbered(side.answers[key][side.group] for key in shared)
