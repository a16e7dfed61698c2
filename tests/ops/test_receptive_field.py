import pytest
import torch
from torch import nn

import known_networks as networks
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing
from vidi.ops.layers import Grid
from vidi.ops.receptive_field import by_size, grids, receptive_field, spread


def network(*layers: nn.Module, size_px: int = 33) -> Classifier:
    stages = [*layers, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())]
    return Classifier(
        stages=stages, head=nn.Linear(4, 2), width=4, preprocessing=Preprocessing(size_px)
    ).eval()


def test_by_hand():
    net = network(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, stride=2), nn.MaxPool2d(2), nn.ReLU6(inplace=True))
    fields = [receptive_field(net, f"stages.{k}", (33, 33)) for k in range(4)]
    assert [field.size_px for field in fields] == [3, 5, 7, 7]
    assert fields[0].at(4, 9) == (4, 9, 7, 12)
    assert fields[2].at(1, 0) == (4, 0, 11, 7)  # strides 2 and 2: position 1 starts four pixels on


def test_padding_cuts_the_window_at_the_edge():
    net = network(nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(4, 4, 3, padding=1, dilation=2))
    field = receptive_field(net, "stages.0", (33, 33))
    assert field.at(0, 32) == (0, 30, 3, 33) and field.at(10, 10) == (8, 8, 13, 13)
    assert receptive_field(net, "stages.1", (33, 33)).size_px == 9


@pytest.mark.parametrize("seed", [0, 1])
def test_as_the_gradient_says(seed):
    """Pixels with a gradient lie in the window, and reach its edges, for random weights without rectifiers."""
    torch.manual_seed(seed)
    net = network(
        nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 5, padding=2), nn.AvgPool2d(3, 2, padding=1)
    )
    field = receptive_field(net, "stages.2", (33, 33))
    for row, column in ((0, 0), (2, 3), (4, 8), (8, 8)):
        image = torch.rand(1, 3, 33, 33, requires_grad=True)
        output = net.part(0, 3)(net.normalise(image))
        slope = torch.autograd.grad(output[0, :, row, column].sum(), image)[0].abs().sum((0, 1)) > 0
        rows, columns = slope.any(1).nonzero()[:, 0], slope.any(0).nonzero()[:, 0]
        assert field.at(row, column) == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)


def test_attention_sees_all_of_the_image():
    net = networks.transformer()
    assert receptive_field(net, "stages.1", (32, 32)).at(0, 1) == (0, 0, 32, 32)


def test_layers_without_positions_are_refused_and_the_network_is_left_as_it_was():
    net = networks.paintable()
    with pytest.raises(UsageError, match=r"stages\.3 has none"):
        receptive_field(net, "stages.3", (16, 16))
    assert not any(module._forward_hooks for module in net.modules())
    assert grids(networks.flat(), (16, 16)) == {}


def test_layers_are_chosen_by_depth_and_resolution():
    known = grids(networks.paintable(), (16, 16))
    assert by_size(known)[-1].startswith("stages.2") and len(by_size(known)) == 3
    assert spread(list("abcdefgh"), 4) == ["b", "d", "f", "h"] and spread(["a"], 4) == ["a"]
    same = {f"block {k}": Grid("tokens", 7, 7, 1) for k in range(12)}
    assert by_size(same) == ["block 2", "block 5", "block 8", "block 11"]
    with pytest.raises(UsageError, match="layer with positions"):
        by_size({})
