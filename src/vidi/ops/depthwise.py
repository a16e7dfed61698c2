"""Depthwise convolution whose gradient is as fast as its forward pass on a CPU.

oneDNN has fast kernels for depthwise convolutions forward and for 3 x 3 weights' gradients; the gradients of
larger kernels in bfloat16, and of strided ones with respect to their input, fall back to a reference loop that is
ten to a hundred times slower (torch 2.13). Both can be said in terms of the fast ones, exactly:
the input's gradient is a stride-1 depthwise convolution of the gradient, spread out with zeros, with the
mirrored kernel; a k x k weight gradient is made of 3 x 3 ones of shifted windows of the input.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Depthwise(torch.autograd.Function):
    """y = depthwise convolution of x (b, c, h, w) with weight (c, 1, k, k); no bias, no dilation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(x, weight, None, stride, padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].to(x.dtype)
        wants_x, wants_weight = ctx.needs_input_grad[:2]
        of_x = (
            input_gradient(gradient, weight, tuple(x.shape[2:]), ctx.stride, ctx.padding) if wants_x else None
        )
        of_weight = weight_gradient(gradient, x, weight, ctx.stride, ctx.padding) if wants_weight else None
        return of_x, of_weight, None, None


def input_gradient(
    gradient: Float[Tensor, "b c i j"],
    weight: Float[Tensor, "c 1 k k"],
    size: tuple[int, ...],
    stride: int,
    padding: int,
) -> Float[Tensor, "b c h w"]:
    """The gradient with respect to an input of `size`: stride 1, kernel mirrored."""
    kernel = weight.shape[-1]
    if stride > 1:
        height, width = (side + 2 * padding - kernel + 1 for side in size)
        spread = gradient.new_zeros(*gradient.shape[:2], height, width).contiguous(
            memory_format=_format(gradient)
        )
        spread[:, :, ::stride, ::stride] = gradient
        gradient = spread
    return functional.conv2d(
        gradient, weight.flip(2, 3), None, 1, kernel - 1 - padding, groups=weight.shape[0]
    )


def weight_gradient(
    gradient: Float[Tensor, "b c i j"],
    x: Float[Tensor, "b c h w"],
    weight: Float[Tensor, "c 1 k k"],
    stride: int,
    padding: int,
) -> Float[Tensor, "c 1 k k"]:
    """The gradient with respect to the weights, in 3 x 3 pieces that may overlap."""
    channels, kernel = weight.shape[0], weight.shape[-1]
    padded = functional.pad(x, (padding,) * 4)
    result = torch.empty_like(weight, memory_format=torch.contiguous_format)
    piece = weight[:, :, :3, :3].contiguous()
    starts = sorted({min(start, kernel - 3) for start in range(0, kernel, 3)})
    height, width = (stride * (side - 1) + 3 for side in gradient.shape[2:])
    for top in starts:
        for left in starts:
            window = padded[:, :, top : top + height, left : left + width].contiguous(
                memory_format=_format(x)
            )
            result[:, :, top : top + 3, left : left + 3] = torch.ops.aten.convolution_backward(
                gradient,
                window,
                piece,
                None,
                [stride] * 2,
                [0, 0],
                [1, 1],
                False,
                [0, 0],
                channels,
                [False, True, False],
            )[1]
    return result


def _format(x: Tensor) -> torch.memory_format:
    plain = x.is_contiguous() and not x.is_contiguous(memory_format=torch.channels_last)
    return torch.contiguous_format if plain else torch.channels_last


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise `Conv2d` that trains through `Depthwise`; in evaluation it is the plain one."""

    def forward(self, input: Tensor) -> Tensor:
        if not (self.training and torch.is_grad_enabled()):
            return super().forward(input)
        x, weight = input, self.weight
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            x, weight = x.to(dtype), weight.to(dtype)
        y: Tensor = Depthwise.apply(x, weight, self.stride[0], int(self.padding[0]))
        return y if self.bias is None else y + self.bias.to(y.dtype)[:, None, None]


def quicken(module: nn.Module) -> int:
    """Let every depthwise convolution on a CPU that this pays for train through `Depthwise`; returns how many."""
    count = 0
    for layer in module.modules():
        if type(layer) is nn.Conv2d and _gains(layer):
            layer.__class__ = DepthwiseConv2d
            count += 1
    return count


def _gains(layer: nn.Conv2d) -> bool:
    return differentiable_through(layer) and (layer.kernel_size[0] > 3 or layer.stride[0] > 1)


def differentiable_through(layer: nn.Conv2d) -> bool:
    """True of a convolution on a CPU that `Depthwise` is the same as."""
    square = len(set(layer.kernel_size)) == len(set(layer.stride)) == 1 and not isinstance(layer.padding, str)
    return (
        square
        and layer.groups == layer.in_channels == layer.out_channels
        and set(layer.dilation) == {1}
        and len(set(layer.padding)) == 1
        and layer.padding_mode == "zeros"
        and layer.kernel_size[0] >= 3
        and int(layer.padding[0]) < layer.kernel_size[0]
        and layer.weight.device.type == "cpu"
    )
