"""Which images are the same picture: copies to the byte, and copies that were compressed, cropped, mirrored, …"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8
from numpy.typing import NDArray

from vidi.core.dataset import Dataset, Remark
from vidi.ops.perceptual_hash import THUMBNAIL_PX, perceptual_hash
from vidi.ops.similarity import (
    components,
    correlation_ready,
    cosine_pairs,
    hamming_pairs,
    unit_length,
)

LEAST_CORRELATION, SURE_CORRELATION = 0.92, 0.99
ALIGNED_BELOW = 0.97  # a threshold beyond which small crops tell nothing: other pictures fit as well
LEAST_COSINE = 0.90
NOT_HOPELESS = 0.2  # correlation below which no small crop makes a copy
FLAT = 3.0  # standard deviation in grey levels below which a thumbnail shows nothing to compare
SAMPLE, NEIGHBOUR = 500, 5
MOST_CROWDED = 10_000  # pictures: more take minutes, and are cut as chains are
CLOSER = 3.0  # times as near to 1 as chance gets: chosen by benchmarks/duplicates.py
CERTAIN_CORRELATION = 0.997  # a copy among however many that are alike: one in 50 true copies correlates less
LARGEST_CLUSTER = 50
BLOCK, FEW = 2048, 128  # pictures at a time; so few that they stay in the processor's cache
NAMED = 3
# Along one axis what is kept: all, then a twentieth cut off (at both ends or either), then a tenth.
CROPS = ((0.0, 1.0), (0.025, 0.975), (0.0, 0.95), (0.05, 1.0), (0.05, 0.95), (0.0, 0.9), (0.1, 1.0))
SMALL = 4  # so many go with one another; a tenth of one axis goes with a tenth of the other
TOGETHER = tuple((i, j) for i in range(len(CROPS)) for j in range(len(CROPS)) if (i < SMALL) == (j < SMALL))


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


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures, how well their thumbnails correlate, and whether one of them mirrored."""

    rows: Int[np.ndarray, "m 2"]
    correlation: Float32[np.ndarray, " m"]
    mirrored: Bool[np.ndarray, " m"]

    def where(self, keep: Bool[np.ndarray, " m"] | Int[np.ndarray, " k"]) -> "Pairs":
        return Pairs(self.rows[keep], self.correlation[keep], self.mirrored[keep])


def near_pairs(
    thumbnails: UInt8[np.ndarray, "n 32 32"],
    features: Float32[np.ndarray, "n d"] | None = None,
    *,
    closer: float = CLOSER,
) -> Pairs:
    """Pairs i < j that show the same picture, each once: as it is or mirrored, whichever correlates better."""
    mirrored = thumbnails[:, :, ::-1]
    hashes = perceptual_hash(thumbnails)
    least = threshold(thumbnails, closer=closer)
    straight, _ = hamming_pairs(hashes)
    turned, _ = hamming_pairs(hashes, perceptual_hash(mirrored))
    if features is not None:
        alike, _ = cosine_pairs(unit_length(features), least=LEAST_COSINE)
        straight, turned = np.concatenate([straight, alike]), np.concatenate([turned, alike])
    shown, found = not_flat(thumbnails), []
    for rows, other in ((straight, thumbnails), (turned, mirrored)):
        rows = np.unique(rows[shown[rows].all(axis=1)], axis=0)
        correlation = correlations(thumbnails, other, rows, aligned=least < ALIGNED_BELOW)
        found.append(
            Pairs(rows, correlation, np.full(len(rows), other is mirrored)).where(correlation >= least)
        )
    return outstanding(thumbnails, better(*found), closer=closer)


def better(straight: Pairs, turned: Pairs) -> Pairs:
    """Both together, in order; of a pair that is in both the one that correlates better."""
    rows = np.concatenate([straight.rows, turned.rows])
    both = Pairs(
        rows,
        np.concatenate([straight.correlation, turned.correlation]),
        np.concatenate([straight.mirrored, turned.mirrored]),
    )
    order = np.lexsort((both.mirrored, -both.correlation, rows[:, 1], rows[:, 0]))
    ordered = both.where(order)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(ordered.rows, axis=0) != 0).any(axis=1)
    return ordered.where(new)


def outstanding(thumbnails: UInt8[np.ndarray, "n 32 32"], pairs: Pairs, *, closer: float) -> Pairs:
    """The pairs that are `closer` times as near to 1 as each of the two gets to its own fifth neighbour.

    Asked where a picture is in several pairs: among pictures that are alike by nature (cells of one module, discs on
    white) one that is like the next is no copy for that. Beyond CERTAIN_CORRELATION it is one, so that six frames of
    one scene remain copies.
    """
    rows, count = np.unique(pairs.rows, return_counts=True)
    crowded = rows[count > 1][:MOST_CROWDED]
    chance = np.full(len(thumbnails), -1.0, dtype=np.float32)
    for start in range(0, len(crowded), BLOCK):
        part = crowded[start : start + BLOCK]
        chance[part] = neighbour_correlation(thumbnails, part)
    if not len(crowded):
        return pairs
    near = 1 - pairs.correlation <= (1 - chance[pairs.rows].max(axis=1)) / closer
    return pairs.where(near | (pairs.correlation >= CERTAIN_CORRELATION))


def threshold(thumbnails: UInt8[np.ndarray, "n 32 32"], *, closer: float = CLOSER) -> float:
    """The correlation from which two thumbnails count as one picture: a third as far from 1 as chance gets.

    Chance is how well a picture correlates with its fifth nearest neighbour, which is seldom a copy of it; of 500
    pictures the value that one in a hundred exceeds. Digits and hands are alike by nature, photographs are not.
    """
    sample = np.arange(len(thumbnails))[:: max(1, len(thumbnails) // SAMPLE)][:SAMPLE]
    chance = float(np.quantile(neighbour_correlation(thumbnails, sample), 0.99)) if len(sample) else 0.0
    return float(np.clip(1 - (1 - chance) / closer, LEAST_CORRELATION, SURE_CORRELATION))


def neighbour_correlation(
    thumbnails: UInt8[np.ndarray, "n 32 32"], rows: Int[np.ndarray, " m"]
) -> Float32[np.ndarray, " m"]:
    """How well each of these pictures correlates with its fifth nearest neighbour; -1 if there are not so many."""
    queries = correlation_ready(thumbnails[rows])
    best = np.full((len(queries), NEIGHBOUR + 1), -1.0, dtype=np.float32)  # itself is the nearest
    for start in range(0, len(thumbnails), BLOCK):
        more = np.concatenate(
            [best, queries @ correlation_ready(thumbnails[start : start + BLOCK]).T], axis=1
        )
        best = -np.partition(-more, NEIGHBOUR, axis=1)[:, : NEIGHBOUR + 1]
    return np.asarray(best[:, NEIGHBOUR])


def not_flat(thumbnails: UInt8[np.ndarray, "n 32 32"]) -> Bool[np.ndarray, " n"]:
    """Which thumbnails show something to compare."""
    shown = np.zeros(len(thumbnails), dtype=bool)
    for start in range(0, len(thumbnails), BLOCK):
        shown[start : start + BLOCK] = thumbnails[start : start + BLOCK].std(axis=(1, 2)) >= FLAT
    return shown


@functools.cache
def crop_matrices() -> Float32[np.ndarray, "c 32 32"]:
    """Matrices that stretch a part of a line of pixels (see CROPS) to the whole line, by linear interpolation."""
    place = np.arange(THUMBNAIL_PX)
    made = []
    for start, end in CROPS:
        source = (place + 0.5) * (end - start) + start * THUMBNAIL_PX - 0.5
        made.append(np.maximum(0, 1 - np.abs(np.clip(source, 0, THUMBNAIL_PX - 1)[:, None] - place[None, :])))
    return np.stack(made).astype(np.float32)


def correlations(
    images: UInt8[np.ndarray, "n 32 32"],
    others: UInt8[np.ndarray, "n 32 32"],
    pairs: Int[np.ndarray, "m 2"],
    *,
    aligned: bool,
) -> Float32[np.ndarray, " m"]:
    """How well `images[i]` and `others[j]` correlate; if `aligned`, when either is best cropped by up to 10 %."""
    result = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), BLOCK):
        i, j = pairs[start : start + BLOCK].T
        one, other = correlation_ready(images[i]), correlation_ready(others[j])
        here = np.einsum("np,np->n", one, other)
        close = np.flatnonzero(here >= NOT_HOPELESS) if aligned else np.zeros(0, dtype=np.int64)
        for moving, still in ((images[i[close]], other[close]), (others[j[close]], one[close])):
            here[close] = np.maximum(here[close], best_crop(moving, still))
        result[start : start + BLOCK] = here
    return result


def best_crop(
    images: UInt8[np.ndarray, "n 32 32"], still: Float32[np.ndarray, "n p"]
) -> Float32[np.ndarray, " n"]:
    """The highest correlation of each image, cropped in any of 25 ways, with what it is to be compared to."""
    best = np.full(len(images), -1.0, dtype=np.float32)
    for start in range(0, len(images), FEW):
        wide, here = images[start : start + FEW].astype(np.float32), best[start : start + FEW]
        tall = [np.matmul(vertical, wide) for vertical in crop_matrices()]
        for i, j in TOGETHER:
            moved = np.matmul(tall[i], crop_matrices()[j].T).reshape(len(here), -1)
            spread = np.einsum("np,np->n", moved, moved) - moved.sum(axis=1) ** 2 / moved.shape[1]
            product = np.einsum("np,np->n", moved, still[start : start + FEW])  # whose mean is 0
            np.maximum(here, product / np.sqrt(np.maximum(spread, 1e-6)), out=here)
    return best


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
