import numpy as np
import pytest

from vidi.ops.baselines import frequencies
from vidi.ops.confusion import confusion


def test_confusion_by_hand():
    assert confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3).tolist() == [
        [1, 1, 0],
        [0, 1, 0],
        [1, 0, 0],
    ]


def test_confusion_agrees_with_sklearn():
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(5, size=(2, 300))
    assert (confusion(truth, prediction, 7) == confusion_matrix(truth, prediction, labels=range(7))).all()


def test_confusion_refuses_numbers_of_no_class_and_takes_nothing():
    with pytest.raises(ValueError, match="truth"):
        confusion(np.array([3]), np.array([0]), 3)
    with pytest.raises(ValueError, match="prediction"):
        confusion(np.array([0]), np.array([-1]), 3)
    assert confusion(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 2).tolist() == [[0, 0], [0, 0]]


def test_frequencies_by_hand():
    target = np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.float32)
    assert frequencies(target, 2).tolist() == [[0.75, 0.25], [0.75, 0.25]]
    with pytest.raises(ValueError, match="training example"):
        frequencies(target[:0], 2)


def test_no_other_constant_has_a_lower_log_loss():
    rng = np.random.default_rng(0)
    target = np.eye(4)[rng.choice(4, p=[0.1, 0.2, 0.3, 0.4], size=200)]
    best = -(target * np.log(frequencies(target, 200))).sum()
    for _ in range(50):
        assert -(target * np.log(rng.dirichlet(np.ones(4), size=1))).sum() >= best
