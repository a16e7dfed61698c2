"""Pairs that are alike: agreement with comparing everything with everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.ops.similarity import (
    LARGEST_CELL,
    components,
    correlation_ready,
    cosine_pairs,
    hamming_pairs,
    unit_length,
)


def random_hashes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def flipped(hashes: np.ndarray, bits: int, seed: int = 1) -> np.ndarray:
    """Each hash with so many of its bits changed."""
    generator = np.random.default_rng(seed)
    masks = [sum(1 << int(b) for b in generator.choice(64, bits, replace=False)) for _ in hashes]
    return hashes ^ np.array(masks, dtype=np.uint64)


def test_components_by_hand():
    assert components(6, np.array([[0, 2], [2, 4], [1, 5]])).tolist() == [0, 1, 0, 2, 0, 1]
    assert components(3, np.zeros((0, 2), dtype=np.int64)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("bits", [0, 1, 4, 8, 11])
def test_every_pair_within_eleven_bits_is_found(bits):
    first = random_hashes(300)
    hashes = np.concatenate([first, flipped(first, bits)])
    pairs, apart = hamming_pairs(hashes)
    assert {(i, i + 300) for i in range(300)} <= set(map(tuple, pairs.tolist()))
    assert (apart == np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]])).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_no_pair_is_made_up(seed):
    first = random_hashes(40, seed)
    hashes = np.concatenate([first, flipped(first, 12, seed), flipped(first, 14, seed + 1)])
    pairs, apart = hamming_pairs(hashes)
    all_apart = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    near = {(i, j) for i, j in zip(*np.nonzero(all_apart <= 11), strict=True) if i < j}
    within = {(i, j) for i, j in zip(*np.nonzero(all_apart <= 12), strict=True) if i < j}
    assert near <= set(map(tuple, pairs.tolist())) <= within
    assert len(apart) == len(pairs) == len(set(map(tuple, pairs.tolist())))


def test_against_other_hashes():
    hashes, others = random_hashes(50), random_hashes(50, 9)
    others[30] = hashes[7]
    assert hamming_pairs(hashes, others)[0].tolist() == [[7, 30]]


def test_a_flood_is_cut_to_the_closest():
    hashes = flipped(np.zeros(3000, dtype=np.uint64), 3)
    hashes[10] = hashes[20]
    pairs, apart = hamming_pairs(hashes, most_per_hash=5)
    assert len(pairs) <= 5 * len(hashes)
    assert (10, 20) in set(map(tuple, pairs.tolist()))
    assert apart.max(initial=0) <= 6


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_for_a_pair(count):
    assert len(hamming_pairs(random_hashes(count))[0]) == 0
    assert len(cosine_pairs(np.ones((count, 4), dtype=np.float32), least=0.9)[0]) == 0


def test_cosines_are_those_of_comparing_all():
    generator = np.random.default_rng(0)
    vectors = unit_length(generator.standard_normal((500, 12)).astype(np.float32))
    pairs, cosine = cosine_pairs(vectors, least=0.8)
    product = vectors @ vectors.T
    assert set(map(tuple, pairs.tolist())) == {
        (i, j) for i, j in zip(*np.nonzero(product >= 0.8), strict=True) if i < j
    }
    np.testing.assert_allclose(cosine, product[pairs[:, 0], pairs[:, 1]], atol=1e-6)


def test_copies_are_found_among_more_than_a_cell_holds():
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((2 * LARGEST_CELL, 300)).astype(np.float32)
    vectors[-200:] = vectors[:200] + 0.2 * generator.standard_normal((200, 300))
    pairs, _ = cosine_pairs(unit_length(vectors), least=0.9)
    wanted = {(i, len(vectors) - 200 + i) for i in range(200)}
    assert len(wanted & set(map(tuple, pairs.tolist()))) >= 198
    assert len(pairs) <= 210


def test_all_alike_comes_to_an_end():
    vectors = np.ones((3 * LARGEST_CELL, 3), dtype=np.float32) / np.float32(3**0.5)
    pairs, _ = cosine_pairs(vectors, least=0.9)
    assert 0 < len(pairs) <= 10 * len(vectors)


def test_a_product_is_a_correlation():
    images = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
    ready = correlation_ready(images)
    np.testing.assert_allclose(ready @ ready.T, np.corrcoef(images.reshape(6, -1)), atol=1e-5)
    assert (correlation_ready(np.full((1, 5, 4), 9, dtype=np.uint8)) == 0).all()
