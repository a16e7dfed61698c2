"""Which examples are learned from, tuned on and tested on: whole groups, every class in its share, by content."""

import numpy as np
import pyarrow as pa
from jaxtyping import Int, Shaped

from vidi.core.dataset import SPLITS, Dataset, Remark
from vidi.core.errors import UsageError
from vidi.data.given_split import given_split, group_leaks, listed
from vidi.data.stratified import TEST, TRAIN, VALIDATION, Shares, apportion, parts_of
from vidi.ops.similarity import components


def split(
    dataset: Dataset,
    *,
    cluster: Int[np.ndarray, " n"],
    shares: Shares = (0.7, 0.1, 0.2),
    seed: int = 0,
    group: str | None = None,
    mend_leaks: bool = False,
) -> Dataset:
    """The dataset with every row in train, validation or test.

    Rows of one `cluster` (near duplicates), with the same value of `group` (default: the dataset's) or with the
    same content stay together. What goes where depends on the seed and on contents, not on names or order.
    A split that came with the data is kept: validation is cut from train where there is none; where there is no
    test, the given validation becomes it. With `mend_leaks`, what train and validation share with test is left
    out of them. Raises UsageError where train would lack a class, or where there is nothing to hold out.
    """
    check_shares(shares)
    if len(cluster) != len(dataset):
        raise ValueError(f"one cluster number for each of {len(dataset)} rows was wanted; got {len(cluster)}")
    unit = units(dataset, cluster, group or dataset.group)
    given, remarks = given_split(dataset, unit)
    if given is None:
        place = apportion(dataset, unit, np.arange(len(dataset)), shares, seed)
    else:
        place = given
        if not (place == VALIDATION).any():
            train = np.flatnonzero(place == TRAIN)
            part = shares[VALIDATION] / (shares[TRAIN] + shares[VALIDATION])
            cut: Shares = (1 - part, part, 0.0)
            place[train] = apportion(dataset, unit, train, cut, seed)
        remarks += group_leaks(dataset, place, group or dataset.group)
    if not (place == TEST).any():
        raise UsageError(
            f"nothing of {dataset.name} can be held out for a test: each class has one image only, or one group "
            "of images that belong together; give more images, or images of more groups"
        )
    done = dataset.with_column("split", pa.array(np.array(SPLITS, dtype=object)[place], pa.string()))
    if mend_leaks and given is not None:
        done, more = mended(done, unit)
        remarks += more
    return done.remarked([*remarks, *missing_classes(done)])


def check_shares(shares: Shares) -> None:
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6 or not shares[0] or not shares[2]:
        raise ValueError(
            "shares are those of train, validation and test: they add up to 1, and only validation may be 0; "
            f"got {shares}"
        )


def units(dataset: Dataset, cluster: Int[np.ndarray, " n"], group: str | None) -> Int[np.ndarray, " n"]:
    """A number for each row; rows with the same number must stay together."""
    columns = [np.unique(cluster, return_inverse=True)[1], codes(dataset.column("hash"))]
    if group is not None:
        columns.append(codes(dataset.column(group)))
    n, pairs, nodes = len(dataset), [], len(dataset)
    for column in columns:
        pairs.append(np.stack([np.arange(n), nodes + column], axis=1))
        nodes += int(column.max(initial=-1)) + 1
    return components(nodes, np.concatenate(pairs))[:n]


def codes(values: Shaped[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The same number for the same value; a number of its own for each that is missing."""
    known: dict[object, int] = {}
    numbers = [
        known.setdefault(("", place) if value is None or value != value else value, len(known))
        for place, value in enumerate(values.tolist())
    ]
    return np.array(numbers, dtype=np.int64)


def mended(dataset: Dataset, unit: Int[np.ndarray, " n"]) -> tuple[Dataset, list[Remark]]:
    """Without the rows of train and validation that belong together with a row of test."""
    in_test = dataset.column("split") == "test"
    leaks = np.isin(unit, unit[in_test]) & ~in_test
    if not leaks.any():
        return dataset, []
    names = dataset.column("path")[leaks].tolist()
    what = "left out of train and validation, because their likes are in test"
    return dataset.take(np.flatnonzero(~leaks)), [
        Remark("leak", f"{len(names):,} images: {listed(names)}", what)
    ]


def missing_classes(dataset: Dataset) -> list[Remark]:
    """A remark for each split that lacks classes."""
    parts, remarks = parts_of(dataset), []
    for name in SPLITS[1:]:
        there = {part for row in dataset.where(name) for part in parts[row]}
        absent = [label for label in dataset.labels if label not in there]
        if absent:
            remarks.append(Remark("split", name, f"has no example of {listed(absent)}"))
    return remarks


def load_split(dataset: Dataset, saved: pa.Table) -> Dataset:
    """The dataset with a split as it was saved; raises UsageError if it holds images the saved one did not."""
    where = dict(zip(saved.column("hash").to_pylist(), saved.column("split").to_pylist(), strict=True))
    hashes = dataset.column("hash").tolist()
    new = [
        path for path, key in zip(dataset.column("path").tolist(), hashes, strict=True) if key not in where
    ]
    if new:
        raise UsageError(
            f"the data have changed since they were split: {listed(new)} was not there or has other content; "
            "restore the data or start a new run"
        )
    return dataset.with_column("split", pa.array([where[key] for key in hashes], pa.string()))
