"""Simulated predictions: right as often as asked in each group, calibrated unless asked otherwise."""

import numpy as np
import pytest

from vidi.core.dataset import Dataset
from vidi.core.scores import Scores
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.simulated import simulated_predictions
from vidi.data.drawn.world import World

TIMES = 1000
BY_SITE = {"north": 0.9, "south": 0.7, "west": 0.8}


@pytest.fixture(scope="module")
def many() -> Dataset:
    """40 drawn rows of four labels, each a thousand times: the labels are equally frequent."""
    return dataset(40, size_px=8).dataset.take(np.tile(np.arange(40), TIMES))


def off_in_bins(confidence: np.ndarray, right: np.ndarray) -> float:
    """The greatest distance, in standard errors, between what is said and what is so over ten equal bins."""
    order = np.array_split(np.argsort(confidence), 10)
    errors = [np.sqrt((confidence[bin] * (1 - confidence[bin])).mean() / len(bin)) for bin in order]
    gaps = [abs(confidence[bin].mean() - right[bin].mean()) for bin in order]
    return max(gap / max(error, 1e-9) for gap, error in zip(gaps, errors, strict=True))


def test_accuracy_of_every_group(many):
    scores = simulated_predictions(many, accuracy=BY_SITE, by="site", seed=1)
    site = many.column("site")
    for group, accuracy in BY_SITE.items():
        right = scores.correct[site == group]
        assert abs(right.mean() - accuracy) < 4 * np.sqrt(accuracy * (1 - accuracy) / len(right))
    assert [many.labels[number] for number in scores.truth[:40]] == many.column("target")[:40].tolist()


@pytest.mark.parametrize("accuracy", [0.3, 0.6, 0.95])
def test_calibrated_for_the_first_label_and_for_each(many, accuracy):
    scores = simulated_predictions(many, accuracy=accuracy, seed=2)
    assert off_in_bins(scores.probability.max(axis=1), scores.correct) < 4
    for label in range(4):
        assert off_in_bins(scores.probability[:, label], scores.truth == label) < 4


def test_groups_are_calibrated_apart(many):
    scores = simulated_predictions(
        many, accuracy=BY_SITE, by="site", temperature={**BY_SITE, "north": 1.0}, seed=3
    )
    site, confidence = many.column("site"), scores.probability.max(axis=1)
    gap = {name: (confidence - scores.correct)[site == name].mean() for name in BY_SITE}
    assert abs(gap["north"]) < 0.01 < min(gap["south"], gap["west"])


def test_temperature_changes_how_sure_but_not_what(many):
    told = [simulated_predictions(many, accuracy=0.7, temperature=heat, seed=4) for heat in (0.5, 1.0, 2.0)]
    sure = [scores.probability.max(axis=1).mean() - scores.correct.mean() for scores in told]
    assert sure[0] > 0.05 and abs(sure[1]) < 0.01 and sure[2] < -0.05
    assert all((scores.prediction == told[0].prediction).all() for scores in told)


@pytest.mark.parametrize(
    "world", [World(), World(shapes=("disc", "ring")), World(shapes=("disc",) + ("ring",) * 3)]
)
def test_limits(world):
    data = dataset(40, world=world, size_px=8).dataset
    sure = simulated_predictions(data, accuracy=1.0)
    assert sure.correct.all() and (sure.probability.max(axis=1) == 1).all()
    chance = simulated_predictions(data, accuracy=1 / len(data.labels))
    np.testing.assert_allclose(chance.probability, 1 / len(data.labels))
    for scores in (sure, chance, simulated_predictions(data, accuracy=0.77, temperature=0.01)):
        assert isinstance(scores, Scores) and np.isfinite(scores.probability).all()
        np.testing.assert_allclose(scores.probability.sum(axis=1), 1)


def test_seeded(many):
    one, again, other = (simulated_predictions(many, accuracy=0.8, seed=seed) for seed in (1, 1, 2))
    assert (one.probability == again.probability).all() and (one.probability != other.probability).any()


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"accuracy": 0.1}, "between chance, 0.25 here, and 1"),
        ({"accuracy": float("nan")}, "between chance"),
        ({"accuracy": 0.8, "temperature": 0.0}, "above 0; got 0"),
        ({"accuracy": BY_SITE}, "wants `by`"),
        ({"accuracy": BY_SITE, "by": "mood"}, "got 'mood'"),
        ({"accuracy": {"north": 0.9}, "by": "site"}, "south, west has none"),
    ],
)
def test_wrong_use_is_refused(many, asked, words):
    with pytest.raises(ValueError, match=words):
        simulated_predictions(many.take(np.arange(40)), **asked)
