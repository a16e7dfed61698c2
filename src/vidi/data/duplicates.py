"""Which images are the same picture: copies to the byte, and copies that were compressed, cropped, mirrored, …"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8
from numpy.typing import NDArray

from vidi.core.dataset import Dataset, Remark
from vidi.ops.near_copies import SURE_CORRELATION, Pairs, near_pairs
from vidi.ops.similarity import (
    components,
)

LARGEST_CLUSTER = 50
NAMED = 3


@dataclass(frozen=True)
class Duplicates:
    """`cluster` is the same number for rows that show the same picture.

    `exact` counts the rows whose bytes an earlier row has; `near` those whose picture an earlier row has in other
    bytes. `pairs` are the near ones, as row numbers, `likeness` says how well each correlates, and `mirrored` whether
    one of the two had to be mirrored for that. `copies` pairs each row with the first that has its bytes.
    """

    cluster: Int[np.ndarray, " n"]
    exact: int
    near: int
    pairs: Int[np.ndarray, "m 2"]
    likeness: Float32[np.ndarray, " m"]
    mirrored: Bool[np.ndarray, " m"]
    copies: Int[np.ndarray, "k 2"]
    remarks: list[Remark] = field(default_factory=list)


def find(
    dataset: Dataset,
    *,
    thumbnails: UInt8[np.ndarray, "n 32 32"],
    features: Float32[np.ndarray, "n d"] | None = None,
) -> Duplicates:
    """Clusters of rows with the same picture, and remarks on copies, conflicting labels and leaks between splits.

    Same bytes: always. Else the perceptual hashes (of the picture and of its mirror image) name candidates, and
    with `features` their cosines name more; what counts is then how well the thumbnails correlate, after the best
    of 25 small crops, against how well pictures of this data set do by chance.
    """
    hashes = dataset.column("hash").astype(str)  # sorted by them, so that the order of rows does not matter
    _, first, content = np.unique(hashes, return_index=True, return_inverse=True)
    pairs = near_pairs(
        np.asarray(thumbnails[first]),
        None if features is None else np.asarray(features[first], dtype=np.float32),
    )
    pairs, chained = without_chains(len(first), pairs)
    cluster = components(len(first), pairs.rows)[content]
    found = Duplicates(
        cluster=cluster,
        exact=len(dataset) - len(first),
        near=len(first) - len(np.unique(cluster)),
        pairs=np.sort(first[pairs.rows], axis=1),
        likeness=pairs.correlation,
        mirrored=pairs.mirrored,
        copies=np.stack([first[content], np.arange(len(dataset))], axis=1)[
            first[content] != np.arange(len(dataset))
        ],
    )
    found.remarks.extend([*counted(dataset, found, first), *chained, *disagreements(dataset, found)])
    return found


def without_chains(count: int, pairs: Pairs) -> tuple[Pairs, list[Remark]]:
    """The pairs, without the less certain ones in clusters of more than LARGEST_CLUSTER pictures.

    There likeness was handed on from picture to picture, and the ends need not be alike.
    """
    cluster = components(count, pairs.rows)
    sizes = np.bincount(cluster, minlength=1)
    chained = (
        sizes[cluster[pairs.rows[:, 0]]] > LARGEST_CLUSTER if len(pairs.rows) else np.zeros(0, dtype=bool)
    )
    if not chained.any():
        return pairs, []
    what = (
        f"{int((sizes > LARGEST_CLUSTER).sum())} clusters of up to {sizes.max():,} pictures, each like the next: in "
        f"them only pictures that correlate by {SURE_CORRELATION + 0.005} or more are taken for the same"
    )
    kept = pairs.where(~chained | (pairs.correlation >= SURE_CORRELATION + 0.005))
    return kept, [Remark("near duplicates", "", what)]


def counted(dataset: Dataset, found: Duplicates, first: NDArray[np.int64]) -> list[Remark]:
    """One remark for the exact copies and one for the near ones, each with a few names."""
    paths, hashes = dataset.column("path"), dataset.column("hash")
    remarks = []
    if found.exact:
        original = {hashes[row]: paths[row] for row in first}
        again = sorted(set(range(len(dataset))) - set(first.tolist()))
        names = [f"{paths[row]} = {original[hashes[row]]}" for row in again[:NAMED]]
        remarks.append(
            Remark(
                "exact duplicates",
                few(names, found.exact),
                told(found.exact, "is a copy to the byte", "are copies to the byte"),
            )
        )
    if found.near:
        names = [f"{paths[i]} ~ {paths[j]}" for i, j in found.pairs[:NAMED]]
        what = told(found.near, "seems", "seem") + " to show the picture of another in other bytes"
        remarks.append(Remark("near duplicates", few(names, len(found.pairs)), what))
    return remarks


def told(count: int, one: str, many: str) -> str:
    return f"1 image {one}" if count == 1 else f"{count:,} images {many}"


def few(names: Sequence[str], count: int) -> str:
    return ", ".join(names) + (", …" if count > len(names) else "")


def disagreements(dataset: Dataset, found: Duplicates) -> list[Remark]:
    """Clusters whose labels conflict, and clusters that stand in several of the given splits."""
    names = ("path", "target", "split", "hash")
    path, target, split, content = (dataset.column(name).tolist() for name in names)
    order = np.argsort(found.cluster, kind="stable")
    bounds = np.flatnonzero(np.diff(found.cluster[order], prepend=-1, append=-1))
    remarks = []
    for start, end in itertools.pairwise(bounds.tolist()):
        if end - start < 2:
            continue
        rows = order[start:end].tolist()
        what = "the same image" if len({content[row] for row in rows}) == 1 else "nearly the same image"
        for kind, values, verb in (("conflict", target, "is labelled"), ("leak", split, "is in")):
            if kind == "conflict" and dataset.scheme is not None and what != "the same image":
                continue  # of drawn things others may stand on much the same picture, as on frames of a film
            shown = {values[row]: row for row in reversed(rows) if values[row] is not None}
            if len(shown) > 1:
                said = [(path[row], value) for value, row in sorted(shown.items(), key=lambda item: item[1])]
                where = " and ".join(name for name, _ in said)
                remarks.append(
                    Remark(kind, where, f"{what} {verb} {' and '.join(value for _, value in said)}")
                )
    return remarks
