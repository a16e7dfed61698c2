"""What every segmenter keeps: found by being in the folder."""

import ast
import functools
import importlib
import inspect
from pathlib import Path

import pytest
import torch

import vidi.models.segmenters
from dense_networks import SIDE, backbone, images, maps
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.segmenter import Segmenter, largest

FOLDER = Path(str(vidi.models.segmenters.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def member(name):
    return importlib.import_module(f"vidi.models.segmenters.{name}")


def built(name, seed=0):
    strides = (2, 4, 8, 16, 32) if name == "unet" else (4, 8, 16)
    return member(name).build(classes=3, backbone=backbone(strides, seed), generator=seeded(seed))


@functools.cache
def kept(name):
    return built(name).eval()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_literals(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    card = next(
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "CARD"
    )
    written = Card(**{word.arg: ast.literal_eval(word.value) for word in card.keywords})
    assert written == member(name).CARD
    assert (
        written.title
        and written.idea
        and written.paper
        and written.at
        and written.serves == ("segmentation",)
    )


@pytest.mark.parametrize("name", NAMES)
def test_options_are_keywords(name):
    parameters = inspect.signature(member(name).build).parameters
    assert {"classes", "backbone", "generator"} <= parameters.keys()
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    assert isinstance(kept(name), Segmenter) and kept(name).classes == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_right_and_sure_decodes_to_the_truth_and_loses_nothing(name):
    network, wanted = kept(name), maps()
    outputs = network.ideal(wanted)
    known = wanted != 255
    assert torch.equal(network.decode(outputs)[known], wanted[known])
    assert all(float(value) < 1e-4 for value in network.loss(outputs, wanted).values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [SIDE, 70])
def test_every_pixel_gets_logits_and_an_image_alone_is_as_in_a_batch(name, side):
    network, image = kept(name), images(2, side=side)
    with torch.no_grad():
        together = network(image)
        alone = torch.cat([network(one[None].float()) for one in image])
    assert together.shape == (2, 3, side, side)
    torch.testing.assert_close(alone, together, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_reaches_every_weight_and_none_comes_from_what_is_ignored(name):
    network, wanted = built(name).train(), maps()
    if (
        name == "fcn"
    ):  # its finer classifiers begin at 0, so the backbone's finer maps are reached through the coarse
        assert not network.head.classify[0].weight.any()
    outputs = network(images(2))
    outputs.retain_grad()
    losses = network.loss(outputs, wanted)
    sum(losses.values()).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in network.parameters())
    assert not outputs.grad[:, :, :10, :10].any() and outputs.grad.any()
    nothing = network.loss(network(images(2)), torch.full_like(wanted, 255))
    assert all(float(value.detach()) == 0 for value in nothing.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits_and_touches_no_other_randomness(name):
    before = torch.get_rng_state()
    first, again, other = (built(name, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first if key.startswith("head"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_learns_two_maps_by_heart(name):
    network, wanted, image = built(name).train(), maps(), images(2)
    descent = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(200):
        descent.zero_grad()
        sum(network.loss(network(image), wanted).values()).backward()
        descent.step()
    known = wanted != 255
    assert (network.decode(network(image))[known] == wanted[known]).float().mean() > 0.8


def test_the_largest_is_argmax():
    logits = torch.randn(2, 5, 7, 9, generator=seeded())
    assert torch.equal(largest(logits), logits.argmax(dim=1))
    assert largest(torch.zeros(1, 3, 2, 2)).max() == 0  # of equal ones the first
