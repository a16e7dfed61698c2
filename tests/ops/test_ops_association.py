import math

import numpy as np
import pytest

from vidi.ops.association import chi_square, cramers_v, cross_table, freedom, noncentrality, shuffled_tables
from vidi.ops.shuffled import shuffles


def test_by_hand():
    table = cross_table(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 0]), rows=2, columns=2)
    assert table.tolist() == [[2, 1], [1, 2]]
    assert float(chi_square(table)) == pytest.approx(4 * 0.5**2 / 1.5) and freedom(table) == (1, 1)


# scipy 1.17: chi2_contingency([[10, 20, 30], [6, 9, 17]], correction=False).statistic
def test_chi_square_is_scipys():
    assert float(chi_square(np.array([[10, 20, 30], [6, 9, 17]]))) == pytest.approx(0.27157465150403504)


def test_empty_rows_and_columns_count_for_nothing():
    table, wide = np.array([[5, 9], [8, 3]]), np.array([[5, 0, 9], [0, 0, 0], [8, 0, 3]])
    assert float(chi_square(table)) == pytest.approx(float(chi_square(wide))) and freedom(table) == freedom(
        wide
    )
    assert freedom(np.array([[5, 9], [0, 0]])) == (0, 0)


def test_v_goes_from_none_to_all():
    apart = np.diag([40, 40, 40])
    value, low, high = cramers_v(float(chi_square(apart)), 120, df=4, least=2)
    assert 0.95 < value <= 1 and 0.8 < low < value and high == 1
    value, low, high = cramers_v(0.0, 120, df=4, least=2)
    assert value == low == 0 and high < 0.2
    assert all(math.isnan(number) for number in cramers_v(0.0, 10, df=0, least=0))


# scipy.stats.ncx2.cdf(20, 6, x) == 0.025 and 0.975
def test_noncentrality_by_an_oracle():
    from scipy.stats import ncx2

    for share in (0.025, 0.975):
        assert float(ncx2.cdf(20.0, 6, noncentrality(20.0, 6, share))) == pytest.approx(share, abs=1e-8)
    assert noncentrality(3.0, 6, 0.975) == 0.0


def test_the_interval_covers():
    """Half the time the second name is the first, else it is drawn anew: V is 1/2."""
    covered = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        one = rng.integers(4, size=400)
        other = np.where(rng.random(400) < 0.5, one, rng.integers(4, size=400))
        chi2 = float(chi_square(cross_table(one, other, rows=4, columns=4)))
        _, low, high = cramers_v(chi2, 400, df=9, least=3)
        covered += low <= 0.5 <= high
    assert 0.9 <= covered / 300 <= 0.99


def test_shuffled_tables_keep_the_margins():
    rng = np.random.default_rng(0)
    one, other = rng.integers(3, size=50), rng.integers(4, size=50)
    tables = shuffled_tables(one, other, shuffles(50, count=7, seed=0), rows=3, columns=4)
    plain = cross_table(one, other, rows=3, columns=4)
    assert (tables.sum(axis=1) == plain.sum(axis=0)).all() and (tables.sum(axis=2) == plain.sum(axis=1)).all()
    assert np.array_equal(shuffled_tables(one, other, np.arange(50)[None], rows=3, columns=4)[0], plain)
