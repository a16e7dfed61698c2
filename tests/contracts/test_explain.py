"""What every map keeps: found by being in the folder."""

import copy
import functools
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

import known_networks as networks
import vidi.explanations.maps
from vidi.core.card import Card, read_cards
from vidi.core.device import seeded
from vidi.core.network import Classifier
from vidi.ops.attribution import blank, one_class

FOLDER = Path(str(vidi.explanations.maps.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
CARDS = read_cards(FOLDER)
QUICK = {"smoothgrad": {"copies": 4}, "integrated_gradients": {"steps": 8}, "rise": {"masks": 200}}


def function(name: str) -> Callable[..., Tensor]:
    return importlib.import_module(f"vidi.explanations.maps.{name}").explain


def explained(
    name: str, network: Classifier, images: Tensor, *, label: int | None = None, seed: int = 0, **options
) -> Tensor:
    """The map of one label, or of the one that a fresh copy of the network says."""
    with torch.no_grad():
        said = copy.deepcopy(network).eval()(images).argmax(1)
    target = one_class(said if label is None else torch.full_like(said, label), networks.CLASSES)
    return function(name)(network, images, target, generator=seeded(seed), **(QUICK.get(name, {}) | options))


@functools.cache
def fitting(name: str) -> tuple[Classifier, Tensor]:
    """A network that the method is for, and images for it."""
    if name == "attention_rollout":
        return networks.transformer(), networks.images(3, 32)
    return networks.convolutional(), networks.images(3)


def coefficients(network: Classifier, images: Tensor, label: int) -> Tensor:
    """The linear network's derivative with respect to each pixel, by hand."""
    weight = network.head.weight[label].detach().reshape(3, networks.SIZE, networks.SIZE)
    return weight / torch.tensor(network.preprocessing.std)[:, None, None]


def contributions(network: Classifier, images: Tensor, label: int) -> Tensor:
    """Each pixel's term of the linear network's score, counted from its blank image."""
    return (coefficients(network, images, label) * (images - blank(network, images))).sum(1)


def at_positions(network: Classifier, images: Tensor, label: int) -> Tensor:
    """Each position's term of the averaging network's score."""
    features = network.stages[0](network.normalise(images)).detach()
    return torch.einsum("d,ndij->nij", network.head.weight[label].detach(), features) / networks.SIZE**2


# What each method must say of a network whose answer is a sum over pixels or positions.
TRUTH: dict[str, Callable[[Classifier, Tensor, int], Tensor]] = {
    "gradient": lambda *of: coefficients(*of).abs().amax(0).expand(3, -1, -1),
    "gradient_x_input": contributions,
    "smoothgrad": lambda *of: coefficients(*of).abs().amax(0).expand(3, -1, -1),
    "guided_backprop": lambda *of: coefficients(*of).clamp(min=0).amax(0).expand(3, -1, -1),
    "deconvnet": lambda *of: coefficients(*of).clamp(min=0).amax(0).expand(3, -1, -1),
    "integrated_gradients": contributions,
    "occlusion": contributions,
    "grad_cam": lambda *of: at_positions(*of).clamp(min=0),
    "hires_cam": at_positions,
}
BY_HAND = {"attention_rollout", "rise"}  # theirs is in tests/explanations


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals_and_says_whether_the_map_is_signed(name):
    card = CARDS[name]
    assert card == importlib.import_module(f"vidi.explanations.maps.{name}").CARD and isinstance(card, Card)
    assert card.title and card.idea and card.paper and isinstance(card.facts["signed"], bool)


@pytest.mark.parametrize("name", NAMES)
def test_one_signature_for_all(name):
    parameters = list(inspect.signature(function(name)).parameters.values())
    assert [p.name for p in parameters[:4]] == ["network", "images", "target", "generator"]
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[3:])
    assert all(p.default is not p.empty for p in parameters[4:])


@pytest.mark.parametrize("name", NAMES)
def test_on_a_linear_network_the_answer_is_known(name):
    if name in BY_HAND:
        return
    network = networks.averaged() if CARDS[name].facts.get("layer") else networks.linear()
    images, options = networks.images(3), {"window_px": 1} if name == "occlusion" else {}
    for label in range(networks.CLASSES):
        found = explained(name, network, images, label=label, **options)
        torch.testing.assert_close(found, TRUTH[name](network, images.float(), label), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_an_unused_pixel_gets_nothing(name):
    if not CARDS[name].facts.get("target", True):
        return  # it says where attention goes, not what is used; its card says so
    network, images = networks.convolutional(half=True), networks.images(3)
    found = explained(name, network, images).abs()
    used, unused = found[..., :8].mean(), found[..., 12:]
    assert used > 0
    share = 0.5 if CARDS[name].facts.get("samples") else 1e-6
    assert unused.mean() <= share * used


@pytest.mark.parametrize("name", NAMES)
def test_other_weights_give_another_map(name):
    network, images = fitting(name)
    other = (networks.transformer if name == "attention_rollout" else networks.convolutional)(seed=1)
    one, two = explained(name, network, images), explained(name, other, images)
    assert (one - two).norm() > 0.05 * one.norm()


@pytest.mark.parametrize("name", NAMES)
def test_finite_over_the_image_and_above_0_unless_signed(name):
    network, images = fitting(name)
    found = explained(name, network, images)
    assert found.shape == (len(images), *images.shape[2:]) and found.isfinite().all()
    assert not found.requires_grad and found.any()
    assert bool((found < 0).any()) == CARDS[name].facts["signed"]


@pytest.mark.parametrize("name", NAMES)
def test_bytes_are_numbers_and_a_batch_is_one_by_one(name):
    network, images = fitting(name)
    together = explained(name, network, images)
    alone = torch.cat([explained(name, network, one[None].float()) for one in images])
    torch.testing.assert_close(together, alone, atol=1e-5 * float(together.abs().max()) + 1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_map(name):
    network, images = fitting(name)
    before = torch.get_rng_state()
    first, again, other = (explained(name, network, images, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in ("smoothgrad", "rise"))
    assert torch.equal(torch.get_rng_state(), before)


def state(network: Classifier) -> tuple:
    """Everything a method could leave behind."""
    modules = dict(network.named_modules())
    return (
        {key: value.clone() for key, value in network.state_dict().items()},
        {key: (weight.requires_grad, weight.grad) for key, weight in network.named_parameters()},
        {key: (module.training, type(module)) for key, module in modules.items()},
        {
            key: len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
            for key, module in modules.items()
        },
        {key: getattr(module, "fused_attn", None) for key, module in modules.items()},
        {key: set(vars(module)) for key, module in modules.items()},
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_network_and_the_images_are_left_as_they_were(name):
    network, images = fitting(name)
    try:
        network.train()
        network.stages[0].eval()
        next(network.parameters()).requires_grad_(False)
        marked = list(network.parameters())[-1]
        marked.grad = torch.ones_like(marked)
        before, pixels = state(network), images.clone()
        explained(name, network, images)
        weights, *rest = state(network)
        assert rest == list(before[1:])
        assert all(torch.equal(weights[key], value) for key, value in before[0].items())
        assert torch.equal(images, pixels)
    finally:
        marked.grad = None
        network.eval().requires_grad_(True)


@pytest.mark.parametrize("name", NAMES)
def test_activations_that_work_in_place_corrupt_nothing(name):
    if name == "attention_rollout":
        return  # its network has none
    images = networks.images(3)
    one, other = (networks.convolutional(inplace=inplace) for inplace in (True, False))
    layers = {"layer": "stages.0.1"} if CARDS[name].facts.get("layer") else {}  # a norm before a rectifier
    for options in ({}, layers):
        assert torch.equal(explained(name, one, images, **options), explained(name, other, images, **options))
