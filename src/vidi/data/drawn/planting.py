"""What every planted fault has in common: the record of where it is, and how rows are chosen, changed and added."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int, UInt8

from vidi.core.dataset import SPLITS, Dataset
from vidi.core.errors import nearest_names
from vidi.data.drawn.examples import Drawn, hashes

Where = Mapping[str, str]


def _no_rows() -> Int[np.ndarray, " r"]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Planted:
    """A faulty data set, and exactly where its fault is.

    `rows` are the faulty rows, by their numbers in it, and `what` says of each what was done. `source` gives for
    every row the row of the clean data set that it comes from; rows that were added stand at the end. `removed`
    are rows of the clean data set that are gone.
    """

    fault: str
    drawn: Drawn
    rows: Int[np.ndarray, " m"]
    what: tuple[str, ...]
    source: Int[np.ndarray, " n"]
    removed: Int[np.ndarray, " r"] = field(default_factory=_no_rows)

    def __post_init__(self) -> None:
        assert len(self.rows) == len(self.what) and len(self.source) == len(self.drawn.images)

    @property
    def dataset(self) -> Dataset:
        return self.drawn.dataset

    @property
    def images(self) -> UInt8[np.ndarray, "n s s 3"]:
        return self.drawn.images

    @property
    def pairs(self) -> Int[np.ndarray, "m 2"]:
        """For copies: the number of the original and that of the copy, both in the faulty data set."""
        return np.stack([self.source[self.rows], self.rows], axis=1)


def generator(fault: str, seed: int) -> np.random.Generator:
    """Numbers of this fault's own: two faults with one seed choose rows independently."""
    return np.random.default_rng([seed, zlib.crc32(fault.encode())])


def count_of(share: float, n: int, name: str = "rate") -> int:
    """`share` of n, a half rounded up; raises ValueError unless the share is in [0, 1]."""
    if not 0 <= share <= 1:
        raise ValueError(f"{name} is a share in [0, 1]; got {share}")
    return int(share * n + 0.5)


def chosen(
    candidates: Int[np.ndarray, " n"], rate: float, random: np.random.Generator
) -> Int[np.ndarray, " m"]:
    """`rate` of the candidates, rounded, in random order; a higher rate only adds to a lower one's."""
    return random.permutation(candidates)[: count_of(rate, len(candidates))]


def eligible(
    dataset: Dataset, *, where: Where | None = None, splits: Sequence[str] = SPLITS
) -> Int[np.ndarray, " n"]:
    """The rows in these splits whose attributes have the values of `where`, in order."""
    for name in splits:
        if name not in SPLITS:
            raise ValueError(f"splits are some of {', '.join(SPLITS)}; got {name!r}")
    fits = np.isin(dataset.column("split"), list(splits))
    for name, value in (where or {}).items():
        known = ["target", *dataset.attributes]
        if name not in known:
            raise ValueError(
                f"{name!r} is no attribute here: there are {', '.join(known)}{nearest_names(name, known)}"
            )
        column = dataset.column(name).astype(str)
        if value not in column:
            raise ValueError(f"no row has {name} {value!r}; its values are {', '.join(np.unique(column))}")
        fits &= column == value
    return np.flatnonzero(fits)


def clean(fault: str, drawn: Drawn) -> Planted:
    """Nothing planted: the very same data set and pictures."""
    return Planted(fault, drawn, _no_rows(), (), np.arange(len(drawn.images)))


def repainted(
    fault: str,
    drawn: Drawn,
    rows: Int[np.ndarray, " m"],
    pixels: UInt8[np.ndarray, "m s s 3"],
    what: Sequence[str],
) -> Planted:
    """The same rows, some with other pictures."""
    images = drawn.images.copy()
    images[rows] = pixels
    content = drawn.dataset.column("hash").copy()
    content[rows] = hashes(pixels)
    changed = drawn.dataset.with_column("hash", pa.array(content.tolist()))
    return Planted(fault, Drawn(changed, images), rows, tuple(what), np.arange(len(images)))


def with_copies(
    fault: str,
    drawn: Drawn,
    source: Int[np.ndarray, " m"],
    pixels: UInt8[np.ndarray, "m s s 3"],
    what: Sequence[str],
    *,
    split: str | None = None,
) -> Planted:
    """Rows added at the end that say what their sources say, with these pictures and names of their own."""
    dataset, n = drawn.dataset, len(drawn.images)
    rows = n + np.arange(len(source))
    added = dataset.take(source)
    paths = [Path(str(path)) for path in added.column("path")]
    names = [
        f"{path.parent}/{row:05}-{fault}-of-{path.stem}.png" for row, path in zip(rows, paths, strict=True)
    ]
    added = replaced(
        added,
        id=[f"{fault}-{row:05}" for row in rows],
        path=names,
        hash=hashes(pixels),
        **({} if split is None else {"split": [split] * len(rows)}),
    )
    table = pa.concat_tables([dataset.table, added.table.cast(dataset.table.schema)])
    together = Drawn(replace(dataset, table=table), np.concatenate([drawn.images, pixels]))
    return Planted(fault, together, rows, tuple(what), np.concatenate([np.arange(n), source]))


def replaced(dataset: Dataset, **columns: Sequence[Any]) -> Dataset:
    """The same with these columns."""
    for name, values in columns.items():
        dataset = dataset.with_column(name, pa.array(list(values)))
    return dataset
