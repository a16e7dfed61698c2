import pytest

from vidi.core.device import seeded
from vidi.ops.sampling import beta


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mean_variance_and_symmetry(alpha):
    drawn = beta(alpha, 20_000, seeded()).double()
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(float(drawn.mean()) - 0.5) < 4 * (variance / 20_000) ** 0.5
    assert abs(float(drawn.var()) / variance - 1) < 0.03
    assert drawn.min() >= 0 and drawn.max() <= 1
    assert abs(float((drawn < 0.5).double().mean()) - 0.5) < 0.015


def test_same_seed_same_draws():
    assert beta(0.4, 5, seeded(3)).tolist() == beta(0.4, 5, seeded(3)).tolist()


def test_alpha_is_positive():
    with pytest.raises(ValueError, match="alpha"):
        beta(0.0, 1, seeded())
