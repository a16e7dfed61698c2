"""What every repainting keeps: found by being in the folder."""

import functools
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

import known_networks as networks
import vidi.explanations.repaintings
from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.progress import Quiet

FOLDER = Path(str(vidi.explanations.repaintings.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
CARDS = read_cards(FOLDER)
QUICK = {"dream": {"steps": 2, "octaves": 2}, "style": {"steps": 4, "content_layer": "stages.0"}}


def function(name: str) -> Callable[..., Tensor]:
    return importlib.import_module(f"vidi.explanations.repaintings.{name}").repaint


@functools.cache
def pictures() -> tuple[Tensor, Tensor]:
    """A photo that is no square, and another of another size."""
    draw = seeded(3)
    return tuple(
        torch.randint(0, 256, (3, *size), dtype=torch.uint8, generator=draw) for size in ((40, 56), (36, 36))
    )


def repainted(name: str, *, seed: int = 0, **options) -> Tensor:
    given = pictures()[: CARDS[name].facts["pictures"]]
    return function(name)(
        networks.paintable(), *given, generator=seeded(seed), say=Quiet(), **(QUICK[name] | options)
    )


@pytest.mark.parametrize("name", NAMES)
def test_one_signature_for_all(name):
    parameters = list(inspect.signature(function(name)).parameters.values())
    assert [p.name for p in parameters[:5]] == ["network", "photo", "model", "generator", "say"]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters[5:])
    assert CARDS[name].title and CARDS[name].paper and CARDS[name].facts["pictures"] in (1, 2)


@pytest.mark.parametrize("name", NAMES)
def test_bytes_of_the_photos_size_and_not_the_photo(name):
    found = repainted(name)
    assert found.shape == pictures()[0].shape and found.dtype == torch.uint8
    assert (found.int() - pictures()[0].int()).abs().float().mean() > 1


@pytest.mark.parametrize("name", NAMES)
def test_with_no_steps_it_is_the_photo(name):
    assert torch.equal(repainted(name, steps=0), pictures()[0])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes_and_the_network_is_left_alone(name):
    network = networks.paintable()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert torch.equal(repainted(name), repainted(name))
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert all(not module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("name", NAMES)
def test_a_network_without_positions_is_told_so(name):
    with pytest.raises(UsageError, match="layer with positions"):
        square = torch.zeros((3, networks.SIZE, networks.SIZE), dtype=torch.uint8)
        function(name)(networks.flat(), square, square, generator=seeded(0), say=Quiet())
