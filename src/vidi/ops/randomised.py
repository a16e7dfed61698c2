"""A network that has unlearned: the same layers with fresh weights, from the head downwards."""

import copy

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vidi.core.device import drawn_from
from vidi.core.network import Scorer
from vidi.ops.attribution import as_float, undisturbed


def randomised(
    network: Scorer, images: Shaped[Tensor, "n 3 h w"], *, share: float, generator: torch.Generator
) -> Scorer:
    """A copy whose head and last `share` of stages (rounded up) are as before any training.

    Layers start as torch starts them, weights that no layer of torch's owns (tokens, embeddings) are drawn with the
    mean and spread they have. Fresh batch norms take their statistics from `images`: in training they would.
    """
    fresh = copy.deepcopy(network)
    *stages, head = fresh.parts()
    count = round(share * len(stages) + 0.499)
    norms: list[_BatchNorm] = []
    with drawn_from(generator), torch.no_grad():
        for part in (head, *stages[len(stages) - count :]):
            norms += _start_again(part)
    _settle(fresh, norms, images)
    return fresh


def _start_again(part: nn.Module) -> list[_BatchNorm]:
    """Reset every layer inside; returns its batch norms."""
    norms = []
    for module in part.modules():
        reset = getattr(module, "reset_parameters", None)
        if callable(reset):
            reset()
            norms += [module] if isinstance(module, _BatchNorm) else []
            continue
        for weight in module.parameters(recurse=False):
            spread = weight.std() if weight.numel() > 1 else weight.new_zeros(())
            weight.copy_(weight.mean() + spread * torch.randn_like(weight))
    return norms


def _settle(network: Scorer, norms: list[_BatchNorm], images: Shaped[Tensor, "n 3 h w"]) -> None:
    """Let these norms' statistics be those of the images."""
    with undisturbed(network), torch.no_grad():
        for norm in norms:
            norm.train()
            norm.momentum = None
            norm.reset_running_stats()
        network(as_float(images))
