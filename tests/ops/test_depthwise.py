import pytest
import torch
from torch import nn
from torch.nn import functional

from vidi.ops.depthwise import Depthwise, DepthwiseConv2d, quicken

CASES = [
    (3, 1, 1, 8),
    (3, 2, 1, 8),
    (3, 2, 1, 7),
    (5, 1, 2, 8),
    (5, 2, 2, 9),
    (5, 2, 0, 11),
    (7, 1, 3, 8),
    (7, 2, 3, 10),
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), CASES)
def test_gradients_are_those_of_torch(kernel: int, stride: int, padding: int, size: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 6, size, size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 1, kernel, kernel, dtype=torch.float64, requires_grad=True)
    plain = functional.conv2d(x, weight, None, stride, padding, groups=6)
    gradient = torch.randn_like(plain)
    wanted = torch.autograd.grad(plain, (x, weight), gradient)
    ours = Depthwise.apply(x, weight, stride, padding)
    assert torch.equal(ours, plain)
    for mine, theirs in zip(torch.autograd.grad(ours, (x, weight), gradient), wanted, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_gradients_by_finite_differences() -> None:
    torch.manual_seed(1)
    x = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: Depthwise.apply(a, b, 2, 2), (x, weight))


def test_only_what_gains_is_changed_and_evaluation_is_untouched() -> None:
    model = nn.Sequential(
        nn.Conv2d(4, 8, 1),
        nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=True),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
    ).eval()
    x = torch.randn(2, 4, 8, 8)
    before = model(x)
    assert quicken(model) == 1
    assert [type(layer) for layer in model] == [nn.Conv2d, DepthwiseConv2d, nn.Conv2d]
    assert torch.equal(model(x), before)
    torch.testing.assert_close(model.train()(x), before)
