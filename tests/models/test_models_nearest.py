"""k-NN: by hand, against scikit-learn, and ties."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.models import linear, nearest


@pytest.mark.parametrize(("metric", "votes"), [(m, v) for m in nearest.METRICS for v in nearest.VOTES])
def test_without_shared_votes_it_is_scikit_learns(metric, votes):
    keys, query = (torch.randn(n, 6, generator=seeded(n)) for n in (200, 50))
    target = torch.randint(4, (200,), generator=seeded(3))
    head = nearest.Neighbours(classes=4, examples=200, width=6, k=7, metric=metric, votes=votes, shared=0.0)
    head.remember(keys, target)
    query[:3] = keys[:3]  # distance 0
    if metric == "cosine":  # scikit-learn weighs by 1 - cos, we by the distance of unit vectors
        keys, query = (torch.nn.functional.normalize(x) for x in (keys, query))
    weights = "uniform" if votes == "equal" else "distance"
    theirs = KNeighborsClassifier(7, weights=weights, algorithm="brute").fit(keys.numpy(), target.numpy())
    wanted = theirs.predict_proba(query.numpy())
    close = slice(3, None) if votes == "distance" else slice(None)  # rounding makes 0 of 1e-4, not of 0
    np.testing.assert_allclose(head(query).exp()[close].numpy(), wanted[close], atol=2e-3)
    np.testing.assert_array_equal(head(query).argmax(1).numpy(), wanted.argmax(1))


def test_by_hand_with_one_vote_shared():
    head = nearest.Neighbours(
        classes=2, examples=3, width=1, k=3, metric="euclidean", votes="equal", shared=1.0
    )
    head.remember(torch.tensor([[0.0], [1.0], [9.0]]), torch.tensor([0, 0, 1]))
    torch.testing.assert_close(head(torch.tensor([[0.4]])).exp(), torch.tensor([[2.5 / 4, 1.5 / 4]]))


def test_shared_votes_change_no_winner_and_make_nothing_impossible():
    keys, query = (torch.randn(n, 3, generator=seeded(n)) for n in (60, 40))
    target = torch.randint(5, (60,), generator=seeded(1))
    answers = []
    for shared in (0.0, 1.0):
        head = nearest.Neighbours(
            classes=5, examples=60, width=3, k=5, metric="euclidean", votes="distance", shared=shared
        )
        head.remember(keys, target)
        answers.append(head(query))
    assert torch.equal(answers[0].argmax(1), answers[1].argmax(1))
    assert answers[0].isneginf().any() and answers[1].isfinite().all()
    torch.testing.assert_close(answers[1].exp().sum(1), torch.ones(40))


def test_an_example_finds_itself_and_equal_votes_go_to_the_first_class():
    network = nearest.build(classes=3, size_px=4, examples=6, k=1)
    image = torch.randint(0, 256, (6, 3, 4, 4), dtype=torch.uint8, generator=seeded(0))
    network.head.remember(network.features(image), torch.tensor([0, 1, 2, 0, 1, 2]))
    assert network(image).argmax(1).tolist() == [0, 1, 2, 0, 1, 2]
    tie = nearest.build(classes=3, size_px=4, examples=2, k=2)
    tie.head.remember(tie.features(image[:2]), torch.tensor([2, 1]))
    assert tie(image).argmax(1).tolist() == [1] * 6


def test_before_anything_is_remembered_all_classes_are_alike():
    network = nearest.build(classes=4, size_px=4, examples=3)
    answer = network(torch.zeros(2, 3, 4, 4)).exp()
    torch.testing.assert_close(answer, torch.full((2, 4), 0.25))


def test_on_a_backbone_it_takes_its_features():
    backbone = linear.build(classes=9, size_px=5)
    network = nearest.build(classes=2, examples=4, backbone=backbone)
    image = torch.randint(0, 256, (4, 3, 5, 5), dtype=torch.uint8, generator=seeded(0))
    assert torch.equal(network.features(image), backbone.features(image)) and network.width == backbone.width


@pytest.mark.parametrize(
    "options", [{"examples": 0}, {"k": 0}, {"metric": "hamming"}, {"votes": "loud"}, {"shared": -1.0}]
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(UsageError, match="got"):
        nearest.build(**({"classes": 2, "examples": 3} | options))


def test_wrong_examples_are_refused():
    network = nearest.build(classes=2, size_px=1, examples=2)
    with pytest.raises(ValueError, match="wanted"):
        network.head.remember(torch.zeros(3, 3), torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match="labels are 0 to 1"):
        network.head.remember(torch.zeros(2, 3), torch.tensor([0, 2]))
