import numpy as np
import pytest

from vidi.ops.smoother import basis_of, level_basis, out_of_fold, penalty_for, spline_basis


def test_a_spline_by_hand():
    """Knots at 0, 1, 2, 3, 4; 2.25 is three quarters of knot 2 and a quarter of knot 3."""
    basis = spline_basis(np.array([0.0, 1, 2, 3, 4, 2.25, 1.75]))
    np.testing.assert_allclose(basis @ np.arange(5) * 1.0, [0, 1, 2, 3, 4, 2.25, 1.75], atol=0.3)
    np.testing.assert_allclose(basis.sum(axis=1), 1)
    assert spline_basis(np.full(9, 7.0)).shape == (9, 0)


def test_a_spline_can_bend():
    x = np.linspace(-1, 1, 400)
    basis = spline_basis(x).astype(np.float64)
    left = np.abs(x) - basis @ np.linalg.lstsq(basis, np.abs(x), rcond=None)[0]
    assert np.abs(left).max() < 1e-3  # a knot stands at 0


def test_levels_are_columns_and_the_rare_share_one():
    basis = level_basis(np.array(["b", "a", "b", "c", "d"]), most=2)
    assert basis.sum(axis=1).tolist() == [1.0] * 5 and basis.shape == (5, 3)
    assert basis[:, 0].tolist() == [1, 0, 1, 0, 0] and basis[:, 2].tolist() == [0, 0, 0, 1, 1]
    both = basis_of([np.array(["b", "a", "b", "c", "d"]), np.arange(5.0)])
    assert both.shape[1] == 4 + 5


@pytest.mark.parametrize("freedom", [1.0, 3.5, 7.9])
def test_the_penalty_leaves_as_much_freedom_as_asked(freedom):
    spectrum = np.array([100.0, 50, 20, 10, 5, 2, 1, 0.5])
    penalty = penalty_for(spectrum, freedom)
    assert (spectrum / (spectrum + penalty)).sum() == pytest.approx(freedom, abs=1e-6)


def test_out_of_fold_it_is_ridge_regression():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)).astype(np.float32), rng.normal(size=(60, 3)).astype(np.float32)
    fold = np.arange(60) % 3
    seen = []
    for smoother in out_of_fold(x, fold):
        inside, outside, predicted = smoother.inside, smoother.outside, smoother.predict(y)
        centred = x[inside] - x[inside].mean(axis=0)
        penalty = penalty_for(np.linalg.eigvalsh((centred.T @ centred).astype(np.float64)), len(inside) / 10)
        weights = np.linalg.solve(
            centred.T @ centred + penalty * np.eye(4), centred.T @ (y[inside] - y[inside].mean(axis=0))
        )
        theirs = (x[outside] - x[inside].mean(axis=0)) @ weights + y[inside].mean(axis=0)
        np.testing.assert_allclose(predicted, theirs, atol=1e-4)
        assert not set(inside) & set(outside)
        seen += outside.tolist()
    assert sorted(seen) == list(range(60))
