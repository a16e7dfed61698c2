"""What every task keeps: found by being in the folder."""

import importlib
from pathlib import Path

import pytest
import torch

import vidi.tasks
from vidi.core.device import seeded
from vidi.core.errors import UsageError

FOLDER = Path(str(vidi.tasks.__file__)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
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


@pytest.mark.parametrize("name", NAMES)
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
