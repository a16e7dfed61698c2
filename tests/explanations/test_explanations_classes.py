"""Pictures of classes: what holds them to images that the network calls so, and when nothing does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import known_networks as networks
from vidi.core.device import seeded
from vidi.explanations.sights import Given
from vidi.explanations.views.classes import called_so, view


@pytest.fixture(scope="module")
def given() -> Given:
    images = networks.images(40)
    network = networks.balanced(networks.convolutional(), images)
    return Given(network, ("one", "two", "three"), images, torch.zeros(40, dtype=torch.long))


def painted(given: Given, **options) -> np.ndarray:
    return view(given, generator=seeded(0), steps=2, **options)[0].picture


def test_the_mean_is_of_what_the_network_calls_so_whatever_the_label(given):
    mean, scale, count = called_so(given, torch.tensor([2, 0]), typical=1.0)
    with torch.no_grad():
        features = given.network.features(given.images)
        said = given.network(given.images).argmax(1)
    assert count.tolist() == [int((said == 2).sum()), int((said == 0).sum())] and count.min() > 0
    torch.testing.assert_close(mean[0], features[said == 2].mean(0))
    torch.testing.assert_close(scale, features.std(0, unbiased=False).clamp(min=float(scale.min())))


def test_off_it_paints_as_where_there_are_no_images(given):
    empty = replace(given, images=given.images[:0], label=given.label[:0])
    assert np.array_equal(painted(given, typical=0.0), painted(empty))
    assert not np.array_equal(painted(given), painted(empty))


def test_images_of_other_classes_hold_nothing(given):
    other = replace(given, own_labels=("seven", "eight"))
    assert np.array_equal(painted(other), painted(given, typical=0.0))
