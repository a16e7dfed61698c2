"""Pairs of thumbnails that show one picture (compressed, cropped, mirrored) beyond what chance makes alike."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

from vidi.ops.perceptual_hash import THUMBNAIL_PX, perceptual_hash
from vidi.ops.similarity import correlation_ready, cosine_pairs, hamming_pairs, unit_length

LEAST_CORRELATION, SURE_CORRELATION = 0.92, 0.99
ALIGNED_BELOW = 0.97  # a threshold beyond which small crops tell nothing: other pictures fit as well
LEAST_COSINE = 0.90
NOT_HOPELESS = 0.2  # correlation below which no small crop makes a copy
FLAT = 3.0  # standard deviation in grey levels below which a thumbnail shows nothing to compare
SAMPLE, NEIGHBOUR = 500, 5
MOST_CROWDED = 10_000  # pictures: more take minutes, and are cut as chains are
CLOSER = 3.0  # times as near to 1 as chance gets: chosen by benchmarks/duplicates.py
CERTAIN_CORRELATION = 0.997  # a copy among however many that are alike: one in 50 true copies correlates less
BLOCK, FEW = 2048, 128  # pictures at a time; so few that they stay in the processor's cache
# Along one axis what is kept: all, then a twentieth cut off (at both ends or either), then a tenth.
CROPS = ((0.0, 1.0), (0.025, 0.975), (0.0, 0.95), (0.05, 1.0), (0.05, 0.95), (0.0, 0.9), (0.1, 1.0))
SMALL = 4  # so many go with one another; a tenth of one axis goes with a tenth of the other
TOGETHER = tuple((i, j) for i in range(len(CROPS)) for j in range(len(CROPS)) if (i < SMALL) == (j < SMALL))


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
