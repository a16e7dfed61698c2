"""The step, its exact off switches, the guard, and randomness that needs no history."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from vidi.core.errors import UsageError
from vidi.models.parts import dropout
from vidi.ops.losses import cross_entropy
from vidi.training.average import Average
from vidi.training.checkpoint import copied, same
from vidi.training.loop import DivergedError, Guard, descend, fit, reseed
from vidi.training.train import rows_of_step, steps_per_epoch


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))


def batches(count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    torch.manual_seed(1)
    return [(torch.randn(5, 3, 2, 2), torch.eye(3)[torch.randint(0, 3, (5,))]) for _ in range(count)]


def trained(clip: float, loss=cross_entropy, lr: float = 0.1) -> dict:
    model = network()
    fit(descend(model, loss, torch.optim.SGD(model.parameters(), lr=lr), clip=clip), batches(4))
    return model.state_dict()


def test_plain_descent_is_the_four_lines_that_everybody_writes():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for image, target in batches(4):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(image), target).backward()
        optimizer.step()
    assert same(model.state_dict(), trained(clip=0.0))


def test_clipping_off_and_clipping_out_of_reach_change_nothing():
    assert same(trained(clip=0.0), trained(clip=1e9))


def test_a_clipped_step_is_as_long_as_the_rate_times_the_clip():
    before, model = network().state_dict(), network()
    step = descend(model, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.5), clip=0.01)
    step(batches(1)[0])
    moved = sum(float((p - before[name]).square().sum()) for name, p in model.state_dict().items())
    assert math.sqrt(moved) == pytest.approx(0.5 * 0.01, rel=1e-3)


def test_label_smoothing_off_changes_nothing():
    def smoothed(logits, target):
        return cross_entropy(logits, target, smoothing=0.0)

    assert same(trained(clip=0.0), trained(clip=0.0, loss=smoothed))


def test_the_scores_of_a_step_are_those_before_it():
    model, (image, target) = network(), batches(1)[0]
    logits = model(image)
    scores = descend(model, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1))((image, target))
    assert scores["loss"] == pytest.approx(cross_entropy(logits, target).item())
    assert scores["accuracy"] == pytest.approx(float((logits.argmax(1) == target.argmax(1)).float().mean()))


def test_fit_counts_from_its_start_and_calls_every_hook():
    seen = []
    end = fit(
        lambda batch: {"loss": batch}, [0.5, 0.25], start=7, hooks=[lambda n, s: seen.append((n, s["loss"]))]
    )
    assert end == 9 and seen == [(8, 0.5), (9, 0.25)]
    assert fit(lambda batch: {}, [], start=3) == 3


def test_an_average_with_decay_zero_is_the_model_itself():
    model = network()
    average = Average(model, 0.0)
    average.update(model, 5)
    assert average.model is model


def test_an_average_by_hand():
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = Average(model, 0.9)
    for step, value in enumerate([1.0, 2.0], start=1):
        model.weight.data.fill_(value)
        average.update(model, step)
    first = 1.0 * (1 - 2 / 11)  # decay min(0.9, (1 + t) / (10 + t))
    assert float(average.model.weight) == pytest.approx(first + (2.0 - first) * (1 - 3 / 12))
    for step in range(100, 500):
        average.update(model, step)
    assert float(average.model.weight) == pytest.approx(2.0)


def test_an_average_copies_counters_and_leaves_the_model_alone():
    model = nn.BatchNorm1d(2)
    average = Average(model, 0.99)
    model(torch.randn(4, 2))
    before = copied(model.state_dict())
    average.update(model, 1)
    assert same(model.state_dict(), before) and int(average.model.num_batches_tracked) == 1


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_that_is_none_is_refused(decay):
    with pytest.raises(ValueError, match="decay is in"):
        Average(network(), decay)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_the_guard_stops_at_what_is_not_a_number(loss):
    guard = Guard()
    guard(1, {"loss": 1.0})
    with pytest.raises(
        DivergedError, match=r"the loss became (nan|inf) at step 2: lower --lr .*last good checkpoint"
    ):
        guard(2, {"loss": loss})


def test_the_guard_stops_at_growth_and_not_at_noise():
    guard, random = Guard(), np.random.default_rng(0)
    for step in range(1, 500):
        guard(step, {"loss": 2.3 * random.lognormal(0, 0.5) * (0.1 if step > 200 else 1.0)})
    with pytest.raises(UsageError, match=r"the loss grew from .* by step .*: lower --lr"):
        for step in range(500, 700):
            guard(step, {"loss": 1.1 ** (step - 500)})


def test_a_step_has_the_same_randomness_whatever_came_before():
    layer = dropout.layer(probability=0.5, generator=torch.Generator().manual_seed(1))
    model = nn.Sequential(layer).train()
    first = [torch.rand(3, generator=reseed(model, 5, 17)), torch.rand(3), model(torch.ones(1, 50))]
    torch.rand(100), model(torch.ones(1, 50))
    again = [torch.rand(3, generator=reseed(model, 5, 17)), torch.rand(3), model(torch.ones(1, 50))]
    assert same(first, again)
    for seed, step in ((5, 18), (6, 17)):
        other = torch.rand(3, generator=reseed(model, seed, step))
        assert not torch.equal(other, first[0])


@pytest.mark.parametrize("seed", [-3, 0, 2**40])
def test_any_whole_number_is_a_seed(seed):
    reseed(nn.Linear(1, 1), seed, 10**6)


@pytest.mark.parametrize(("n", "batch"), [(10, 3), (10, 10), (7, 100), (64, 8), (1, 1)])
def test_an_epoch_is_an_order_without_repeats(n, batch):
    rows, per_epoch = np.arange(100, 100 + n), steps_per_epoch(np.arange(n), batch)
    size = min(batch, n)
    epochs = []
    for epoch in range(3):
        taken = np.concatenate(
            [rows_of_step(epoch * per_epoch + s, rows, batch, 4) for s in range(per_epoch)]
        )
        assert len(taken) == per_epoch * size and len(set(taken.tolist())) == len(taken)
        assert set(taken) <= set(rows) and n - len(taken) < size
        epochs.append(taken.tolist())
    assert n < 8 or (epochs[0] != epochs[1] and epochs[1] != epochs[2])
    assert np.array_equal(rows_of_step(2, rows, batch, 4), rows_of_step(2, rows, batch, 4))


def test_what_one_epoch_leaves_over_is_taken_in_another():
    rows, per_epoch = np.arange(10), steps_per_epoch(np.arange(10), 4)
    seen = {int(row) for step in range(20 * per_epoch) for row in rows_of_step(step, rows, 4, 0)}
    assert seen == set(range(10))


class Two(torch.nn.Module):
    """Two answers to each image: as networks that look for several things give them."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, image):
        counts = {"sizes": [3, 4], "which": torch.arange(2)}
        return {"score": self.layer(image), "levels": [image[:, :1].bfloat16()], **counts}


def test_a_step_takes_any_outputs_with_any_targets_and_says_what_it_is_told_to():
    seen = []

    def loss(outputs, target):
        assert outputs["sizes"] == [3, 4] and outputs["which"].dtype == torch.int64
        seen.append((outputs["levels"][0].dtype, target))
        return outputs["score"].square().mean()

    model = Two()
    step = descend(
        model,
        loss,
        torch.optim.SGD(model.parameters(), lr=0.1),
        score=lambda outputs, target: {"boxes": float(sum(len(entry["boxes"]) for entry in target))},
    )
    target = [{"boxes": torch.zeros(2, 4)}, {"boxes": torch.zeros(0, 4)}]
    scores = step((torch.ones(2, 2), target))
    assert scores.keys() == {"loss", "boxes"} and scores["boxes"] == 2
    assert seen == [(torch.float32, target)]
