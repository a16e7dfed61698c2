"""A split that came with the data: kept where it can be, and what it lacks said."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from vidi.core.dataset import SPLITS, Dataset, Remark
from vidi.core.errors import UsageError
from vidi.data.stratified import TEST, TRAIN, VALIDATION, parts_of

NAMED = 5


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


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(map(str, names[:NAMED])) + (f" and {more:,} more" if more > 0 else "")
