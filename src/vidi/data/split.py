"""Which examples are learned from, tuned on and tested on: whole groups, every class in its share, by content."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Int, Shaped
from numpy.typing import NDArray

from vidi.core.dataset import SPLITS, Dataset, Remark
from vidi.core.errors import UsageError
from vidi.ops.similarity import components

Shares = tuple[float, float, float]
TRAIN, VALIDATION, TEST = range(3)
NAMED = 5


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


def given_split(
    dataset: Dataset, unit: Int[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " n"] | None, list[Remark]]:
    """Each row's place by the split that came with the data; None if there is none to keep."""
    said = [SPLITS.index(value) if value in SPLITS else -1 for value in dataset.column("split").tolist()]
    place, remarks = np.array(said, dtype=np.int64), []
    present = {SPLITS[number] for number in set(said) - {-1}}
    if len(present) < 2:
        if present:
            what = f"every example that names a split is in {present.pop()}, so the data are split anew"
            remarks.append(Remark("split", dataset.name, what))
        return None, remarks
    if "train" not in present:
        raise UsageError(
            f"{dataset.name} comes with {' and '.join(sorted(present))} but no train split; add one or drop the others"
        )
    if (place < 0).any():
        remarks.append(place_the_rest(dataset, place, unit))
    if "test" not in present:
        place[place == VALIDATION] = TEST
        what = (
            "the given validation split is held out as the test, and a new validation split is cut from train"
        )
        remarks.append(Remark("split", dataset.name, what))
    if dataset.scheme is None:
        refuse_untaught(dataset, place)
    else:
        remarks += untaught_classes(dataset, place)
    return place, remarks


def place_the_rest(dataset: Dataset, place: Int[np.ndarray, " n"], unit: Int[np.ndarray, " n"]) -> Remark:
    """Put rows without a split beside those they belong together with, else in train (in place)."""
    open_rows = np.flatnonzero(place < 0)
    beside: dict[int, int] = {}
    for row in np.flatnonzero(place >= 0):
        beside[int(unit[row])] = max(beside.get(int(unit[row]), TRAIN), int(place[row]))
    place[open_rows] = [beside.get(int(unit[row]), TRAIN) for row in open_rows]
    what = f"{len(open_rows):,} examples name no split; they join their near duplicates, or else train"
    return Remark("split", dataset.name, what)


def refuse_untaught(dataset: Dataset, place: Int[np.ndarray, " n"]) -> None:
    """Raises UsageError if the given train split lacks a class."""
    parts = parts_of(dataset)
    taught = {part for row in np.flatnonzero(place == TRAIN) for part in parts[row]}
    untaught = [label for label in dataset.labels if label not in taught]
    if untaught:
        raise UsageError(
            f"every class must be in the train split that comes with {dataset.name}; it has no example of "
            f"{listed(untaught)}: add some, or leave the split out so that vidi makes one"
        )


def untaught_classes(dataset: Dataset, place: Int[np.ndarray, " n"]) -> list[Remark]:
    """A remark for each class that is drawn, but on no image of train; boxes may still serve."""
    parts = parts_of(dataset)
    taught = {part for row in np.flatnonzero(place == TRAIN) for part in parts[row]}
    drawn = {part for each in parts for part in each} - {""}
    return [
        Remark("split", label, "is drawn, but on no image of train: it cannot be learned")
        for label in dataset.labels
        if label in drawn and label not in taught
    ]


def parts_of(dataset: Dataset) -> list[list[str]]:
    """Each row's labels."""
    return [text.split("|") if dataset.several else [text] for text in dataset.column("target").tolist()]


@dataclass
class Unit:
    """Rows that stay together: how many of each label, and where they come in a shuffled order."""

    rows: NDArray[np.int64]
    labels: dict[int, int]
    order: bytes


def apportion(
    dataset: Dataset, unit: Int[np.ndarray, " n"], rows: NDArray[np.int64], shares: Shares, seed: int
) -> Int[np.ndarray, " m"]:
    """A place for each of `rows`, whole units to each, every label in about its share.

    Iterative stratification (Sechidis et al. 2011, algorithm 1) with units in place of examples: the rarest label
    first, each unit to where that label is most wanted. Units so large that they decide a split come first.
    """
    parcels = parcels_of(dataset, unit, rows, seed)
    kinds = len(dataset.labels) + 1
    left = np.zeros(kinds, dtype=np.int64)
    for parcel in parcels:
        for label, count in parcel.labels.items():
            left[label] += count
    wanted = np.stack([quotas(int(total), shares) for total in left], axis=1)
    place = deal(parcels, left, wanted, large=min(s for s in shares if s) * len(rows) / 10)
    teach_all(parcels, place, kinds)
    if shares[TEST] and not (place == TEST).any():
        test_before_validation(parcels, place)
    result = np.empty(len(rows), dtype=np.int64)
    for parcel, where in zip(parcels, place, strict=True):
        result[parcel.rows] = where
    return result


def parcels_of(
    dataset: Dataset, unit: Int[np.ndarray, " n"], rows: NDArray[np.int64], seed: int
) -> list[Unit]:
    """The units among `rows`, in an order that only contents and the seed decide. Their rows count within `rows`."""
    number = {label: place for place, label in enumerate(dataset.labels)}
    parts, hashes = parts_of(dataset), dataset.column("hash")
    members: dict[int, list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        members.setdefault(int(unit[row]), []).append(place)
    parcels = []
    for places in members.values():
        labels: dict[int, int] = {}
        for place in places:
            for part in parts[rows[place]]:
                label = number.get(part, len(number))
                labels[label] = labels.get(label, 0) + 1
        first = min(str(hashes[rows[place]]) for place in places)
        order = hashlib.blake2b(f"{seed}:{first}".encode(), digest_size=16).digest()
        parcels.append(Unit(np.array(places), dict(sorted(labels.items())), order))
    return sorted(parcels, key=lambda parcel: parcel.order)


def quotas(total: int, shares: Shares) -> Int[np.ndarray, " 3"]:
    """Whole numbers near `total * shares` that add up to `total`.

    Train gets at least one; then test, if there are two; then validation, if there are four.
    """
    exact = np.array(shares) * total
    least = np.array([total >= 1, shares[VALIDATION] > 0 and total >= 4, shares[TEST] > 0 and total >= 2])
    count: NDArray[np.int64] = np.maximum(np.floor(exact), least).astype(np.int64)
    while count.sum() < total:
        count[np.argmax(np.where(np.array(shares) > 0, exact - count, -np.inf))] += 1
    while count.sum() > total:
        count[np.argmax(np.where(count > least, count - exact, -np.inf))] -= 1
    return count


def deal(
    parcels: Sequence[Unit], totals: Int[np.ndarray, " k"], quota: Int[np.ndarray, "3 k"], *, large: float
) -> Int[np.ndarray, " u"]:
    """A place for each parcel, so that each label comes near its quota in each split."""
    holders: dict[int, list[int]] = {}
    sizes = [len(parcel.rows) for parcel in parcels]
    for number in sorted(range(len(parcels)), key=lambda p: -sizes[p] if sizes[p] > large else 0):
        for label in parcels[number].labels:
            holders.setdefault(label, []).append(number)
    left, wanted, overall = totals.copy(), quota.tolist(), quota.sum(axis=1).tolist()
    place = [-1] * len(parcels)
    while left.any():
        label = int(np.where(left > 0, left, np.iinfo(np.int64).max).argmin())
        for number in holders[label]:
            if place[number] >= 0:
                continue
            place[number] = where = max(range(3), key=lambda s: (wanted[s][label], overall[s], -s))
            for other, count in parcels[number].labels.items():
                wanted[where][other] -= count
                overall[where] -= count
                left[other] -= count
    return np.array(place, dtype=np.int64)


def teach_all(parcels: Sequence[Unit], place: Int[np.ndarray, " u"], kinds: int) -> None:
    """Move the smallest parcel of each label that train lacks into train (in place)."""
    taught = {
        label
        for parcel, where in zip(parcels, place, strict=True)
        if where == TRAIN
        for label in parcel.labels
    }
    for label in sorted(set(range(kinds)) - taught):
        holders = [number for number, parcel in enumerate(parcels) if label in parcel.labels]
        if holders:
            place[min(holders, key=lambda number: (len(parcels[number].rows), parcels[number].order))] = TRAIN


def test_before_validation(parcels: Sequence[Unit], place: Int[np.ndarray, " u"]) -> None:
    """Move the smallest parcel of validation into a test that would be empty (in place)."""
    spare = np.flatnonzero(place == VALIDATION).tolist()
    if spare:
        place[min(spare, key=lambda number: (len(parcels[number].rows), parcels[number].order))] = TEST


def group_leaks(dataset: Dataset, place: Int[np.ndarray, " n"], group: str | None) -> list[Remark]:
    """A remark for each value of `group` that stands on both sides of a given split."""
    if group is None:
        return []
    places: dict[object, set[int]] = {}
    for value, where in zip(dataset.column(group).tolist(), place.tolist(), strict=True):
        if value is not None and value == value:
            places.setdefault(value, set()).add(where)
    return [
        Remark("leak", f"{group} {value}", f"is in {' and '.join(SPLITS[w] for w in sorted(where))}")
        for value, where in places.items()
        if TEST in where and len(where) > 1
    ]


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


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(map(str, names[:NAMED])) + (f" and {more:,} more" if more > 0 else "")


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
