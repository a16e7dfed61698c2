"""What a network costs: its weights, and multiply-adds for one image."""

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def weights(module: nn.Module) -> int:
    """How many trainable or frozen numbers the parameters hold; buffers (running means) are not counted."""
    return sum(parameter.numel() for parameter in module.parameters())


def multiply_adds(module: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Multiply-adds of convolutions, matrix products and attention for a float input of `input_shape`.

    Published tables count the same: nothing for biases, normalisation, activations or pooling. Counted on a copy
    without numbers (torch's meta device), in evaluation mode: no arithmetic is done, and nothing changes.
    """
    hollow = copy.deepcopy(module).to("meta").eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        hollow(torch.zeros(input_shape, device="meta"))
    return int(counter.get_total_flops()) // 2
