import numpy as np
import pytest

from vidi.ops.temperature import fit_temperature, scaled_loss


def planted(kind, temperature, n=20_000, classes=4):
    """Answers drawn from the probabilities themselves; the model's logits are `temperature` times too big."""
    rng = np.random.default_rng(1)
    honest = rng.normal(size=(n, classes)) * 1.5
    if kind == "multilabel":
        return honest * temperature, rng.random(honest.shape) < 1 / (1 + np.exp(-honest))
    return honest * temperature, (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)


@pytest.mark.parametrize("kind", ["classification", "multilabel"])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_a_planted_temperature_is_recovered(kind, temperature):
    assert fit_temperature(*planted(kind, temperature), kind) == pytest.approx(temperature, rel=0.03)


@pytest.mark.parametrize("kind", ["classification", "multilabel"])
@pytest.mark.parametrize("seed", range(5))
def test_the_loss_never_gets_worse_and_answers_stay(kind, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(30, 5)) * rng.choice([0.01, 1, 100])
    truth = rng.integers(5, size=30)
    target = np.eye(5)[truth] if kind == "classification" else (rng.random((30, 5)) < 0.4).astype(float)
    found = fit_temperature(logits, truth if kind == "classification" else target, kind)
    assert 0.05 <= found <= 20
    assert scaled_loss(logits / found, target, kind) <= scaled_loss(logits, target, kind)
    assert ((logits / found).argmax(axis=1) == logits.argmax(axis=1)).all()
    assert (((logits / found) >= 0) == (logits >= 0)).all()


def test_no_other_temperature_is_better():
    logits, truth = planted("classification", 2.0, n=500)
    found = fit_temperature(logits, truth)
    best = scaled_loss(logits / found, np.eye(4)[truth])
    assert all(best <= scaled_loss(logits / other, np.eye(4)[truth]) for other in np.geomspace(0.05, 20, 200))


def test_all_right_is_as_cold_and_all_wrong_as_hot_as_allowed():
    logits = np.eye(3)
    assert fit_temperature(logits, np.arange(3)) == pytest.approx(0.05)
    assert fit_temperature(logits, np.array([1, 2, 0])) == pytest.approx(20)


def test_soft_targets_are_one_hot_targets_in_the_limit():
    logits, truth = planted("classification", 3.0, n=300)
    assert fit_temperature(logits, np.eye(4)[truth]) == fit_temperature(logits, truth)


def test_half_precision_and_no_examples():
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == 1.0
    logits, truth = planted("classification", 2.0, n=300)
    assert fit_temperature(logits.astype(np.float32), truth) == pytest.approx(
        fit_temperature(logits, truth), rel=1e-4
    )


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind"):
        fit_temperature(np.zeros((1, 2)), np.array([0]), "regression")
