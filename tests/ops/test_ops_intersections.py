"""Groups and rates: every intersection counted as by hand, marginals that agree, small groups named, gaps."""

import math

import numpy as np
import pytest

from vidi.ops.cells import NOT_STATED, Attribute, count, of_counts
from vidi.ops.intersections import RATES, gap, groups, name_of, rate_counts, rates, smallest_ratio

ATTRIBUTES = (
    Attribute("sex", ("female", "male")),
    Attribute("skin", ("darker", "lighter")),
    Attribute("age", ("young", "middle", "old")),
)


@pytest.fixture(scope="module")
def example():
    rng = np.random.default_rng(0)
    codes = np.stack(
        [rng.integers(2, size=700), rng.integers(2, size=700), rng.integers(-1, 3, size=700)], axis=1
    )
    truth, prediction = rng.integers(3, size=(2, 700))
    cells = count(codes, truth, prediction, attributes=ATTRIBUTES)
    return codes, truth, prediction, cells


def test_every_intersection_is_counted_as_by_hand(example):
    codes, truth, prediction, cells = example
    codes = np.where(codes < 0, 3, codes)  # `not stated` comes last
    members = groups(cells)
    assert len(members.n) == 3 * 3 * 5  # all, or one of 2, 2 and 4 levels
    positive, said = truth == 1, prediction == 1
    by_hand = {
        "accuracy": (truth == prediction, np.ones(700, bool)),
        "true positive rate": (positive & said, positive),
        "false positive rate": (~positive & said, ~positive),
        "positive predictive value": (positive & said, said),
        "selection rate": (said, np.ones(700, bool)),
    }
    for rate, (hit, among) in by_hand.items():
        part, whole = rate_counts(cells, members, rate)
        measured = rates(cells, members, [rate])(cells.sums[None])[0]
        for number, level in enumerate(members.level):
            inside = ((level < 0) | (codes == level)).all(axis=1)
            assert members.n[number] == inside.sum()
            assert (part[number], whole[number]) == ((hit & inside).sum(), (among & inside).sum())
            assert measured[number] == pytest.approx(part[number] / whole[number])


def test_marginals_are_sums_of_cells(example):
    members = groups(example[3])
    for inner, outer in (
        (("sex", "skin"), ("sex",)),
        (("sex", "skin", "age"), ("skin", "age")),
        (("age",), ()),
    ):
        assert members.n[members.subset(*inner)].sum() == members.n[members.subset(*outer)].sum() == 700


def test_names(example):
    members = groups(example[3])
    assert members.name(0) == "all" and members.n[0] == 700
    names = {members.name(number) for number in members.subset("skin", "sex").tolist()}
    assert names == {
        f"sex={sex}, skin={skin}" for sex in ("female", "male") for skin in ("darker", "lighter")
    }
    assert f"age={NOT_STATED}" in {members.name(number) for number in members.subset("age").tolist()}
    with pytest.raises(ValueError, match="race is none of the attributes sex, skin, age"):
        members.subset("race")


def test_rates_that_are_complements_add_up(example):
    cells = example[3]
    members = groups(cells)

    def rate(name):
        return rates(cells, members, [name])(cells.sums[None])[0]

    np.testing.assert_allclose(rate("true positive rate") + rate("false negative rate"), 1)
    np.testing.assert_allclose(rate("false positive rate") + rate("true negative rate"), 1)
    with pytest.raises(ValueError, match="a rate is one of accuracy, selection rate"):
        rate("recall")


def test_several_rates_at_once_are_each_alone(example):
    cells = example[3]
    members, names = groups(cells), ["accuracy", *RATES]
    sums = np.stack([cells.sums, 2 * cells.sums])
    together = rates(cells, members, names, positive=2)(sums)
    alone = [rates(cells, members, [name], positive=2)(sums) for name in names]
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))
    np.testing.assert_allclose(together[0], together[1])


def test_a_group_of_three_is_set_aside_and_named():
    codes = np.array([[0]] * 3 + [[1]] * 40)
    truth = np.ones(43, np.int64)
    cells = count(codes, truth, truth, attributes=ATTRIBUTES[:1])
    members = groups(cells, smallest=10)
    assert [members.name(number) for number in range(2)] == ["all", "sex=male"] and members.n.tolist() == [
        43,
        40,
    ]
    assert members.small_n.tolist() == [3]
    assert name_of(members.small_level[0], members.attributes) == "sex=female"
    with pytest.raises(ValueError, match="smallest group"):
        groups(cells, smallest=0)


def test_intersections_only_as_deep_as_wanted(example):
    members = groups(example[3], deepest=1)
    assert len(members.n) == 1 + 2 + 2 + 4 and len(groups(example[3], deepest=0).n) == 1


def test_a_rate_of_nothing_is_no_number(example):
    cells = of_counts(
        ATTRIBUTES[:1], np.array([[0], [1]]), np.array([1, 0]), np.array([1, 0]), np.array([5, 7])
    )
    found = rates(cells, groups(cells), ["true positive rate"])(cells.sums[None])[0]
    assert found[:2].tolist() == [1, 1] and math.isnan(found[2])


def test_gaps_and_ratios_by_hand():
    rows = np.array([[0.5, 0.9, np.nan], [0.2, 0.2, 0.2], [np.nan] * 3, [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(gap(rows), [0.4, 0, np.nan, 0])
    np.testing.assert_allclose(smallest_ratio(rows), [5 / 9, 1, np.nan, np.nan])


def test_gender_shades_marginals_follow_from_its_cells():
    """Buolamwini & Gebru 2018, Table 4, Microsoft: errors of 1,270 faces; counts are from the published rates."""
    n = np.array([271, 318, 296, 385])  # darker female, darker male, lighter female, lighter male
    wrong = np.round(n * np.array([20.8, 6.0, 1.7, 0.0]) / 100).astype(np.int64)
    level = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    truth = np.zeros(8, np.int64)
    cells = of_counts(
        ATTRIBUTES[:2],
        np.tile(level, (2, 1)),
        truth,
        np.repeat([1, 0], 4),
        np.concatenate([wrong, n - wrong]),
    )
    members = groups(cells)
    error = 100 * (1 - rates(cells, members, ["accuracy"])(cells.sums[None])[0])
    found = {members.name(number): error[number] for number in range(len(error))}
    published = {"all": 6.3, "sex=female": 10.7, "sex=male": 2.6, "skin=darker": 12.9, "skin=lighter": 0.7}
    for name, percent in published.items():
        assert found[name] == pytest.approx(percent, abs=0.2), name  # one face is 0.17 % of the darker
