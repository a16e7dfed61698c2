import numpy as np
import pytest

from vidi.ops.shuffled import permutation_p, shuffles


@pytest.mark.parametrize("group", [None, np.array([3, 3, 1, 1, 2, 2, 2, 9])])
def test_every_order_is_one_and_the_seed_decides_it(group):
    orders = shuffles(8, count=20, seed=4, group=group)
    assert (np.sort(orders, axis=1) == np.arange(8)).all()
    assert np.array_equal(orders, shuffles(8, count=20, seed=4, group=group))
    assert not np.array_equal(orders, shuffles(8, count=20, seed=5, group=group))


def test_groups_of_one_size_change_places_whole_and_others_stay():
    group = np.array([0, 1, 0, 1, 2, 2, 2])
    orders = shuffles(7, count=200, seed=0, group=group)
    moved = group[orders]  # whose label each place gets
    assert (moved[:, 4:] == 2).all()  # the only group of three
    assert (moved[:, 0] == moved[:, 2]).all() and (moved[:, 1] == moved[:, 3]).all()
    assert 0.35 < (moved[:, 0] == 1).mean() < 0.65
    assert len({tuple(row) for row in orders[:, 4:].tolist()}) == 6  # inside it all orders


def test_every_order_is_as_likely():
    orders = shuffles(3, count=6000, seed=0)
    _, count = np.unique(orders, axis=0, return_counts=True)
    assert len(count) == 6 and (np.abs(count - 1000) < 130).all()


def test_p_counts_the_observed_value_itself():
    drawn = np.array([0.1, 0.5, 0.5, 0.9])
    assert (
        permutation_p(0.5, drawn) == 4 / 5
        and permutation_p(2.0, drawn) == 1 / 5
        and permutation_p(0.0, drawn) == 1
    )
