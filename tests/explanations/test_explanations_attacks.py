"""Attacks' own laws, and the rules that tell a broken attack."""

import functools

import numpy as np
import pytest
import torch
from torch import nn

import known_networks as networks
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.explanations.attacks import apgd, ddn, fgsm, pgd, square
from vidi.explanations.fooling import fool, known_attack
from vidi.ops.balls import anywhere, as_bytes, size, within
from vidi.ops.fooling import climb, fooled, logits_of, margin


def linear() -> tuple[Classifier, torch.Tensor, torch.Tensor]:
    """Pictures of middle greys, so that no change leaves 0..255, and what the linear network says of them."""
    images = torch.randint(100, 156, (6, 3, 16, 16), dtype=torch.uint8, generator=seeded(2))
    network = networks.balanced(networks.linear(), images)
    return network, images, logits_of(network, images).argmax(1)


def slopes(network: Classifier, label: torch.Tensor) -> torch.Tensor:
    """By how much each other logit falls below the label's with each pixel: (n, classes, pixels)."""
    scale = network.normalise.scale.expand(3, 16, 16).flatten()
    weight = network.head.weight.detach() * scale
    return weight[None] - weight[label][:, None]


def test_fgsm_on_a_linear_network_of_two_classes_by_hand():
    network, images, _ = linear()
    network.head.weight.data[2] = network.head.weight.data[1]
    network.head.bias.data[2] = network.head.bias.data[1] - 1000  # never
    label = logits_of(network, images).argmax(1)
    changed = fgsm.attack(network, images, label, epsilon=3.0, generator=seeded(0))
    gap = margin(logits_of(network, images), label, targeted=False)
    gained = margin(logits_of(network, changed), label, targeted=False) - gap
    best = slopes(network, label)[torch.arange(6), 1 - label].abs().sum(1)
    torch.testing.assert_close(gained, 3 * best, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("attack", [pgd, apgd])
def test_nothing_within_epsilon_is_better_on_a_linear_network(attack):
    network, images, label = linear()
    network.head.weight.data[2] = network.head.weight.data[1]
    network.head.bias.data[2] = network.head.bias.data[1] - 1000
    label = logits_of(network, images).argmax(1)
    options = {"steps": 30} if attack is apgd else {}
    one_step = fgsm.attack(network, images, label, epsilon=2.0, generator=seeded(0))
    many = attack.attack(network, images, label, epsilon=2.0, generator=seeded(0), **options)
    best, found = (climb(network, x, label, targeted=False)[0] for x in (one_step, many))
    assert bool((found >= best * (1 - 1e-2)).all()) and bool((found <= best * (1 + 1e-6)).all())


def test_the_smallest_change_on_a_linear_network_is_the_distance_to_the_plane():
    network, images, label = linear()
    nearest, far = ddn.smallest(network, images.float(), label, steps=200)
    logits, away = logits_of(network, images), slopes(network, label)
    gap = logits.gather(1, label[:, None]) - logits
    distance = (gap / away.norm(dim=2).clamp(min=1e-12)).scatter(1, label[:, None], torch.inf).amin(1)
    assert fooled(logits_of(network, nearest), label, targeted=False).all()
    assert bool((far >= distance * 0.999).all())
    # whole grey levels cannot be shorter than the way to the plane, and come near it
    assert bool((far <= distance * 1.15 + 3).all()), (far, distance)


def test_a_sure_answer_still_has_a_slope():
    network, images, label = linear()
    network.head.weight.data *= 100
    network.head.bias.data *= 100
    assert bool((climb(network, images.float(), label, targeted=False)[1].abs().amax((1, 2, 3)) > 0).all())


def test_checkpoints_are_the_papers():
    assert sorted(apgd.checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]


def test_squares_halve_as_the_paper_says():
    assert [square._share(0.8, done) for done in (0.0005, 0.002, 0.03, 0.9)] == [0.8, 0.4, 0.1, 0.8 / 256]


def test_balls():
    images = networks.images(4)
    far = images + 100 * torch.randn(images.shape, generator=seeded(0))
    for norm, epsilon in (("linf", 3.5), ("l2", 50.0)):
        inside = within(images.float(), far, norm=norm, epsilon=epsilon)
        assert bool((size(inside - images, norm) <= epsilon + 1e-4).all())
        torch.testing.assert_close(within(images.float(), inside, norm=norm, epsilon=epsilon), inside)
        started = anywhere(images, norm=norm, epsilon=epsilon, generator=seeded(0))
        assert bool((size(started - images, norm) <= epsilon + 1e-4).all()) and (started != images).any()
        saved = as_bytes(images, inside, norm=norm, epsilon=epsilon)
        assert bool((size(saved.double() - images, norm) <= epsilon).all())
    whole = (images.float() + 3).clamp(0, 255)
    assert torch.equal(as_bytes(images, whole - 0.2, norm="linf", epsilon=3.0), whole.to(torch.uint8))


# The rules


class Masked(nn.Module):
    """Whole grey levels only, by rounding: answers stay, gradients vanish but for a trace that misleads."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x / 8).round() * 8 - 1e-3 * x


@functools.cache
def photographed() -> tuple[Classifier, torch.Tensor, torch.Tensor]:
    images = networks.images(16)
    network = networks.balanced(networks.convolutional(), images)
    label = logits_of(network, images).argmax(1)
    label[0] = (label[0] + 1) % 3  # one that is wrong before anything is done
    return network, images, label


def test_robust_accuracy_is_measured_and_the_rules_hold():
    network, images, label = photographed()
    found = fool(network, images, label, attack="pgd", epsilons=[4.0, 1.0, 2.0])
    assert found.epsilons == (1.0, 2.0, 4.0) and found.norm == "linf"
    assert found.clean.value == 15 / 16 and found.clean.n == 16
    values = [m.value for m in found.robust]
    assert values == sorted(values, reverse=True) and values[-1] < 15 / 16
    assert all(m.low <= m.value <= m.high and m.method == "Wilson" for m in found.robust)
    assert found.robust[0].of == "pgd, linf <= 1/255"
    assert len(found.sane) == 4 and all(rule.holds for rule in found.sane), found.sane
    assert found.survives.shape == (3, 16) and not found.survives[:, 0].any()


@pytest.mark.slow
def test_a_network_that_hides_its_gradients_is_found_out():
    network, images, _ = photographed()
    hidden = Classifier(
        stages=[Masked(), *network.stages], head=network.head, width=32, preprocessing=network.preprocessing
    ).eval()
    hidden.normalise = nn.Sequential(nn.Identity())  # rounding is in grey levels
    hidden.stages.insert(1, network.normalise)
    label = logits_of(hidden, images).argmax(1)
    found = fool(hidden, images, label, attack="fgsm", epsilons=[4.0])
    broken = [rule for rule in found.sane if not rule.holds]
    assert any("sees answers only" in rule.rule for rule in broken), found.sane


@pytest.mark.slow
def test_groups_widen_the_interval():
    network, images, label = photographed()
    found = fool(network, images, label, attack="fgsm", epsilons=[1.0], group=np.arange(16) // 4)
    assert "groups" in found.robust[0].method


def test_an_attack_that_is_not_there():
    with pytest.raises(UsageError, match=r"no attack is named 'pdg'; there are apgd, .*did you mean pgd"):
        known_attack("pdg")
