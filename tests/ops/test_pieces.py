"""Cutting a network: only where the pieces are the network."""

import torch
from torch import Tensor, nn

from vidi.core.device import seeded
from vidi.ops.pieces import flattened, grouped, pieces


class Chain(nn.Module):
    """Pools and flattens between its children, with no module for it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True)))
        self.nothing = nn.Identity()
        self.top = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.top(self.body(x).mean(dim=(2, 3)))


class Twice(Chain):
    """Uses a child again: no chain."""

    def forward(self, x: Tensor) -> Tensor:
        return self.top(2 * self.body(x).mean(dim=(2, 3)))


def cut(net: nn.Module) -> list[nn.Module]:
    image = torch.randn(2, 3, 8, 8, generator=seeded(0))
    with torch.no_grad():
        return pieces(net.eval(), image, net(image))


def test_a_chain_is_cut_and_computes_the_same():
    net = Chain()
    found = cut(net)
    assert [type(piece).__name__ for piece in found] == [
        "Conv2d", "BatchNorm2d", "ReLU", "AdaptiveAvgPool2d", "Flatten", "Linear",
    ]  # fmt: skip
    image = torch.randn(3, 3, 9, 9, generator=seeded(1))
    torch.testing.assert_close(nn.Sequential(*found)(image), net(image))


def test_what_is_no_chain_is_not_cut():
    assert cut(Twice()) == []


def test_a_network_that_answers_zero_tells_nothing():
    net = Chain()
    nn.init.zeros_(net.top.weight)
    nn.init.zeros_(net.top.bias)
    assert cut(net) == []


def test_groups_begin_where_there_are_matrices_and_keep_the_order():
    flat = flattened(Chain())
    groups = grouped(flat)
    assert [type(group) for group in groups] == [nn.Sequential, nn.Linear]
    again = [piece for group in groups for piece in (group if isinstance(group, nn.Sequential) else [group])]
    assert list(map(id, again)) == list(map(id, flat))
