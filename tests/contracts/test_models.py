"""What every network keeps: found by being in the folder."""

import ast
import functools
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import jaxtyping
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import vidi.models
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.network import Classifier
from vidi.ops import costs

FOLDER = Path(str(vidi.models.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def member(name: str) -> ModuleType:
    return importlib.import_module(f"vidi.models.{name}")


def built(name: str, seed: int = 0) -> Classifier:
    network = member(name).build(**member(name).CARD.at, generator=seeded(seed))
    assert isinstance(network, Classifier)
    if name == "nearest":  # its weights are examples
        draw = torch.randn(network.head.keys.shape, generator=seeded(seed))
        network.head.remember(draw, torch.arange(len(draw)) % 10)
    return network


@functools.cache
def kept(name: str) -> Classifier:
    """One network for the tests that don't change it."""
    return built(name).eval()


def images(network: Classifier, count: int) -> Tensor:
    side = min(network.preprocessing.size_px, 64)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=seeded(1))


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    calls = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    ]
    written = Card(**{word.arg: ast.literal_eval(word.value) for word in calls[0].keywords})
    assert written == member(name).CARD
    assert written.title and written.idea and written.paper and written.at


@pytest.mark.parametrize("name", NAMES)
def test_options_are_keywords(name):
    parameters = inspect.signature(member(name).build).parameters
    assert {"classes", "size_px", "generator"} <= parameters.keys()
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_multiply_adds_are_as_stated(name):
    network, card = kept(name), member(name).CARD
    side = network.preprocessing.size_px
    assert costs.weights(network) == card.weights
    assert costs.multiply_adds(network, (1, 3, side, side)) == card.multiply_adds


@pytest.mark.parametrize("name", NAMES)
def test_bytes_and_floats_are_the_same_image(name):
    network = kept(name)
    image = images(network, 2)
    with torch.no_grad():
        assert torch.equal(network(image), network(image.float()))


@pytest.mark.parametrize("name", NAMES)
def test_an_image_alone_is_as_in_a_batch(name):
    network = kept(name)
    image = images(network, 4)
    with torch.no_grad():
        together, alone = network(image), torch.cat([network(one[None]) for one in image])
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_stages_compose_wherever_they_are_cut(name):
    network = kept(name)
    image, count = images(network, 2), len(network.stages)
    with torch.no_grad():
        features = network.features(image)
        assert features.shape == (2, network.width)
        assert torch.equal(network.head(features), network(image))
        for cut in {0, 1, count // 2, count}:
            between = network.part(0, cut)(network.normalise(image))
            assert torch.equal(network.part(cut, count)(between), features)


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_twice_is_the_same(name):
    network = kept(name)
    image = images(network, 2)
    with torch.no_grad():
        assert torch.equal(network(image), network(image))


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_reaches_every_weight(name):
    network = built(name).train()
    weights = {key: weight for key, weight in network.named_parameters() if weight.requires_grad}
    if not weights:
        assert member(name).CARD.weights == 0
        return
    logits = network(images(network, 4))
    functional.cross_entropy(logits, torch.arange(4) % logits.shape[1]).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in weights.values())
    assert any(weight.grad.any() for weight in weights.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits_and_touches_no_other_randomness(name):
    before = torch.get_rng_state()
    first, again, other = (built(name, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    differ = [key for key in first if not torch.equal(first[key], other[key])]
    assert differ or name == "linear"  # a convex problem starts at zero


@pytest.mark.parametrize("name", NAMES)
def test_weights_go_from_one_to_another(name):
    one, other = kept(name), built(name, 1).eval()
    other.load_state_dict({key: value.clone() for key, value in one.state_dict().items()})
    image = images(one, 2)
    with torch.no_grad():
        assert torch.equal(one(image), other(image))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("error::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
def test_it_can_be_traced_for_any_batch(name, monkeypatch):
    network = kept(name)
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # sizes are tensors while tracing
    with torch.no_grad():
        traced = torch.jit.trace(network, images(network, 2).float(), check_trace=False)
        torch.testing.assert_close(traced(images(network, 3).float()), network(images(network, 3)))
