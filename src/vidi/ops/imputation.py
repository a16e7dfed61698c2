"""Pixels that are taken away, guessed from those around them: what is left tells less than a hole would."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

# How much a pixel takes from each neighbour: those that share a side twice as much as those that share a corner.
WEIGHTS = ((1 / 12, 1 / 6, 1 / 12), (1 / 6, 0.0, 1 / 6), (1 / 12, 1 / 6, 1 / 12))


def imputed(
    images: Float[Tensor, "n c h w"],
    missing: Bool[Tensor, "n h w"],
    *,
    tolerance: float = 0.1,
    most_steps: int = 1000,
) -> Float[Tensor, "n c h w"]:
    """The images with every missing pixel the weighted mean of its eight neighbours, missing ones among them.

    Rong et al. 2022 (arXiv:2202.00449, section 4.2) without the noise. The linear system is symmetric and solved by
    conjugate gradients for all images at once, to `tolerance` (grey levels) in each equation. Where a whole image
    is missing, its mean stands everywhere.
    """
    hole = missing[:, None].to(images.dtype)
    reach = _around(torch.ones_like(hole))
    lost = missing.flatten(1).all(dim=1)
    known = (images * (1 - hole)).sum(dim=(2, 3), keepdim=True)
    mean = known / (1 - hole).sum(dim=(2, 3), keepdim=True).clamp(min=1)
    mean = torch.where(lost[:, None, None, None], images.mean(dim=(2, 3), keepdim=True), mean)
    guess = (mean * hole).expand_as(images).clone()
    residual = hole * (_around(images * (1 - hole)) + _around(guess) - reach * guess)
    residual[lost] = 0
    way, size = residual.clone(), _dot(residual, residual)
    for _ in range(most_steps):
        if float(residual.abs().max()) <= tolerance:
            break
        pushed = hole * (reach * way - _around(way))
        step = size / _dot(way, pushed).clamp(min=1e-30)
        guess, residual = guess + step * way, residual - step * pushed
        before, size = size, _dot(residual, residual)
        way = residual + size / before.clamp(min=1e-30) * way
    return images * (1 - hole) + guess


def _around(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """The weighted sum of each pixel's neighbours; beyond the edge is nothing."""
    channels = x.shape[1]
    kernel = torch.tensor(WEIGHTS, dtype=x.dtype, device=x.device).expand(channels, 1, 3, 3)
    return functional.conv2d(x, kernel, padding=1, groups=channels)


def _dot(a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 1 1"]:
    return (a * b).sum(dim=(2, 3), keepdim=True)
