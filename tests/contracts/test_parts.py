"""What every part of a network keeps: found by being in the folder."""

import ast
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import vidi.models.parts
from vidi.core.card import Card
from vidi.core.device import seeded

FOLDER = Path(str(vidi.models.parts.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def member(name: str) -> ModuleType:
    return importlib.import_module(f"vidi.models.parts.{name}")


def linear() -> nn.Linear:
    layer = nn.Linear(12, 12)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(12, 12, generator=seeded(8)))
        layer.bias.copy_(torch.randn(12, generator=seeded(9)))
    return layer


def made(name: str, options: Any, seed: int | None = 0) -> nn.Module:
    wraps = {"linear": linear()} if name == "dropconnect" else {}
    return member(name).layer(**options, **wraps, generator=None if seed is None else seeded(seed))


def given(name: str) -> Tensor:
    shape = (16, 12) if name == "dropconnect" else (16, 3, 14, 15)
    return torch.randn(shape, generator=seeded(1))


def plain(name: str, x: Tensor) -> Tensor:
    """What the part is without its idea."""
    if name == "dropconnect":
        return linear()(x)
    return functional.max_pool2d(x, 2) if name == "fractional_max_pool" else x


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    calls = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    ]
    written = Card(**{word.arg: ast.literal_eval(word.value) for word in calls[0].keywords})
    assert written == member(name).CARD
    assert written.title and written.idea and written.paper and written.on.keys() == written.off.keys()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_switched_off_it_is_the_plain_layer_to_the_last_bit(name, training):
    off = made(name, member(name).CARD.off).train(training)
    state = off.generator.get_state()
    assert torch.equal(off(given(name)), plain(name, given(name)))
    assert torch.equal(off.generator.get_state(), state)  # nothing is drawn


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name):
    on, x = member(name).CARD.on, given(name)
    first, again, other = (made(name, on, seed)(x) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_put_back_repeats_what_follows(name):
    layer, x = made(name, member(name).CARD.on), given(name)
    layer(x)
    state = layer.generator.get_state()
    second = layer(x)
    layer.generator.set_state(state)
    assert torch.equal(layer(x), second)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_generator_torchs_own_is_used(name):
    layer, x = made(name, member(name).CARD.on, seed=None), given(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        first = layer(x)
        torch.manual_seed(5)
        assert torch.equal(layer(x), first)


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_draws_nothing_and_is_the_same_for_all_seeds(name):
    on, x = member(name).CARD.on, given(name)
    layers = [made(name, on, seed).eval() for seed in (0, 1)]
    before = layers[0].generator.get_state()
    assert torch.equal(layers[0](x), layers[1](x)) and torch.equal(layers[0](x), layers[0](x))
    assert torch.equal(layers[0].generator.get_state(), before)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fractional_max_pool"])
def test_the_mean_is_the_plain_layer(name):
    layer, x = made(name, member(name).CARD.on), given(name)
    many = torch.stack([layer(x) for _ in range(1000)])
    error = (many.mean(dim=0) - plain(name, x)).abs()
    assert (error <= 5 * many.std(dim=0) / 1000**0.5 + 1e-5).all()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_shapes_agree_and_gradients_flow(name, training):
    layer, x = made(name, member(name).CARD.on).train(training), given(name).requires_grad_()
    y = layer(x)
    assert y.isfinite().all() and y.dtype == x.dtype and len(y) == len(x)
    y.square().sum().backward()
    assert all(tensor.grad.isfinite().all() and tensor.grad.any() for tensor in (x, *layer.parameters()))
    assert layer(x[:1]).shape == y[:1].shape


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_draws_alike(name):
    on = member(name).CARD.on
    x = given(name).bfloat16()
    whole, half = made(name, on), made(name, on).bfloat16()
    torch.testing.assert_close(half(x).float(), whole(x.float()), rtol=0.05, atol=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_a_strength_out_of_range_is_refused_with_its_range(name):
    (option,) = member(name).CARD.on
    with pytest.raises(ValueError, match=f"{option} is"):
        made(name, {option: 2.5})
    with pytest.raises(ValueError, match=f"{option} is"):
        made(name, {option: -0.1})
