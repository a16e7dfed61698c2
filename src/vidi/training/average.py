"""An exponential moving average of weights."""

import copy

import torch
from torch import nn


class Average:
    """A second set of weights that follows a model: average <- decay * average + (1 - decay) * model.

    Early on the decay is min(decay, (1 + t) / (10 + t)), so that the start is forgotten quickly (as TensorFlow's
    ExponentialMovingAverage does). With `decay` 0 the average is the model itself, exactly. Counters are copied.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is in [0, 1); got {decay}")
        self.decay = decay
        self.model = copy.deepcopy(model).requires_grad_(False) if decay else model

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        if not self.decay:
            return
        decay = min(self.decay, (1 + step) / (10 + step))
        theirs = model.state_dict()
        for name, mine in self.model.state_dict().items():
            if mine.is_floating_point():
                mine.lerp_(theirs[name].to(mine.dtype), 1 - decay)
            else:
                mine.copy_(theirs[name])
