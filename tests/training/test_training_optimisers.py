"""Optimisers by name make torch's own update; Muon reaches convolutions through their matrices."""

import pytest
import torch
from torch import nn

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.training.checkpoint import load_state, same, save_state
from vidi.training.optimisers import NAMES, layer_groups, optimiser


def network(layout: torch.memory_format = torch.channels_last) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4, 5), nn.ReLU(), nn.Linear(5, 2)
    ).to(memory_format=layout)


def descend(model: nn.Module, optimizer, steps: int = 3, start: int = 0) -> nn.Module:
    for step in range(start, start + steps):
        image = torch.randn(6, 3, 4, 4, generator=seeded(step))
        optimizer.zero_grad()
        model(image).square().mean().backward()
        optimizer.step()
    return model


def grouped(model: nn.Sequential) -> list[dict]:
    return layer_groups(list(model), lr=0.01, decay=1.0, weight_decay=0.1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adagrad", {}),
        ("RMSprop", {"momentum": 0.5}),
        ("Adam", {"betas": (0.8, 0.95)}),
        ("AdamW", {}),
    ],
)
def test_the_very_update_of_torch(name, options):
    """With weight decay on weights and none on biases, as `layer_groups` says."""
    ours, theirs = network(), network()
    descend(ours, optimiser(name, grouped(ours), lr=0.01, **options))
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in theirs.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    descend(theirs, getattr(torch.optim, name)(groups, lr=0.01, **options))
    assert same(ours.state_dict(), theirs.state_dict())


def test_muon_is_torchs_muon_on_matrices_and_adamw_on_the_rest():
    """The hidden matrix goes to Muon, the biases and the head to AdamW: each gets that optimiser's very update."""
    torch.manual_seed(0)
    ours, theirs = (
        nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.ReLU(), nn.Linear(5, 2)) for _ in range(2)
    )
    theirs.load_state_dict(ours.state_dict())
    descend(ours, optimiser("Muon", grouped(ours), lr=0.01))
    muon = torch.optim.Muon([theirs[1].weight], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(
        [
            {"params": [theirs[3].weight], "weight_decay": 0.1},
            {"params": [theirs[1].bias, theirs[3].bias], "weight_decay": 0.0},
        ],
        lr=0.01,
    )
    for step in range(3):
        theirs.zero_grad()
        theirs(torch.randn(6, 3, 4, 4, generator=seeded(step))).square().mean().backward()
        muon.step()
        adamw.step()
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_muon_moves_the_convolution_itself(layout):
    """The matrix it steps on is the filters' own memory, in either layout; the update is near orthogonal."""
    model = network(layout)
    optimizer = optimiser("Muon", layer_groups(list(model), lr=0.1, decay=1.0, weight_decay=0.0), lr=0.1)
    before, place = model[0].weight.detach().clone(), model[0].weight.data_ptr()
    descend(model, optimizer, steps=1)
    change = (model[0].weight - before).detach().reshape(4, -1)
    assert model[0].weight.data_ptr() == place and model[0].weight.is_contiguous(memory_format=layout)
    singular = torch.linalg.svdvals(change)
    assert (singular > 0).all() and singular.max() / singular.min() < 2.5  # a gradient's ratio is far larger


def test_muon_does_not_depend_on_the_memory_format():
    one, two = network(torch.contiguous_format), network(torch.channels_last)
    for model in (one, two):
        descend(model, optimiser("Muon", grouped(model), lr=0.01))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-3)  # Muon orthogonalises in bfloat16


@pytest.mark.parametrize("name", NAMES)
def test_three_steps_and_three_after_a_round_trip_are_six(name, tmp_path):
    """State goes through a checkpoint file and back into a new optimiser, to the last bit; rates included."""
    whole, parted = network(), network()
    descend(whole, optimiser(name, grouped(whole), lr=0.01), steps=6)
    first = optimiser(name, grouped(parted), lr=0.01)
    descend(parted, first, steps=3)
    save_state(tmp_path / "state", {"model": parted.state_dict(), "optimizer": first.state_dict()})
    state, again = load_state(tmp_path / "state"), network()
    second = optimiser(name, grouped(again), lr=0.01)
    again.load_state_dict(state["model"])
    second.load_state_dict(state["optimizer"])
    descend(again, second, steps=3, start=3)
    assert same(again.state_dict(), whole.state_dict())


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError, match=r"no optimiser is named 'AdamX'.*did you mean Adam"):
        optimiser("AdamX", grouped(network()), lr=0.1)


@pytest.mark.parametrize(
    ("name", "options"), [("Adam", {"momentum": 0.9}), ("SGD", {"nesterov": True}), ("Muon", {"alpha": 1.0})]
)
def test_an_option_it_cannot_honour_is_refused(name, options):
    with pytest.raises(UsageError, match=f"the optimiser {name} does not take"):
        optimiser(name, grouped(network()), lr=0.1, **options)


@pytest.mark.parametrize("lr", [-0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(lr):
    with pytest.raises(UsageError, match="Invalid learning rate"):
        optimiser("AdamW", layer_groups(list(network()), lr=lr, decay=1.0, weight_decay=0.0), lr=lr)


def test_layer_groups_by_hand():
    model = network()
    model[0].bias.requires_grad_(False)
    groups = layer_groups(list(model), lr=1.0, decay=0.5, weight_decay=0.1)
    found = [(tuple(g["params"][0].shape), g["lr"], g["weight_decay"], g["head"]) for g in groups]
    assert found == [
        ((2, 5), 1.0, 0.1, True),
        ((2,), 1.0, 0.0, True),
        ((5, 16), 0.25, 0.1, False),
        ((5,), 0.25, 0.0, False),
        ((4, 3, 3, 3), 0.0625, 0.1, False),
    ]
    assert sum(len(g["params"]) for g in groups) == sum(p.requires_grad for p in model.parameters())
