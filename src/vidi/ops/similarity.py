"""Pairs that are alike, found without comparing everything with everything; and what hangs together."""

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float32, Int, UInt8, UInt64
from numpy.typing import NDArray
from torch import Tensor

CHUNK_BITS = 16
CHUNKS = 64 // CHUNK_BITS
REACH = {2: 12, 1: 6, 0: 2}  # bits that may differ in one chunk: bits that may differ in all
WORK_PER_HASH, WORK_AT_LEAST = 1500, 2_000_000  # comparisons allowed
LARGEST_CELL = 2048
SHORT = 128  # dimensions to which long vectors are reduced for a first look
MOST_PER_VECTOR = 10


def components(nodes: int, pairs: Int[np.ndarray, "m 2"]) -> Int[np.ndarray, " nodes"]:
    """A number for each node: the same for those that pairs connect, in order of first appearance."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    numbers: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers


def hamming_pairs(
    hashes: UInt64[np.ndarray, " n"],
    others: UInt64[np.ndarray, " n"] | None = None,
    *,
    most_per_hash: int = 10,
) -> tuple[Int[np.ndarray, "m 2"], Int[np.ndarray, " m"]]:
    """Pairs i < j where `hashes[i]` and `others[j]` (default: `hashes`) differ in few bits, and in how many.

    Up to 12 bits; fewer where the hashes lie so close together that chance alone would bring a flood of pairs
    (see REACH). At most `most_per_hash * n` pairs, the closest. The time is linear in n in practice.

    Multi-index hashing (Norouzi et al. 2012, arXiv:1307.2982, section 3): hashes that differ in 4r + 3 bits or
    fewer agree to within r bits in one of four chunks of 16 bits. With r = 2 that covers 11 bits in full, and 12
    except where each chunk differs in exactly three.
    """
    others = hashes if others is None else others
    if len(hashes) < 2:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    radius = affordable_radius(hashes, others)
    found = [
        close_in_chunk(hashes, others, chunk, radius=radius, most_bits=REACH[radius])
        for chunk in range(CHUNKS)
    ]
    code = np.unique(np.concatenate(found))
    pairs = np.stack(np.divmod(code, len(hashes)), axis=1)
    bits = np.bitwise_count(hashes[pairs[:, 0]] ^ others[pairs[:, 1]]).astype(np.int64)
    enough = np.searchsorted(np.cumsum(np.bincount(bits, minlength=65)), most_per_hash * len(hashes), "right")
    near = bits < enough
    return pairs[near], bits[near]


def masks(radius: int) -> list[int]:
    """Every chunk with `radius` bits set or fewer."""
    return [
        sum(1 << bit for bit in bits)
        for count in range(radius + 1)
        for bits in itertools.combinations(range(CHUNK_BITS), count)
    ]


def chunk_of(hashes: UInt64[np.ndarray, " n"], chunk: int) -> Int[np.ndarray, " n"]:
    """16 of the 64 bits, as numbers."""
    return ((hashes >> np.uint64(CHUNK_BITS * chunk)) & np.uint64(0xFFFF)).astype(np.int64)


def affordable_radius(hashes: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " n"]) -> int:
    """The largest radius of REACH whose comparisons, counted exactly beforehand, are not too many."""
    allowed = max(WORK_AT_LEAST, WORK_PER_HASH * len(hashes))
    filled = [
        (
            np.bincount(chunk_of(hashes, c), minlength=1 << CHUNK_BITS),
            np.bincount(chunk_of(others, c), minlength=1 << CHUNK_BITS),
        )
        for c in range(CHUNKS)
    ]
    for radius in sorted(REACH, reverse=True):
        work = 0
        for mine, theirs in filled:
            used = np.flatnonzero(mine)
            work += sum(int(mine[used] @ theirs[used ^ mask]) for mask in masks(radius))
        if work <= allowed:
            return radius
    return 0


def close_in_chunk(
    hashes: UInt64[np.ndarray, " n"],
    others: UInt64[np.ndarray, " n"],
    chunk: int,
    *,
    radius: int,
    most_bits: int,
) -> Int[np.ndarray, " m"]:
    """`i * n + j` for pairs i < j that agree in this chunk to within `radius` bits, and in all within `most_bits`."""
    mine, theirs = chunk_of(hashes, chunk), chunk_of(others, chunk)
    by_chunk = np.argsort(theirs, kind="stable")
    start = np.searchsorted(theirs[by_chunk], np.arange((1 << CHUNK_BITS) + 1))
    mine_order = np.argsort(mine, kind="stable")
    sorted_mine, found = mine[mine_order], [np.zeros(0, dtype=np.int64)]
    for mask in masks(radius):
        wanted = sorted_mine ^ mask
        count = start[wanted + 1] - start[wanted]
        holders = np.flatnonzero(count)
        count, first = count[holders], start[wanted[holders]]
        i = np.repeat(mine_order[holders], count)
        place = np.arange(len(i)) + np.repeat(first - (np.cumsum(count) - count), count)
        j = by_chunk[place]
        near = (i < j) & (np.bitwise_count(hashes[i] ^ others[j]) <= most_bits)
        found.append(i[near] * len(hashes) + j[near])
    return np.concatenate(found)


def cosine_pairs(
    vectors: Float32[np.ndarray, "n d"], *, least: float, seed: int = 0
) -> tuple[Int[np.ndarray, "m 2"], Float32[np.ndarray, " m"]]:
    """Pairs i < j of unit vectors whose cosine is `least` or more (a high one, 0.9 say), and the cosines.

    Where a vector has many such neighbours, its nearest ten (of each cell) suffice.
    Vectors are shared out among about sqrt(n) cells, each to the three whose centres are nearest, and compared
    within their cells; cells that are too large are shared out again. So the time grows as n^1.5, and a pair may
    be missed if it falls into six different cells, which the closer it is the less it does. Long vectors are
    compared through a random projection first (Johnson and Lindenstrauss 1984), with a margin of six of its
    standard deviations, and then in full.
    """
    generator = np.random.default_rng(seed)
    short, screen = shortened(vectors, generator), 1 - (1 - least) * (1 + 6 * (2 / SHORT) ** 0.5)
    found = [np.zeros(0, dtype=np.int64)]
    for cell in cells(short, np.arange(len(vectors)), generator):
        mine = torch.from_numpy(short[cell])
        i, j = alike_within(mine @ mine.T, least=screen, most=MOST_PER_VECTOR)
        low, high = np.minimum(cell[i], cell[j]), np.maximum(cell[i], cell[j])
        found.append(low * len(vectors) + high)
    pairs = np.stack(np.divmod(np.unique(np.concatenate(found)), max(1, len(vectors))), axis=1)
    cosine = dot_products(vectors, pairs)
    return pairs[cosine >= least], cosine[cosine >= least]


def alike_within(
    similarity: Float32[Tensor, "c c"], *, least: float, most: int
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Rows and columns, never the same, of what is `least` or more; the highest `most` of each row if many."""
    similarity.fill_diagonal_(-2)
    enough = similarity >= least
    if int(enough.sum()) > most * len(similarity):
        value, column = similarity.topk(min(most, len(similarity)), dim=1)
        row, rank = torch.nonzero(value >= least, as_tuple=True)
        return row.numpy(), column[row, rank].numpy()
    rows, columns = torch.nonzero(enough, as_tuple=True)
    return rows.numpy(), columns.numpy()


def shortened(
    vectors: Float32[np.ndarray, "n d"], generator: np.random.Generator
) -> Float32[np.ndarray, "n s"]:
    """The vectors in SHORT dimensions, of length 1 again; as they are if they have not many more."""
    if vectors.shape[1] <= 2 * SHORT:
        return vectors
    matrix = torch.from_numpy(generator.standard_normal((vectors.shape[1], SHORT)).astype(np.float32))
    return unit_length((torch.from_numpy(vectors) @ matrix).numpy())


def dot_products(
    vectors: Float32[np.ndarray, "n d"], pairs: Int[np.ndarray, "m 2"]
) -> Float32[np.ndarray, " m"]:
    """The product of each pair of vectors."""
    products = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 4096):
        i, j = pairs[start : start + 4096].T
        products[start : start + 4096] = (vectors[i] * vectors[j]).sum(axis=1)
    return products


def cells(
    vectors: Float32[np.ndarray, "n d"], members: Int[np.ndarray, " m"], generator: np.random.Generator
) -> Iterator[Int[np.ndarray, " c"]]:
    """Overlapping sets of neighbours among `members`, each of LARGEST_CELL or fewer (identical ones apart)."""
    if len(members) <= LARGEST_CELL:
        yield members
        return
    pivots = generator.choice(members, size=max(4, int(len(members) ** 0.5)), replace=False)
    centre = torch.from_numpy(vectors[pivots])
    nearest = np.concatenate(
        [
            (torch.from_numpy(vectors[members[start : start + 4096]]) @ centre.T)
            .topk(3, dim=1)
            .indices.numpy()
            for start in range(0, len(members), 4096)
        ]
    )
    for pivot in range(len(pivots)):
        cell = members[(nearest == pivot).any(axis=1)]
        if len(cell) > 0.9 * len(members):  # all alike: sharing out again would not end
            yield from (cell[start : start + LARGEST_CELL] for start in range(0, len(cell), LARGEST_CELL))
        else:
            yield from cells(vectors, cell, generator)


def unit_length(vectors: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    """Each vector at length 1; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def correlation_ready(images: UInt8[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n p"]:
    """Each image as a vector of mean 0 and length 1, so that a product is a correlation."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    return unit_length(flat - flat.mean(axis=1, keepdims=True))
