"""Neighbours' votes by brute force, and a k chosen without an example's own group."""

import numpy as np
import pytest

from vidi.evaluation.neighbours import choose_k, nearest_votes


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_by_hand():
    known = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], np.float32)
    target = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    votes = nearest_votes(known, target, np.array([[2.0, 0.0]], np.float32), k=2)
    np.testing.assert_allclose(votes, [[(1 + 1 / 3) / 3, (1 + 2 / 3) / 3]])


@pytest.mark.parametrize("k", [1, 4, 50])
@pytest.mark.parametrize("block", [3, 1024])
def test_brute_force(k, block):
    random = np.random.default_rng(0)
    known, asked = (
        random.normal(size=(50, 7)).astype(np.float32),
        random.normal(size=(20, 7)).astype(np.float32),
    )
    target = random.integers(0, 2, (50, 3)).astype(np.float32)  # several labels each
    order = np.argsort(-(unit(asked) @ unit(known).T), axis=1)[:, :k]
    wanted = (target[order].sum(axis=1) + target.mean(axis=0)) / (k + 1)
    np.testing.assert_allclose(nearest_votes(known, target, asked, k=k, block=block), wanted, atol=1e-6)


def test_shares_add_up_and_length_does_not_matter():
    random = np.random.default_rng(1)
    known, asked = (
        random.normal(size=(30, 4)).astype(np.float32),
        random.normal(size=(9, 4)).astype(np.float32),
    )
    target = np.eye(3, dtype=np.float32)[random.integers(0, 3, 30)]
    votes = nearest_votes(known, target, asked, k=5)
    np.testing.assert_allclose(votes.sum(axis=1), 1.0)
    assert votes.min() > 0
    np.testing.assert_allclose(votes, nearest_votes(3 * known, target, 7 * asked, k=5))


def test_nothing_asked_nothing_answered():
    known = np.ones((3, 2), np.float32)
    assert nearest_votes(known, np.eye(3, dtype=np.float32), known[:0], k=1).shape == (0, 3)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_a_k_that_cannot_be_honoured_is_refused(k):
    with pytest.raises(ValueError, match=f"between 1 and the 3 known examples; got {k}"):
        nearest_votes(
            np.ones((3, 2), np.float32), np.eye(3, dtype=np.float32), np.ones((1, 2), np.float32), k=k
        )


def planted_twins() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every example has a twin of its label in its group, in a cloud that says little of the label."""
    random = np.random.default_rng(0)
    label = np.repeat(random.integers(0, 2, 100), 2)
    centre = random.normal(size=(100, 20)) + 0.35 * (2 * label[::2, None] - 1)
    x = np.repeat(centre, 2, axis=0) + random.normal(0, 1e-3, (200, 20))
    return x.astype(np.float32), label, np.repeat(np.arange(100), 2)


def test_groups_are_left_out():
    """Were twins allowed to vote on each other, k = 1 would be perfect; left out, many neighbours do better."""
    x, label, group = planted_twins()
    fooled, flattering = choose_k(x, label, np.arange(200))
    honest, accuracy = choose_k(x, label, group)
    assert fooled == 1 and flattering[1] == 1.0
    assert honest > 1 and accuracy[1] < accuracy[honest] < 1.0


@pytest.mark.parametrize("block", [7, 1024])
def test_leave_one_group_out_by_brute_force(block):
    x, label, group = planted_twins()
    likeness = unit(x) @ unit(x).T
    likeness[group[:, None] == group[None, :]] = -np.inf
    order = np.argsort(-likeness, axis=1)
    _, accuracy = choose_k(x, label, group, block=block)
    for k, value in accuracy.items():
        ones = label[order[:, :k]].sum(axis=1)
        assert value == pytest.approx(((ones * 2 > k) == label).mean())


def test_the_smaller_k_wins_a_tie():
    x = unit(np.random.default_rng(0).normal(size=(60, 5))).astype(np.float32)
    x[:30] += 10
    x[30:] -= 10
    assert choose_k(x, np.repeat([0, 1], 30), np.arange(60))[0] == 1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_few_examples(n):
    x = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    k, accuracy = choose_k(x, np.arange(n) % 2, np.arange(n))
    assert k == 1 and set(accuracy) <= {1, 3}


def test_one_group_only_has_nobody_to_ask():
    x = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    k, accuracy = choose_k(x, np.arange(10) % 2, np.zeros(10, np.int64))
    assert k >= 1 and all(0 <= value <= 1 for value in accuracy.values())
