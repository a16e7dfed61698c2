"""Maps at a layer: what it gave at each position and what the score makes of it, enlarged over the image."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Scorer
from vidi.ops.attribution import AT_ONCE, as_float, differentiable, score, undisturbed
from vidi.ops.layers import Grid, grid_of, last_grid, layer_named, prefix_tokens

Combine = Callable[[Float[Tensor, "b d i j"], Float[Tensor, "b d i j"]], Float[Tensor, "b i j"]]
"""From a layer's output over its positions and the score's derivative with respect to it to a map."""


def map_at_layer(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    layer: str | None,
    combine: Combine,
) -> Float[Tensor, "n h w"]:
    """What `combine` makes of a layer (None: `looked_at`), enlarged to the image's size between its positions.

    Of a layer that gives maps of several strides all are added, what stands at a coarse position spread over the
    finer ones that it covers. Nothing below the layer is differentiated. Raises UsageError for a layer that is not
    there, or has no positions.
    """
    image_hw = (images.shape[2], images.shape[3])
    name = looked_at(network, image_hw) if layer is None else layer
    found = []
    with undisturbed(network), tapped(network, name) as seen:
        for start in range(0, len(images), AT_ONCE):
            values = score(
                network(as_float(images[start : start + AT_ONCE])), target[start : start + AT_ONCE]
            )
            outputs = _over_image(seen.pop(name, []), name, image_hw, prefix_tokens(network))
            slopes = torch.autograd.grad(
                differentiable(values).sum(), [output for output, _ in outputs], materialize_grads=True
            )
            maps = [
                combine(grid.positions(output.detach()), grid.positions(slope))
                for (output, grid), slope in zip(outputs, slopes, strict=True)
            ]
            found.append(_together(maps, image_hw))
    return torch.cat(found)


def looked_at(network: Scorer, image_hw: tuple[int, int]) -> str:
    """The layer that is looked at where none is named: `last_grid`, or of a network that finds things `last_maps`."""
    return last_grid(network, image_hw) if isinstance(network, Classifier) else last_maps(network, image_hw)


def last_maps(network: nn.Module, image_hw: tuple[int, int]) -> str:
    """The last layer, run once for an image, that gives maps of several strides: a pyramid, before heads read it.

    Raises UsageError if there is none.
    """
    order, handles = list[tuple[str, bool]](), []

    def noting(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def note(module: nn.Module, given: Any, output: Any) -> None:
            order.append((name, _several_maps(output, image_hw)))

        return note

    for name, module in network.named_modules():
        handles.append(module.register_forward_hook(noting(name)))
    try:
        with undisturbed(network), torch.no_grad():
            network(torch.zeros(1, 3, *image_hw))
    finally:
        for handle in handles:
            handle.remove()
    names = [name for name, _ in order]
    found = [name for name, maps in order if maps and names.count(name) == 1]
    if not found:
        raise UsageError(
            "a layer with maps of several strides was wanted, and this network has none; use occlusion or rise"
        )
    return found[-1]


def _several_maps(output: Any, image_hw: tuple[int, int]) -> bool:
    """Whether these are maps of several strides; the coarsest of them may have a single position."""
    inner = output.values() if isinstance(output, Mapping) else output
    if not isinstance(output, Mapping | list | tuple) or not all(
        isinstance(each, Tensor) and each.ndim == 4 for each in inner
    ):
        return False
    return sum(grid_of(tuple(each.shape), image_hw) is not None for each in inner) > 1


@contextlib.contextmanager
def tapped(network: nn.Module, name: str) -> Iterator[dict[str, list[Tensor]]]:
    """Inside, each pass leaves the layer's outputs under `name`, as the leaves where the graph of gradients begins."""
    seen: dict[str, list[Tensor]] = {}

    def keep(module: nn.Module, given: object, output: object) -> object:
        seen[name] = [each.detach().clone().requires_grad_() for each in tensors(output)]
        leaves = iter(seen[name])
        return _rebuilt(output, lambda _: next(leaves).clone())

    handle = layer_named(network, name).register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def tensors(output: Any) -> list[Tensor]:
    """The numbers that a layer gave, alone or as several; nothing for what is neither."""
    if isinstance(output, Tensor):
        return [output] if output.is_floating_point() else []
    inner = (
        output.values() if isinstance(output, Mapping) else output if isinstance(output, list | tuple) else ()
    )
    return [each for one in inner for each in tensors(one)]


def _rebuilt(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same with `change` made to each tensor of floating point, in a sequence or a mapping too."""
    if isinstance(output, Tensor):
        return change(output) if output.is_floating_point() else output
    if isinstance(output, Mapping):
        return type(output)((key, _rebuilt(value, change)) for key, value in output.items())  # type: ignore[call-arg]
    if isinstance(output, list | tuple):
        return type(output)(_rebuilt(value, change) for value in output)
    return output


def _over_image(
    outputs: list[Tensor], name: str, image_hw: tuple[int, int], prefix: int
) -> list[tuple[Tensor, Grid]]:
    if not outputs:
        raise UsageError(f"the layer {name} gives no tensor, or is not run; choose another")
    grids = [grid_of(tuple(output.shape), image_hw, prefix=prefix) for output in outputs]
    found = [(output, grid) for output, grid in zip(outputs, grids, strict=True) if grid is not None]
    if not found:
        raise UsageError(
            f"a layer whose output has positions was wanted; {name} gives {tuple(outputs[0].shape)[1:]} for an image; "
            "leave --layer out and one is found"
        )
    return found


def _together(maps: list[Tensor], image_hw: tuple[int, int]) -> Float[Tensor, "b h w"]:
    """Maps (b, i, j) added over the image, each counted by how many of the finest's positions one of its own covers."""
    finest = max(each[0].numel() for each in maps)
    return torch.stack(
        [
            functional.interpolate(each[:, None], size=image_hw, mode="bilinear")[:, 0]
            * (each[0].numel() / finest)
            for each in maps
        ]
    ).sum(dim=0)
