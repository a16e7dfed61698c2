"""Random factors that leave the mean as it is."""

import torch
from torch import Tensor


def kept(
    shape: tuple[int, ...], *, probability: float, like: Tensor, generator: torch.Generator | None
) -> Tensor:
    """0 with `probability`, else 1 / (1 - probability), each drawn alone: mean 1. In the type and place of `like`.

    Without a generator torch's own is used. The draw is the same for every floating type.
    """
    keep = 1 - probability
    device = like.device if generator is None else generator.device
    drawn = torch.rand(shape, generator=generator, device=device) >= probability
    return drawn.to(device=like.device, dtype=like.dtype) / keep


def check_probability(probability: float) -> None:
    if not 0 <= probability < 1:
        raise ValueError(f"probability is the share that is dropped, 0 to below 1; got {probability}")
