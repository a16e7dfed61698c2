"""What every task keeps: found by being in the folder."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

import vidi.tasks
from dense_job import SIDE, dense_dataset
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.task import Task
from vidi.data.found import map_of, objects_of
from vidi.data.targets import Targets

FOLDER = Path(str(vidi.tasks.__file__)).parent
ALL = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
NAMES = [name for name in ALL if isinstance(importlib.import_module(f"vidi.tasks.{name}").TASK, Task)]
DENSE = [name for name in ALL if name not in NAMES]
LABELS = ("cat", "dog", "a bird")
TRUTHS = {
    "classification": ["dog", "a bird", "cat", "dog"],
    "multilabel": ["cat|a bird", "", "dog", "cat|dog"],
}


def task(name):
    return importlib.import_module(f"vidi.tasks.{name}").TASK


def sure(name):
    """Logits of a model that is right and sure, and the target."""
    target = torch.from_numpy(task(name).encode(TRUTHS[name], LABELS))
    return 60 * (2 * target - 1), target


@pytest.mark.parametrize("name", ALL)
def test_its_name_is_its_files(name):
    module = importlib.import_module(f"vidi.tasks.{name}")
    assert module.TASK.name == name and module.CARD.title and module.CARD.idea


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_right_and_sure_decodes_to_the_truth_at_no_loss(name):
    logits, target = sure(name)
    probability = task(name).probability(logits)
    assert task(name).decode(probability.numpy(), LABELS) == TRUTHS[name]
    assert 0 <= float(task(name).loss(logits, target)) < 1e-6
    torch.testing.assert_close(probability, target)


@pytest.mark.parametrize("name", NAMES)
def test_no_other_answer_has_a_lower_loss(name):
    logits, target = sure(name)
    best = task(name).loss(logits, target)
    for seed in range(20):
        other = logits + 100 * torch.randn(logits.shape, generator=seeded(seed))
        assert task(name).loss(other, target) >= best


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients(name, smoothing):
    logits = torch.randn(4, 3, dtype=torch.float64, generator=seeded(), requires_grad=True)
    target = torch.from_numpy(task(name).encode(TRUTHS[name], LABELS)).double()
    torch.autograd.gradcheck(lambda x: task(name).loss(x, target, smoothing=smoothing), (logits,))


@pytest.mark.parametrize("name", NAMES)
def test_the_losses_minimum_is_the_soft_target(name):
    """Where probability equals target the gradient vanishes."""
    target = torch.tensor([[0.2, 0.5, 0.3]], dtype=torch.float64)
    logits = (target.log() if name == "classification" else torch.logit(target)).requires_grad_()
    task(name).loss(logits, target).backward()
    assert logits.grad.abs().max() < 1e-12
    torch.testing.assert_close(task(name).probability(logits), target)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_label_is_named_with_its_neighbour(name):
    with pytest.raises(UsageError, match=r"'dgo'.*dog"):
        task(name).encode(["cat", "dgo"], LABELS)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_nothing_out(name):
    matrix = task(name).encode([], LABELS)
    assert matrix.shape == (0, 3) and task(name).decode(matrix, LABELS) == []


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """A drawn data set for each task whose answers lie on the image."""
    return {name: dense_dataset(tmp_path_factory.mktemp(name), name, count=4) for name in DENSE}


def networks(name):
    """A small network of each sort that answers the task."""
    kind = task(name).networks
    for network, card in catalog.cards(kind).items():
        if name in card.serves:
            yield catalog.network(network, classes=3, size_px=SIDE)


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_a_network_that_is_right_and_sure_is_found_to_be(squares, name, fit):
    """Ideal outputs for what it learns from, decoded, taken back to the image and judged: every metric at its best."""
    data, this = squares[name], task(name)
    at, whole = Targets(data, SIDE, fit), Targets(data)
    rows = np.arange(len(data))
    wanted = this.collate([this.learn(at, int(row)) for row in rows])
    ideal = {"segmentation": (wanted,)}.get(name, (wanted, (SIDE, SIDE)))
    for network in networks(name):
        answers = network.eval().decode(network.ideal(*ideal))
        found = [
            this.found(answer, at.placing(int(row)), whole.image_hw(int(row)))
            for row, answer in zip(rows, answers, strict=True)
        ]
        truth = [this.truth(whole, int(row)) for row in rows]
        judgement = this.judge(found, truth, data.labels)
        numbers = {(n.name, n.of): n for m in catalog.metrics(name) for n in m.measure(judgement)}
        grid = 0.1 if name == "instances" else 0.02  # Mask R-CNN's masks have 28 x 28 cells
        assert numbers[this.headline, ""].value == pytest.approx(1, abs=grid), type(network).__name__


@pytest.mark.parametrize("name", DENSE)
def test_rows_of_a_table_give_the_truth_back(squares, name):
    data, whole = squares[name], Targets(squares[name])
    for row in range(len(data)):
        truth = task(name).truth(whole, row)
        kept = truth.rows(data.labels)
        again = (map_of if name == "segmentation" else objects_of)(kept, data.labels, truth.image_hw)
        assert again.rows(data.labels) == kept and len(kept) >= 1
