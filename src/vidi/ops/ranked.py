"""Parts of an image in the order in which a map ranks them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def rank_masks(maps: Float[Tensor, "n h w"], shares: Float[Tensor, " s"]) -> Bool[Tensor, "s n h w"]:
    """For each share, the pixels that the map ranks highest: so many of them, rounded; of equals the first."""
    flat = maps.flatten(1)
    order = flat.argsort(dim=1, descending=True, stable=True)
    place = torch.empty_like(order)
    place.scatter_(1, order, torch.arange(flat.shape[1], device=maps.device).expand_as(order))
    counts = (shares.to(maps.device) * flat.shape[1]).round()
    return (place[None] < counts[:, None, None]).reshape(len(shares), *maps.shape)


def ranks(maps: Float[Tensor, "n *place"], *, generator: torch.Generator) -> Float[Tensor, "n *place"]:
    """Each place's rank in its map, 0 for the lowest; equals in random order, the same for all maps."""
    flat = maps.flatten(1)
    mixed = torch.randperm(flat.shape[1], generator=generator)
    order = mixed[flat[:, mixed].argsort(dim=1, stable=True)]
    place = torch.empty_like(flat)
    place.scatter_(1, order, torch.arange(flat.shape[1], dtype=flat.dtype).expand_as(flat))
    return place.reshape(maps.shape)


def area(curves: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
    """The area under each curve over equal steps from 0 to 1, by trapezoids."""
    return (curves[1:] + curves[:-1]).mean(dim=0) / 2
