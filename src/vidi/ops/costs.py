"""What a network costs: its weights, and multiply-adds for one image."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def weights(module: nn.Module) -> int:
    """How many trainable or frozen numbers the parameters hold; buffers (running means) are not counted."""
    return sum(parameter.numel() for parameter in module.parameters())


def multiply_adds(module: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Multiply-adds of convolutions, matrix products and attention for a float input of `input_shape`.

    Published tables count the same: nothing for biases, normalisation, activations or pooling. A module on the
    meta device is counted without any arithmetic. Training mode is left as it was.
    """
    parameter = next(module.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.zeros(input_shape, device=device))
    finally:
        for part, mode in training.items():
            part.training = mode
    return int(counter.get_total_flops()) // 2
