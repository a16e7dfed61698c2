"""From which patches does a transformer's answer draw, through all its layers of attention?"""

import contextlib
from collections.abc import Iterator
from typing import Any, cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.core.network import Scorer
from vidi.ops.attribution import AT_ONCE, as_float, undisturbed
from vidi.ops.layers import grid_of, prefix_tokens

CARD = Card(
    title="Attention rollout",
    idea="Each layer's attention, half of it on itself for the shortcut, multiplied from the first layer to the last.",
    paper="Abnar and Zuidema 2020, arXiv:2005.00928, eq. 1",
    differs="For networks that take the mean of the patches, the mean of their rows, not the class token's.",
    facts={"signed": False, "target": False},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n h w"]:
    """Shares of attention on the patches, enlarged between them; the same for every class. Nothing is drawn.

    Raises UsageError for a network without attention over all patches.
    """
    found = [rolled_out(network, images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
    return functional.interpolate(torch.cat(found)[:, None], size=images.shape[2:], mode="bilinear")[:, 0]


@torch.no_grad()
def rolled_out(network: Scorer, images: Shaped[Tensor, "n 3 h w"]) -> Float[Tensor, "n i j"]:
    """Each patch's share in the token (or the mean of tokens) that the head reads."""
    prefix = prefix_tokens(network)
    with undisturbed(network), torch.no_grad(), attended(network) as layers:
        network(as_float(images))
    _refuse_windows(layers, len(images))
    total = torch.eye(layers[0].shape[-1], device=images.device)[None]
    for attention in layers:
        total = (0.5 * attention + 0.5 * torch.eye(attention.shape[-1], device=images.device)) @ total
    rows = total[:, 0] if prefix and not reads_mean(network) else total[:, prefix:].mean(dim=1)
    grid = grid_of((len(rows), rows.shape[1], 1), (images.shape[2], images.shape[3]), prefix=prefix)
    if grid is None:
        raise UsageError(
            f"the {rows.shape[1]} tokens of this network don't lie over the image; use grad_cam or occlusion"
        )
    return rows[:, prefix:].reshape(len(rows), grid.height, grid.width)


def _refuse_windows(layers: list[Tensor], images: int) -> None:
    shapes = {(len(attention), attention.shape[-2], attention.shape[-1]) for attention in layers}
    if not layers:
        raise UsageError(
            "attention was wanted and this network has none that can be read; use grad_cam or occlusion"
        )
    if len(shapes) > 1 or any(count != images or rows != columns for count, rows, columns in shapes):
        raise UsageError(
            "attention of all patches to all patches was wanted; this network attends within windows or at several "
            "resolutions; use grad_cam or occlusion"
        )


def reads_mean(network: nn.Module) -> bool:
    """Whether the head reads the mean of the patches' tokens."""
    for module in network.modules():
        if hasattr(module, "mean_from"):  # a transformer that was cut into stages
            return module.mean_from is not None
    return any(getattr(module, "global_pool", None) == "avg" for module in network.modules())


@contextlib.contextmanager
def attended(network: nn.Module) -> Iterator[list[Tensor]]:
    """Inside, a pass leaves each layer's attention (n, tokens, tokens), the mean over its heads, in order.

    timm's layers don't keep it while they are fused, torch's don't give it unless asked: both are switched, and back.
    """
    seen: list[Tensor] = []
    handles, fused = [], []

    def kept(module: nn.Module, given: Any, output: Tensor) -> None:
        seen.append(output.detach().mean(dim=1))

    def asked(module: nn.Module, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return given, named | {"need_weights": True, "average_attn_weights": True}

    def given_back(module: nn.Module, given: Any, output: Any) -> None:
        seen.append(output[1].detach())

    for module in network.modules():
        if isinstance(module, nn.MultiheadAttention):
            handles.append(module.register_forward_pre_hook(asked, with_kwargs=True))
            handles.append(module.register_forward_hook(given_back))
        elif hasattr(module, "fused_attn") and hasattr(module, "attn_drop"):
            fused.append((module, module.fused_attn))
            handles.append(cast(nn.Module, module.attn_drop).register_forward_hook(kept))
    try:
        for module, _ in fused:
            module.fused_attn = False  # type: ignore[assignment]
        yield seen
    finally:
        for handle in handles:
            handle.remove()
        for module, before in fused:
            module.fused_attn = before
