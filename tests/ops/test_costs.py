"""Weights and multiply-adds, by hand."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vidi.ops import costs


def test_a_matrix_and_a_convolution_by_hand():
    assert costs.weights(nn.Linear(5, 3)) == 5 * 3 + 3
    assert costs.multiply_adds(nn.Linear(5, 3), (7, 5)) == 7 * 5 * 3
    convolution = nn.Conv2d(4, 6, 3, stride=2, padding=1)
    assert costs.weights(convolution) == 6 * 4 * 9 + 6
    assert costs.multiply_adds(convolution, (1, 4, 8, 8)) == 6 * 4 * 9 * 4 * 4


def test_groups_divide_the_multiply_adds():
    whole, grouped = (nn.Conv2d(8, 8, 3, padding=1, groups=groups, bias=False) for groups in (1, 8))
    assert (
        costs.multiply_adds(whole, (1, 8, 5, 5))
        == 8 * costs.multiply_adds(grouped, (1, 8, 5, 5))
        == 8 * 8 * 9 * 25
    )


class Attention(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(x, x, x)


def test_attention_is_two_products():
    assert costs.multiply_adds(Attention(), (1, 2, 10, 4)) == 2 * 2 * 10 * 10 * 4


def test_they_grow_with_the_batch_and_norms_cost_nothing():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    assert costs.multiply_adds(net, (6, 3, 9, 9)) == 6 * costs.multiply_adds(net[0], (1, 3, 9, 9))


def test_counting_changes_nothing():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout()).train()
    net[1].eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    costs.multiply_adds(net, (1, 3, 9, 9))
    assert [part.training for part in net] == [True, False, True]
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
