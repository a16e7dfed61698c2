"""The small networks: the papers' counts, options off and on."""

import copy

import pytest
import torch
from torch import nn

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.models import fast_residual, lenet, linear, mlp, perceptron
from vidi.ops import costs


def test_lenets_layers_have_the_papers_weights():
    stages = lenet.build(classes=10).stages
    assert [costs.weights(stage) for stage in stages] == [156, 12, 1516, 32, 48_120, 10_164]  # section II B
    assert sum(map(costs.weights, stages)) == 60_000


def test_lenets_table_has_60_connections_and_no_other_reaches_through():
    assert sum(map(len, lenet.SEES)) == 60
    layer = lenet.build(classes=10, generator=seeded(0)).stages[2][0]
    for map_number in range(6):
        x = torch.zeros(1, 6, 14, 14)
        x[:, map_number] = 1.0
        reached = (layer(x) - layer(torch.zeros_like(x))).abs().amax(dim=(0, 2, 3)) > 0
        assert reached.tolist() == [map_number in seen for seen in lenet.SEES]


def test_the_squash_keeps_one():
    torch.testing.assert_close(
        lenet.Squash()(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), atol=1e-4, rtol=0
    )


def test_lenet_takes_its_own_size_only():
    with pytest.raises(UsageError, match="32 px"):
        lenet.build(classes=10, size_px=28)


@pytest.mark.parametrize(("width", "weights"), [(64, 6_573_120), (32, 1_646_112)])
def test_resnet9_at_both_widths(width, weights):
    assert costs.weights(fast_residual.build(classes=10, width=width)) == weights


def test_resnet9_takes_any_size():
    network = fast_residual.build(classes=4, width=4).eval()
    assert all(network(torch.zeros(1, 3, side, side)).shape == (1, 4) for side in (8, 17, 64))


REGULARISERS = (
    (fast_residual, {"width": 4}, {"dropout_probability": 0.5}),
    (fast_residual, {"width": 4}, {"depth_probability": 0.5}),
    (fast_residual, {"width": 4}, {"pooling_ratio": 1.41}),
    (mlp, {"widths": [32, 16]}, {"dropout_probability": 0.5}),
    (mlp, {"widths": [32, 16]}, {"dropconnect_probability": 0.5}),
)


@pytest.mark.parametrize(("module", "size", "option"), REGULARISERS)
def test_an_option_draws_in_training_only_and_repeats_with_its_seed(module, size, option):
    image = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=seeded(1))
    plain, first, again = (
        module.build(classes=3, generator=seeded(0), **size, **extra) for extra in ({}, option, option)
    )
    same = [torch.equal(a, b) for a, b in zip(plain.parameters(), first.parameters(), strict=True)]
    assert all(same)  # the option takes nothing from the initial weights
    assert torch.equal(first(image), again(image)) and not torch.equal(plain(image), again(image))
    if "pooling_ratio" not in option:
        torch.testing.assert_close(reset(plain)(image), reset(first)(image))


def reset(network: nn.Module) -> nn.Module:
    """For evaluation, with running averages as at the start."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_running_stats()
    return network.eval()


def test_a_network_with_generators_can_be_copied():
    network = fast_residual.build(classes=3, width=4, generator=seeded(0), dropout_probability=0.5)
    twin = copy.deepcopy(network)
    image = torch.zeros(4, 3, 32, 32)
    assert torch.equal(network(image), twin(image))


def test_a_linear_net_starts_undecided():
    assert not linear.build(classes=5)(torch.rand(3, 3, 32, 32, generator=seeded(0)) * 255).any()


def test_association_units_watch_as_many_pixels_as_said_and_fire_or_not():
    network = perceptron.build(classes=3, generator=seeded(0), units=40, connections=7)
    weight = network.stages[0][1].weight
    assert (weight != 0).sum(1).tolist() == [7] * 40 and set(weight.unique().tolist()) == {-1.0, 0.0, 1.0}
    fired = network.features(torch.rand(5, 3, 20, 20, generator=seeded(1)) * 255)
    assert set(fired.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (fast_residual, {"width": 0}),
        (mlp, {"widths": []}),
        (mlp, {"widths": [3, 0]}),
        (perceptron, {"connections": 0}),
        (perceptron, {"connections": 401}),
    ],
)
def test_what_cannot_be_built_is_refused(module, options):
    with pytest.raises(UsageError, match="got"):
        module.build(classes=2, **options)
