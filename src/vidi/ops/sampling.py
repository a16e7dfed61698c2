"""Draws that torch has no generator argument for."""

import torch
from jaxtyping import Float
from torch import Tensor


def beta(alpha: float, count: int, generator: torch.Generator) -> Float[Tensor, " n"]:
    """`count` draws from Beta(alpha, alpha), alpha > 0, each in [0, 1]; on the generator's device.

    X / (X + Y) of two Gamma draws, as a logistic function of log X - log Y, and Gamma(a) as Gamma(a + 1) times
    U^(1/a): at small alpha X and Y themselves are smaller than any float, and 0/0 would follow.
    """
    if not alpha > 0:
        raise ValueError(f"alpha is the Beta distribution's parameter, > 0; got {alpha}")
    shape = torch.full((2, count), alpha + 1.0, dtype=torch.float64, device=generator.device)
    gamma = torch._standard_gamma(shape, generator=generator)
    uniform = 1 - torch.rand(shape.shape, dtype=torch.float64, generator=generator, device=generator.device)
    log_x, log_y = gamma.log() + uniform.log() / alpha
    return torch.sigmoid(log_x - log_y).float()
