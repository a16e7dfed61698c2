"""What every check of a map keeps, found by being in the folder: a true map passes, the fault it hunts is found."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import known_networks as networks
import vidi.explanations.checks
from vidi.core.card import read_cards
from vidi.core.device import seeded
from vidi.core.measured import Verdict
from vidi.core.network import Classifier
from vidi.explanations.maps import gradient_x_input
from vidi.explanations.subject import FIRST, Subject
from vidi.ops.attribution import one_class
from vidi.ops.randomised import randomised

FOLDER = Path(str(vidi.explanations.checks.__file__)).parent
CARDS = read_cards(FOLDER)
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
MARK = torch.zeros(networks.SIZE, networks.SIZE, dtype=torch.bool)
MARK[:6, :6] = True
N = 24


def looking_at_the_mark(seed: int) -> Classifier:
    """A linear network to which the mark matters and the rest hardly."""
    network = networks.linear(seed)
    with torch.no_grad():
        weight = network.head.weight.reshape(networks.CLASSES, 3, networks.SIZE, networks.SIZE)
        weight *= torch.where(MARK, 12.0, 0.5)
    return network


@functools.cache
def scene() -> tuple[Classifier, Tensor, Tensor]:
    """Images with shapes larger than a pixel, or holes could not be guessed."""
    coarse = 255 * torch.rand((N, 3, 4, 4), generator=seeded(4))
    images = functional.interpolate(coarse, size=networks.SIZE, mode="bilinear").to(torch.uint8)
    network = networks.balanced(looking_at_the_mark(0), images)
    with torch.no_grad():
        return network, images, one_class(network(images).argmax(1), networks.CLASSES)


def truth(network: Classifier, images: Tensor) -> Tensor:
    return gradient_x_input.explain(network, images, scene()[2][: len(images)], generator=seeded(0))


def drawn(*, counter: list[int]) -> Callable[[Classifier, Tensor], Tensor]:
    """Another random map at each call."""

    def explain(network: Classifier, images: Tensor) -> Tensor:
        counter[0] += 1
        return torch.randn((len(images), *images.shape[2:]), generator=seeded(counter[0]))

    return explain


def of_the_image(network: Classifier, images: Tensor) -> Tensor:
    return images.float().std(dim=1)


FAULTS = {"a map drawn at random": drawn(counter=[10]), "a map of the image alone": of_the_image}


def subject(explain: Callable[[Classifier, Tensor], Tensor]) -> Subject:
    network, images, target = scene()

    def probability(pixels: Tensor) -> Tensor:
        with torch.no_grad():
            return network(pixels).softmax(1)

    return Subject(
        network,
        images,
        target,
        explain(network, images),
        explain,
        probability,
        lambda share: randomised(network, images, share=share, generator=seeded(0)),
        shuffled=networks.linear(9),
        mark=MARK,
    )


def check(name: str, explain: Callable[[Classifier, Tensor], Tensor]):
    return importlib.import_module(f"vidi.explanations.checks.{name}").check(subject(explain))


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_it_finds_and_where_its_bound_is(name):
    card = CARDS[name]
    assert card.title and card.idea and card.paper and card.facts["finds"] in FAULTS
    checked = check(name, truth)
    assert (checked.claim.bound, checked.claim.at_least) == (card.facts["bound"], card.facts["at_least"])
    assert checked.check == name and checked.sentence and checked.measured.n in (N, FIRST)


@pytest.mark.parametrize("name", NAMES)
def test_a_map_that_tells_the_truth_passes(name):
    checked = check(name, truth)
    assert checked.verdict is Verdict.STANDS, checked.measured


@pytest.mark.parametrize("name", NAMES)
def test_its_planted_fault_is_found(name):
    checked = check(name, FAULTS[CARDS[name].facts["finds"]])
    assert checked.verdict is not Verdict.STANDS, checked.measured
    if (
        checked.claim.bound != 0
    ):  # a random map is as good as chance, which an interval of few images may straddle
        assert checked.verdict is Verdict.FAILS, checked.measured


@pytest.mark.parametrize("name", [name for name in NAMES if CARDS[name].facts["bound"] == 0])
def test_a_map_that_ranks_nothing_does_not_pass(name):
    blank = check(name, lambda _, images: torch.zeros(len(images), *images.shape[2:]))
    assert blank.verdict is not Verdict.STANDS and blank.measured.value != 0


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_number(name):
    assert check(name, truth).measured == check(name, truth).measured


@pytest.mark.parametrize("name", [name for name in NAMES if "needs" in CARDS[name].facts])
def test_without_what_it_needs_it_says_nothing(name):
    from dataclasses import replace

    bare = replace(subject(truth), mark=None, shuffled=None)
    assert importlib.import_module(f"vidi.explanations.checks.{name}").check(bare) is None
