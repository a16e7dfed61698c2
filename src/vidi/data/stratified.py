"""Whole units dealt out to train, validation and test, every label in its share.

Iterative stratification: Sechidis, Tsoumakas & Vlahavas 2011, On the Stratification of Multi-Label Data, algorithm 1.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vidi.core.dataset import Dataset

Shares = tuple[float, float, float]
TRAIN, VALIDATION, TEST = range(3)


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
