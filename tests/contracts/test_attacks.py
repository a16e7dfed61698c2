"""What every attack keeps: found by being in the folder."""

import functools
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

import known_networks as networks
import vidi.explanations.attacks
from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.ops.balls import as_bytes, size
from vidi.ops.fooling import fooled, logits_of, margin

FOLDER = Path(str(vidi.explanations.attacks.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
CARDS = read_cards(FOLDER)
BOTH = [(name, norm) for name in NAMES for norm in CARDS[name].facts["norms"]]
QUICK = {"square": {"queries": 60}, "apgd": {"steps": 15}, "pgd": {"steps": 8}, "ddn": {"steps": 40}}
ROOM = {"linf": 4.0, "l2": 60.0}  # grey levels: enough to fool some, not all


def function(name: str) -> Callable[..., Tensor]:
    return importlib.import_module(f"vidi.explanations.attacks.{name}").attack


@functools.cache
def scene() -> tuple[Classifier, Tensor, Tensor]:
    """A network, images, and what it says of them: right by definition."""
    images = networks.images(12)
    network = networks.balanced(networks.convolutional(), images)
    return network, images, logits_of(network, images).argmax(1)


def attacked(
    name: str, norm: str, *, epsilon: float, seed: int = 0, targeted: bool = False, rows=slice(None)
):
    network, images, label = scene()
    wanted = (label + 1) % networks.CLASSES if targeted else label
    options = dict(
        epsilon=epsilon, norm=norm, targeted=targeted, generator=seeded(seed), **QUICK.get(name, {})
    )
    return function(name)(network, images[rows], wanted[rows], **options), wanted[rows]


def test_cards_say_what_an_attack_sees_and_how_it_measures():
    for name in NAMES:
        card = CARDS[name]
        assert card == importlib.import_module(f"vidi.explanations.attacks.{name}").CARD
        assert card.title and card.idea and card.paper
        assert card.facts["sees"] in ("gradients", "answers") and set(card.facts["norms"]) <= {"linf", "l2"}
    assert {"fgsm", "pgd", "apgd", "square", "ddn"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_one_signature_for_all(name):
    parameters = list(inspect.signature(function(name)).parameters.values())
    names = ["network", "images", "label", "epsilon", "generator", "targeted", "norm"]
    assert [p.name for p in parameters[:7]] == names
    assert parameters[6].default == CARDS[name].facts["norms"][0]
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[3:])


@pytest.mark.parametrize(("name", "norm"), BOTH)
@pytest.mark.parametrize("epsilon", [0.0, 0.7, 4.0, 60.0, 4000.0])
def test_in_range_and_within_epsilon_as_numbers_and_exactly_as_bytes(name, norm, epsilon):
    images = scene()[1]
    changed = attacked(name, norm, epsilon=epsilon)[0]
    assert changed.shape == images.shape and changed.min() >= 0 and changed.max() <= 255
    assert bool((size(changed - images, norm) <= epsilon + 1e-4).all())
    saved = as_bytes(images, changed, norm=norm, epsilon=epsilon)
    assert saved.dtype == torch.uint8 and bool((size(saved.double() - images, norm) <= epsilon).all())
    if epsilon == 0:
        assert torch.equal(saved, images) and torch.equal(changed, images.float())


@pytest.mark.parametrize(("name", "norm"), BOTH)
@pytest.mark.parametrize("targeted", [False, True])
def test_it_moves_towards_its_goal(name, norm, targeted):
    network, images, _ = scene()
    changed, label = attacked(name, norm, epsilon=ROOM[norm], targeted=targeted)
    before = margin(logits_of(network, images), label, targeted=targeted)
    after = margin(logits_of(network, changed), label, targeted=targeted)
    assert after.mean() > before.mean()
    assert fooled(logits_of(network, changed), label, targeted=targeted).any()


@pytest.mark.parametrize(("name", "norm"), BOTH)
def test_more_room_fools_more_and_all_of_it_fools_everything(name, norm):
    network, label = scene()[0], scene()[2]
    share = []
    for epsilon in (0.0, ROOM[norm] / 4, ROOM[norm], 255.0 if norm == "linf" else 8000.0):
        changed = attacked(name, norm, epsilon=epsilon)[0]
        share.append(float(fooled(logits_of(network, changed), label, targeted=False).float().mean()))
    assert share == sorted(share) and share[0] == 0
    assert share[-1] == 1 or name == "fgsm"  # one step of any length may pass the goal


@pytest.mark.parametrize(("name", "norm"), BOTH)
def test_same_seed_same_bytes_and_a_batch_is_one_by_one(name, norm):
    first, again = (attacked(name, norm, epsilon=ROOM[norm], seed=3)[0] for _ in range(2))
    assert torch.equal(first, again)
    alone = torch.cat([attacked(name, norm, epsilon=ROOM[norm], seed=3, rows=[row])[0] for row in range(4)])
    differs = (first[:4] - alone).abs() > 0.05  # the sign of a slope that is hardly there may be rounded away
    assert differs.float().mean() < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_what_it_does_not_know_is_refused(name):
    with pytest.raises(UsageError, match=r"this attack bounds changes by .*; got --norm l1"):
        attacked(name, "l1", epsilon=1.0)
    for epsilon in (-1.0, float("nan")):
        with pytest.raises(UsageError, match="--epsilon is the size of a change"):
            attacked(name, CARDS[name].facts["norms"][0], epsilon=epsilon)
