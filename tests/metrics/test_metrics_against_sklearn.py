"""Every value equals scikit-learn's on random data."""

import numpy as np
import pytest

from vidi.core.scores import Scores
from vidi.metrics import (
    accuracy,
    auroc,
    average_precision,
    balanced_accuracy,
    brier,
    exact_match,
    log_loss,
    per_class,
    top5,
)

LABELS = tuple("abcdefgh")


def single(seed, ties=False):
    rng = np.random.default_rng(seed)
    truth = rng.integers(8, size=400)
    logits = rng.normal(size=(400, 8)) + 1.2 * np.eye(8)[truth]
    probability = np.exp(np.round(logits, 1) if ties else logits)
    return Scores(truth, probability / probability.sum(axis=1, keepdims=True), LABELS, replicates=20)


def several(seed, ties=False):
    rng = np.random.default_rng(seed)
    truth = rng.random((300, 8)) < np.linspace(0.05, 0.9, 8)
    probability = 1 / (1 + np.exp(-rng.normal(size=(300, 8)) - 2 * truth + 1))
    return Scores(truth, np.round(probability, 2) if ties else probability, LABELS, replicates=20)


def values(measured):
    return {(entry.name, entry.of): entry.value for entry in measured}


def close(value, theirs):
    assert value == pytest.approx(float(theirs), abs=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
def test_shares(seed):
    from sklearn import metrics

    s = single(seed)
    close(accuracy.measure(s)[0].value, metrics.accuracy_score(s.truth, s.prediction))
    close(balanced_accuracy.measure(s)[0].value, metrics.balanced_accuracy_score(s.truth, s.prediction))
    close(top5.measure(s)[0].value, metrics.top_k_accuracy_score(s.truth, s.probability, k=5))
    m = several(seed)
    close(exact_match.measure(m)[0].value, metrics.accuracy_score(m.truth, m.probability >= 0.5))


@pytest.mark.parametrize("make", [single, several])
@pytest.mark.parametrize("seed", [0, 1])
def test_precision_recall_and_f1(make, seed):
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    s = make(seed)
    prediction = s.prediction if s.truth.ndim == 1 else s.probability >= 0.5
    found = values(per_class.measure(s))
    each = precision_recall_fscore_support(s.truth, prediction)
    mean = precision_recall_fscore_support(s.truth, prediction, average="macro")
    for name, theirs, macro in zip(("precision", "recall", "F1"), each, mean, strict=False):
        close(found[name, ""], macro)
        for label, value in zip(LABELS, theirs, strict=True):
            close(found[name, label], value)
    if make is several:
        close(found["micro F1", ""], f1_score(s.truth, prediction, average="micro"))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_ranks(seed, ties):
    from sklearn.metrics import average_precision_score, roc_auc_score

    s, m = single(seed, ties), several(seed, ties)
    close(values(auroc.measure(s))["AUROC", ""], roc_auc_score(s.truth, s.probability, multi_class="ovr"))
    found = values(auroc.measure(m)) | values(average_precision.measure(m))
    close(found["AUROC", ""], roc_auc_score(m.truth, m.probability))
    close(found["mean average precision", ""], average_precision_score(m.truth, m.probability))
    area = roc_auc_score(m.truth, m.probability, average=None)
    precision = average_precision_score(m.truth, m.probability, average=None)
    for number, label in enumerate(LABELS):
        close(found["AUROC", label], area[number])
        close(found["average precision", label], precision[number])


@pytest.mark.parametrize("seed", [0, 1])
def test_probabilities(seed):
    from sklearn import metrics

    s, m = single(seed), several(seed)
    close(log_loss.measure(s)[0].value, metrics.log_loss(s.truth, s.probability))
    columns = [metrics.log_loss(m.truth[:, c], m.probability[:, c]) for c in range(8)]
    close(log_loss.measure(m)[0].value, np.mean(columns))
    columns = [metrics.brier_score_loss(m.truth[:, c], m.probability[:, c]) for c in range(8)]
    close(brier.measure(m)[0].value, np.mean(columns))
    columns = [metrics.brier_score_loss(s.truth == c, s.probability[:, c]) for c in range(8)]
    close(brier.measure(s)[0].value, np.sum(columns))
