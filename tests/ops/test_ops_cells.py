"""Counting a million predictions once: cells by hand, the multinomial and the row bootstrap alike, limits."""

import time

import numpy as np
import pytest

from vidi.core.errors import UsageError
from vidi.ops.bootstrap import percentile
from vidi.ops.cells import NOT_STATED, Attribute, count, of_counts, replicate
from vidi.ops.intersections import gap, groups, means, rate_counts, rates

SEX = Attribute("sex", ("female", "male"))
SKIN = Attribute("skin", ("I", "II", "III"))


def predictions(n, seed=0, missing=0.0):
    """Codes, truth, prediction and probability of n examples: two groups, one with more errors."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(2, size=n), rng.choice(3, size=n, p=[0.6, 0.3, 0.1])], axis=1)
    truth = (rng.random(n) < 0.4 + 0.1 * codes[:, 0]).astype(np.int64)
    probability = np.clip(0.5 + (truth - 0.5) * 0.5 + rng.normal(0, 0.3 + 0.1 * codes[:, 1], size=n), 0, 1)
    codes[rng.random((n, 2)) < missing] = -1
    return codes, truth, (probability >= 0.5).astype(np.int64), probability


def counted(n, seed=0, missing=0.0, **options):
    codes, truth, prediction, _ = predictions(n, seed, missing)
    return count(codes, truth, prediction, attributes=(SEX, SKIN), **options)


def test_by_hand():
    cells = count(
        np.array([[1, 0], [0, 2], [1, 0], [1, 0]]),
        np.array([1, 0, 1, 1]),
        np.array([1, 2, 1, 0]),
        attributes=(SEX, SKIN),
        values=np.array([[0.9], [0.2], [0.7], [0.4]]),
    )
    assert cells.level.tolist() == [[0, 2], [1, 0], [1, 0]]
    assert (cells.truth.tolist(), cells.prediction.tolist()) == ([0, 1, 1], [2, 0, 1])
    assert cells.count.tolist() == [1, 1, 2]
    np.testing.assert_allclose(cells.total[:, 0], [0.2, 0.4, 1.6])
    np.testing.assert_allclose(cells.scatter[:, 0, 0], [0, 0, 0.02], atol=1e-12)
    np.testing.assert_allclose(cells.sums, [[1, 0.2], [1, 0.4], [2, 1.6]])


def test_the_order_of_examples_does_not_matter():
    codes, truth, prediction, probability = predictions(500, missing=0.1)
    order = np.random.default_rng(1).permutation(500)
    one, other = (
        count(codes[o], truth[o], prediction[o], attributes=(SEX, SKIN), values=probability[o, None])
        for o in (np.arange(500), order)
    )
    for name in ("level", "truth", "prediction", "count"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.total, other.total)
    np.testing.assert_array_equal(*(replicate(c, lambda s: s[:, :, 0], replicates=5) for c in (one, other)))


def test_many_labels_and_attributes_are_sorted_where_a_table_would_be_too_large(monkeypatch):
    codes, truth, prediction, _ = predictions(400)
    table = count(codes, truth * 900_000, prediction, attributes=(SEX, SKIN))
    monkeypatch.setattr("vidi.ops.cells.TABLE", 3)
    again = count(codes, truth * 900_000, prediction, attributes=(SEX, SKIN))
    rows = np.column_stack([codes, truth * 900_000, prediction])
    distinct, number = np.unique(rows, axis=0, return_counts=True)
    for cells in (table, again):
        np.testing.assert_array_equal(np.column_stack([cells.level, cells.truth, cells.prediction]), distinct)
        np.testing.assert_array_equal(cells.count, number)


def test_missing_values_are_a_level_of_their_own():
    codes, truth, prediction, _ = predictions(300, missing=0.2)
    cells = count(codes, truth, prediction, attributes=(SEX, SKIN))
    assert cells.attributes[0].levels == ("female", "male", NOT_STATED)
    assert cells.count[cells.level[:, 0] == 2].sum() == (codes[:, 0] == -1).sum() > 0
    assert cells.count.sum() == 300
    assert counted(300).attributes == (SEX, SKIN)


def test_wrong_codes_and_too_many_levels_are_refused_with_advice():
    codes, truth, prediction, _ = predictions(10)
    with pytest.raises(ValueError, match="codes of sex number its 2 levels"):
        count(codes + 1, truth, prediction, attributes=(SEX, SKIN))
    with pytest.raises(ValueError, match="2 columns of codes for 1 attributes"):
        count(codes, truth, prediction, attributes=(SEX,))
    with pytest.raises(ValueError, match="prediction numbers labels"):
        count(codes, truth, prediction - 1, attributes=(SEX, SKIN))
    with pytest.raises(UsageError, match="file has 1,000: put them into bins, or name another column"):
        Attribute("file", tuple(map(str, range(1000))))


def test_every_replicate_has_as_many_examples_and_the_same_seed_the_same():
    cells = counted(321)
    drawn = replicate(cells, lambda sums: sums[:, :, 0], replicates=40, seed=1)
    assert (drawn.sum(axis=1) == 321).all()
    np.testing.assert_array_equal(drawn, replicate(cells, lambda sums: sums[:, :, 0], replicates=40, seed=1))
    assert (drawn != replicate(cells, lambda sums: sums[:, :, 0], replicates=40, seed=2)).any()


@pytest.mark.parametrize("options", [{}, {"values": True}, {"unit": True}])
def test_blocks_change_nothing(monkeypatch, options):
    codes, truth, prediction, probability = predictions(200)
    given = {"values": probability[:, None]} if "values" in options else {}
    given |= {"unit": np.arange(200) // 5} if "unit" in options else {}
    cells = count(codes, truth, prediction, attributes=(SEX, SKIN), **given)
    whole = replicate(cells, lambda sums: sums[:, :, -1], replicates=30)
    monkeypatch.setattr("vidi.ops.cells.BLOCK", 100)
    np.testing.assert_allclose(replicate(cells, lambda sums: sums[:, :, -1], replicates=30), whole)


def row_bootstrap(codes, truth, prediction, replicates, seed):
    """Examples drawn one by one: accuracy, true positive rate, selection rate of each sex and the gap in accuracy."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(replicates):
        rows = rng.integers(len(truth), size=len(truth))
        sex, true, said = codes[rows, 0], truth[rows], prediction[rows]
        right = [(true == said)[sex == s].mean() for s in (0, 1)]
        found.append(
            [
                *right,
                *(said[(sex == s) & (true == 1)].mean() for s in (0, 1)),
                *(said[sex == s].mean() for s in (0, 1)),
                abs(right[1] - right[0]),
            ]
        )
    return np.array(found)


def test_the_multinomial_and_the_row_bootstrap_have_the_same_distribution():
    """Kolmogorov-Smirnov on 4,000 replicates of each; means and covariances too."""
    from scipy.stats import ks_2samp

    codes, truth, prediction, _ = predictions(400, seed=3)
    cells = count(codes, truth, prediction, attributes=(SEX, SKIN))
    members = groups(cells)
    sexes = members.subset("sex")
    measure = rates(cells, members, ["accuracy", "true positive rate", "selection rate"])
    drawn = replicate(cells, measure, replicates=4000, seed=1).reshape(4000, 3, -1)[:, :, sexes]
    ours = np.column_stack([drawn.reshape(4000, 6), gap(drawn[:, 0])])
    theirs = row_bootstrap(codes, truth, prediction, 4000, seed=2)
    for column in range(7):
        assert ks_2samp(ours[:, column], theirs[:, column]).pvalue > 0.001
    spread = theirs.std(axis=0)
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * spread * (2 / 4000) ** 0.5).all()
    np.testing.assert_allclose(np.corrcoef(ours.T), np.corrcoef(theirs.T), atol=0.08)
    # the test could fail: replicates of a gap 15 % larger are told apart
    assert ks_2samp(ours[:, 6], theirs[:, 6] * 1.15).pvalue < 0.001


def test_totals_of_real_values_have_the_row_bootstraps_mean_and_covariance():
    rng = np.random.default_rng(0)
    codes, truth, prediction, probability = predictions(600, seed=4)
    values = np.column_stack([probability, probability**2 + 0.1 * rng.normal(size=600)])
    cells = count(codes, truth, prediction, attributes=(SEX, SKIN), values=values)
    ours = replicate(cells, lambda sums: sums[:, :, 1:].sum(axis=1), replicates=6000, seed=1)
    rows = rng.integers(600, size=(6000, 600))
    theirs = values[rows].sum(axis=1)
    np.testing.assert_allclose(
        ours.mean(axis=0), values.sum(axis=0), atol=4 * theirs.std(axis=0).max() / 6000**0.5
    )
    np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), rtol=0.08)


def test_the_mean_of_a_value_in_each_group():
    codes, truth, prediction, probability = predictions(500)
    cells = count(codes, truth, prediction, attributes=(SEX, SKIN), values=probability[:, None])
    members = groups(cells)
    found = means(cells, members)(cells.sums[None])[0]
    for number in range(len(members.n)):
        inside = ((members.level[number] < 0) | (codes == members.level[number])).all(axis=1)
        assert found[number] == pytest.approx(probability[inside].mean())


def test_units_are_drawn_whole():
    """60 patients of 10 images, all alike: the interval is that of 60 images, not of 600."""
    codes, truth, prediction, _ = predictions(60, seed=1)
    patient = np.repeat(np.arange(60), 10)
    members_of = {}
    for name, rows, unit in (
        ("once", np.arange(60), None),
        ("whole", patient, patient),
        ("careless", patient, None),
    ):
        cells = count(codes[rows], truth[rows], prediction[rows], attributes=(SEX, SKIN), unit=unit)
        drawn = replicate(cells, rates(cells, groups(cells), ["accuracy"]), replicates=3000)
        low, high = percentile(drawn[:, 0])
        members_of[name] = high - low
    assert members_of["whole"] == pytest.approx(members_of["once"], abs=0.02)  # in steps of 1/60
    assert members_of["careless"] < 0.4 * members_of["whole"]


def test_published_counts_are_cells_too():
    level = np.array([[0], [0], [1], [1]])
    truth, prediction = np.zeros(4, np.int64), np.array([0, 1, 0, 1])
    cells = of_counts((SEX,), level, truth, prediction, np.array([90, 10, 50, 0]))
    members = groups(cells)
    part, whole = rate_counts(cells, members, "accuracy")
    assert part.tolist() == [140, 90, 50] and whole.tolist() == [150, 100, 50]
    drawn = replicate(cells, rates(cells, members, ["accuracy"]), replicates=200)
    assert (drawn[:, 2] == 1).all() and drawn[:, 1].std() == pytest.approx(0.03, rel=0.2)
    with pytest.raises(ValueError, match="counted"):
        of_counts((SEX,), level, truth, prediction, np.array([90, 10, 50, -1]))


def test_of_nothing_nothing_can_be_drawn_and_too_much_does_not_fit(monkeypatch):
    cells = counted(0)
    assert cells.count.tolist() == [] and groups(cells).n.tolist() == [0][:0]
    with pytest.raises(ValueError, match="no example"):
        replicate(cells, lambda sums: sums[:, :, 0])
    monkeypatch.setattr("vidi.ops.cells.MOST_NUMBERS", 100)
    with pytest.raises(UsageError, match="set a larger smallest group or name fewer attributes"):
        replicate(counted(50), lambda sums: sums[:, :, 0])


@pytest.mark.slow
def test_a_million_predictions_in_under_a_second_and_500_mb():
    """Four attributes, all intersections, five rates, 1,000 replicates, on one quiet core."""
    import resource

    rng, n = np.random.default_rng(0), 1_000_000
    levels = (2, 5, 4, 3)
    codes = np.stack([rng.integers(size, size=n) for size in levels], axis=1)
    truth, prediction = rng.integers(2, size=(2, n))
    attributes = [Attribute(f"a{size}", tuple(map(str, range(size)))) for size in levels]
    names = [
        "accuracy",
        "true positive rate",
        "false positive rate",
        "positive predictive value",
        "selection rate",
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(3):  # the first also imports scipy
        began = time.perf_counter()
        cells = count(codes, truth, prediction, attributes=attributes)
        members = groups(cells)
        drawn = replicate(cells, rates(cells, members, names), replicates=1000)
        seconds.append(time.perf_counter() - began)
    assert drawn.shape == (1000, 5 * 3 * 6 * 5 * 4) and not np.isnan(drawn).any()
    assert min(seconds) < 1.0
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500
