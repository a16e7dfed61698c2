"""What every view of a network keeps: found by being in the folder."""

import functools
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import known_networks as networks
import vidi.explanations.views
from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.explanations.sights import Given, Sight

FOLDER = Path(str(vidi.explanations.views.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
CARDS = read_cards(FOLDER)
QUICK = {
    "classes": {"steps": 3},
    "channels": {"steps": 3, "depths": 2, "channels": 2},
    "inversion": {"steps": 3, "depths": 1, "photos": 1},
    "patches": {"depths": 1, "channels": 2, "patches": 3},
    "decision_plane": {"planes": 1, "points": 6},
}
PAINTED = ("classes", "channels", "inversion")


def function(name: str) -> Callable[..., list[Sight]]:
    return importlib.import_module(f"vidi.explanations.views.{name}").view


@functools.cache
def given(count: int = 16, *, linear: bool = False) -> Given:
    """A network and images that it labels itself, all classes among them."""
    images = networks.images(200)
    network = networks.balanced((networks.linear if linear else networks.convolutional)(), images)
    with torch.no_grad():
        label = network(images).argmax(1)
    places = torch.cat([(label == k).nonzero()[: -(-count // 3), 0] for k in range(networks.CLASSES)])[:count]
    return Given(network, ("one", "two", "three"), images[places], label[places])


def fitting(name: str) -> Given:
    return given(linear=name == "templates")


@functools.cache
def seen(name: str, seed: int = 0) -> tuple[Sight, ...]:
    return tuple(function(name)(fitting(name), generator=seeded(seed), **QUICK.get(name, {})))


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_how_many_images_it_wants_and_whether_it_takes_gradients(name):
    card = CARDS[name]
    assert card == importlib.import_module(f"vidi.explanations.views.{name}").CARD
    assert card.title and card.idea and card.paper
    assert isinstance(card.facts["images"], int) and isinstance(card.facts["gradients"], bool)


@pytest.mark.parametrize("name", NAMES)
def test_one_signature_for_all(name):
    parameters = list(inspect.signature(function(name)).parameters.values())
    assert [p.name for p in parameters[:2]] == ["given", "generator"]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters[2:])
    documented = inspect.getdoc(function(name))
    assert all(f"\n{p.name}: " in documented for p in parameters[2:])


@pytest.mark.parametrize("name", NAMES)
def test_pictures_with_words_under_names_of_their_own(name):
    sights = seen(name)
    assert sights and len({one.name for one in sights}) == len(sights)
    for one in sights:
        assert one.name.startswith(name) and one.title and one.caption.endswith(".")
        assert one.picture.dtype == np.uint8 and one.picture.ndim == 3 and one.picture.shape[2] == 3
        assert min(one.picture.shape[:2]) >= 32 and one.picture.std() > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes(name):
    first, subject = seen(name), fitting(name)  # building a network draws; a view may not
    before = torch.get_rng_state()
    again = function(name)(subject, generator=seeded(0), **QUICK.get(name, {}))
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(again, first, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", NAMES)
def test_the_network_and_the_images_are_left_as_they_were(name):
    subject = fitting(name)
    network, pixels = subject.network, subject.images.clone()
    modes = {key: (module.training, type(module)) for key, module in network.named_modules()}
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    function(name)(subject, generator=seeded(1), **QUICK.get(name, {}))
    assert modes == {key: (module.training, type(module)) for key, module in network.named_modules()}
    assert all(weight.requires_grad and weight.grad is None for weight in network.parameters())
    assert all(torch.equal(weights[key], value) for key, value in network.state_dict().items())
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in network.modules())
    assert torch.equal(subject.images, pixels)


@pytest.mark.parametrize("name", NAMES)
def test_without_images_it_works_or_says_how_many_it_wants(name):
    full = fitting(name)
    empty = Given(full.network, full.labels, full.images[:0], full.label[:0])
    if CARDS[name].facts["images"]:
        with pytest.raises(UsageError, match="images or more are wanted"):
            function(name)(empty, generator=seeded(0), **QUICK.get(name, {}))
    else:
        assert function(name)(empty, generator=seeded(0), **QUICK.get(name, {}))


@pytest.mark.parametrize("name", ["patches", "channels"])
def test_a_network_without_positions_is_told_so(name):
    with pytest.raises(UsageError, match="layer with positions"):
        function(name)(
            Given(networks.flat(), given().labels, given().images, given().label), generator=seeded(0)
        )


@pytest.mark.parametrize("name", ["patches", "channels", "inversion"])
def test_a_layer_that_there_is_not_is_told_with_the_nearest_names(name):
    subject = given()
    asked = Given(subject.network, subject.labels, subject.images, subject.label, layers=("stages.0.9",))
    with pytest.raises(UsageError, match=r"no layer 'stages\.0\.9'.*did you mean"):
        function(name)(asked, generator=seeded(0), **QUICK[name])
