"""Outliers: what is far from everything is named with its reason; copies stand in for nobody."""

import math

import numpy as np
import pytest

from vidi.audits.outliers import FEWEST, K, audit, tail_threshold


def cloud(n=300, d=32, seed=0):
    """Directions around one: features as a network gives them, all of one sort."""
    rng = np.random.default_rng(seed)
    return (4 + rng.normal(size=(n, d))).astype(np.float32)


def ids(n):
    return np.array([f"{row:04}" for row in range(n)])


def test_the_stranger_is_named_with_its_reason():
    features = cloud()
    features[17, ::2] *= -1
    found = audit(features, ids=ids(300))
    (one,) = found.found
    assert one.id == "0017" and one.score > found.threshold > one.typical
    assert len(one.nearest) == 3 and one.nearest[0][1] <= one.score
    said = one.reason({key: f"{key}.png" for key in ids(300)})
    assert f"{one.score:.2f} away" in said and f"{one.nearest[0][0]}.png" in said
    assert found.sentence.startswith("1 of 300 images are unlike the rest")


def test_where_all_are_alike_none_is_named():
    alarms = sum(bool(audit(cloud(seed=seed), ids=ids(300)).found) for seed in range(20))
    assert alarms <= 1


def test_the_threshold_is_left_as_seldom_as_said():
    """Of 400 sets of normal distances, a twentieth exceed it at all; the estimated spread costs a little."""
    rng = np.random.default_rng(0)
    sets = rng.normal(1.0, 0.1, size=(400, 500))
    beyond = np.mean([row.max() > tail_threshold(row, 0.05) for row in sets])
    assert 0.02 <= beyond <= 0.1


def test_copies_stand_in_for_nobody():
    """A stranger with many copies of itself is still far from all others."""
    features = cloud()
    features[:12, ::2] = -4.0
    group = np.concatenate([np.zeros(12, dtype=np.int64), np.arange(1, 289)])
    assert not audit(features, ids=ids(300)).found  # each other's neighbours, as the card says
    assert {each.id for each in audit(features, ids=ids(300), group=group).found} == set(ids(12))


def test_the_order_of_rows_does_not_matter():
    features, order = cloud(), np.random.default_rng(1).permutation(300)
    features[[3, 60], ::2] *= -1
    one, other = audit(features, ids=ids(300)), audit(features[order], ids=ids(300)[order])
    assert [each.id for each in one.found] == [each.id for each in other.found]
    assert one.threshold == pytest.approx(other.threshold, abs=1e-6)


def test_of_few_or_equal_images_nothing_is_said():
    found = audit(cloud(10), ids=ids(10))
    assert found.found == () and math.isinf(found.threshold) and f"{FEWEST} or more" in found.sentence
    found = audit(np.ones((60, 8), dtype=np.float32), ids=ids(60))
    assert found.found == () and "equally far" in found.sentence


def test_a_few_more_than_fewest_have_neighbours_enough():
    assert K < FEWEST and audit(cloud(FEWEST), ids=ids(FEWEST)).n == FEWEST


def test_broken_features_are_refused():
    features = cloud()
    features[2, 2] = np.inf
    with pytest.raises(ValueError, match="nan or infinite"):
        audit(features, ids=ids(300))
