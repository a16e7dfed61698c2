"""Slices by hand, p values against scipy's, units, and what nothing may depend on."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from vidi.audits.slices import audit, fisher

N = 500


def case(drop=0.3, seed=0):
    """A number and names; of the lowest fifth `drop` more answers are wrong."""
    rng = np.random.default_rng(seed)
    columns = {
        "light": rng.random(N),
        "site": rng.choice(["north", "south"], N).astype(object),
        "same": np.full(N, "x", dtype=object),
    }
    correct = rng.random(N) >= 0.1 + drop * (columns["light"] < np.quantile(columns["light"], 0.2))
    return correct, columns, np.array([f"i{row:03}" for row in range(N)])


def test_the_slice_that_was_planted_is_named_with_its_numbers():
    correct, columns, ids = case()
    found = audit(correct, columns, ids=ids)
    assert [each.name.partition(" (")[0] for each in found.flagged] == ["light: lowest fifth"]
    (worst,) = found.flagged
    inside = columns["light"] <= np.quantile(columns["light"], 0.2)
    assert worst.n == inside.sum() == 100 and worst.measured.value == correct[inside].mean()
    assert worst.difference.value == pytest.approx(correct[inside].mean() - correct[~inside].mean())
    assert worst.difference.high < 0 and worst.p <= worst.adjusted <= 0.05
    assert all(inside[row] and not correct[row] for row in worst.rows) and len(worst.rows) == 3
    assert {each.attribute for each in found.found} == {"light", "site"}  # one level is no slice
    assert "7 slices of 500 examples were looked at" in found.sentences[0]


def test_p_is_fishers():
    for k, n, other_k, other_n in ((3, 10, 90, 100), (10, 10, 90, 100), (0, 5, 0, 7)):
        expected = fisher_exact([[k, n - k], [other_k, other_n - other_k]], alternative="less")[1]
        assert fisher(k, n, other_k, other_n) == pytest.approx(expected)


def test_the_order_of_rows_does_not_matter():
    correct, columns, ids = case()
    order = np.random.default_rng(3).permutation(N)
    turned = audit(correct[order], {k: v[order] for k, v in columns.items()}, ids=ids[order])
    for one, other in zip(audit(correct, columns, ids=ids).found, turned.found, strict=True):
        assert (one.name, one.p, one.measured) == (other.name, other.p, other.measured)
        assert ids[list(one.rows)].tolist() == ids[order][list(other.rows)].tolist()


def test_missing_values_are_a_slice_and_equal_numbers_stay_together():
    correct, columns, ids = case(drop=0)
    light, site = columns["light"].copy(), columns["site"].copy()
    light[:50], site[:40] = np.nan, None
    names = {each.name: each.n for each in audit(correct, {"light": light, "site": site}, ids=ids).found}
    assert names["light not stated"] == 50 and names["site=not stated"] == 40
    few = np.where(np.arange(N) < 300, 1.0, 2.0)
    assert {each.n for each in audit(correct, {"few": few}, ids=ids).found} == {300, 200}


def test_units_make_it_more_cautious():
    """Every example five times over, as units of five: p is that of the single examples, not smaller."""
    correct, columns, ids = case(drop=0.12)
    single = audit(correct, {"light": columns["light"]}, ids=ids).found[0]
    five = {"light": np.repeat(columns["light"], 5)}
    many = np.arange(5 * N)
    blind = audit(np.repeat(correct, 5), five, ids=many).found[0]
    units = audit(np.repeat(correct, 5), five, ids=many, group=np.repeat(np.arange(N), 5)).found[0]
    assert blind.p < single.p / 10
    assert single.p / 3 < units.p < 3 * single.p
    assert units.difference.low == pytest.approx(single.difference.low, abs=0.02)


def test_too_few_to_look_at_is_said():
    correct, columns, ids = case()
    found = audit(correct[:30], {"light": columns["light"][:30]}, ids=ids[:30])
    assert found.found == () and "none was looked at" in found.sentences[0]
