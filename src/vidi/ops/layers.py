"""Layers whose outputs lie over the image: found by running the network, named as the network names them."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.device import seeded
from vidi.core.errors import UsageError, nearest_names
from vidi.core.network import Classifier
from vidi.ops.attribution import undisturbed


@dataclass(frozen=True)
class Grid:
    """How a layer's output lies over the image: `layout` is `channels first`, `channels last` or `tokens`.

    `prefix` tokens (class, registers) stand before those of the positions.
    """

    layout: str
    height: int
    width: int
    prefix: int = 0

    def positions(self, output: Tensor) -> Float[Tensor, "b d i j"]:
        """The output as channels over positions; tokens that belong to no position are left out."""
        if self.layout == "channels first":
            return output
        if self.layout == "channels last":
            return output.permute(0, 3, 1, 2)
        tokens = output[:, self.prefix :].transpose(1, 2)
        return tokens.reshape(*tokens.shape[:2], self.height, self.width)


def grid_of(shape: tuple[int, ...], image_hw: tuple[int, int], *, prefix: int = 0) -> Grid | None:
    """The grid of an output of this shape (with the batch): more than one position, in the image's ratio; else None.

    Four axes are channels first where the last two have the image's ratio, else channels last where the two before do;
    three are tokens where their number without the prefix fills a grid of that ratio.
    """
    if len(shape) == 4:
        if _over(shape[2], shape[3], image_hw):
            return Grid("channels first", shape[2], shape[3])
        if _over(shape[1], shape[2], image_hw):
            return Grid("channels last", shape[1], shape[2])
    if len(shape) == 3 and shape[1] > prefix:
        count = shape[1] - prefix
        height = max(1, round(math.sqrt(count * image_hw[0] / image_hw[1])))
        if count % height == 0 and _over(height, count // height, image_hw):
            return Grid("tokens", height, count // height, prefix)
    return None


def _over(height: int, width: int, image_hw: tuple[int, int]) -> bool:
    tall, wide = image_hw
    fits = abs(height * wide - width * tall) < max(tall, wide)  # strides round up
    return fits and height * width > 1 and height <= tall and width <= wide


def prefix_tokens(network: nn.Module) -> int:
    """How many tokens of a transformer belong to no position: timm says it, torchvision's have a class token."""
    for module in network.modules():
        count = getattr(module, "num_prefix_tokens", None)
        if isinstance(count, int):
            return count
        if isinstance(getattr(module, "class_token", None), Tensor):
            return 1
    return 0


def chain(network: Classifier) -> list[str]:
    """The names of the layers that, one after the other, are the network up to its head; plain sequences are opened."""

    def opened(name: str, module: nn.Module) -> list[str]:
        if type(module) is not nn.Sequential:
            return [name]
        return [inner for key, child in module.named_children() for inner in opened(f"{name}.{key}", child)]

    return [name for key, stage in enumerate(network.stages) for name in opened(f"stages.{key}", stage)]


def outside_attention(network: Classifier) -> list[str]:
    """The names of all modules of the stages that are neither attention nor inside it."""
    attention = [name for name, module in network.named_modules() if "atten" in type(module).__name__.lower()]
    return [
        name
        for name, _ in network.named_modules()
        if name.startswith("stages.")
        and not any(name == inner or name.startswith(f"{inner}.") for inner in attention)
    ]


def layer_named(network: nn.Module, name: str) -> nn.Module:
    """The module of that name; raises UsageError with the nearest names."""
    known: dict[str, nn.Module] = dict(network.named_modules())
    if not name or name not in known:
        inside = [key for key in known if key]
        raise UsageError(
            f"the network has no layer {name!r}; its layers are {', '.join(inside[:3])}, … {inside[-1]}"
            f"{nearest_names(name, inside)}"
        )
    return known[name]


@contextlib.contextmanager
def recorded(network: nn.Module, names: list[str]) -> Iterator[dict[str, Tensor]]:
    """Inside, each pass of the network leaves the outputs of these layers, in the order in which they came last.

    They are copies, and the network goes on with copies of them: what works in place can't change them.
    """
    seen: dict[str, Tensor] = {}
    handles = []
    for name in names:

        def keep(module: nn.Module, given: object, output: object, name: str = name) -> object:
            if not isinstance(output, Tensor) or not output.is_floating_point():
                return output
            seen.pop(name, None)
            seen[name] = output.clone()
            return seen[name].clone()

        handles.append(layer_named(network, name).register_forward_hook(keep))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def last_grid(network: Classifier, image_hw: tuple[int, int]) -> str:
    """The last layer with positions of which at least one makes a difference to the features.

    It is found by a pass with a noise image and the gradients of all layers, so that it depends on the network and
    the size alone. In a convolutional network that is the last activation before pooling; in a vision transformer
    that reads its class token, the block before the last: after the last, the patches' tokens are read by nobody.
    A network that is one chain of layers is looked for along it, another among all its modules outside attention.
    Raises UsageError if there is none.
    """
    device = next(iter(network.parameters()), torch.zeros(())).device
    noise = 255 * torch.rand((1, 3, *image_hw), generator=seeded(0)).to(device)
    prefix = prefix_tokens(network)
    for names in (chain(network), outside_attention(network)):
        with undisturbed(network), recorded(network, names) as seen:
            features = network.features(noise.requires_grad_())
            seen = {name: output for name, output in seen.items() if output.requires_grad}
            if not seen or not features.requires_grad:
                continue
            weights = torch.cos(
                torch.arange(features.shape[1], device=device) + 1.0
            )  # any, but not equal ones
            slopes = torch.autograd.grad((features @ weights).sum(), list(seen.values()), allow_unused=True)
        for (name, output), slope in reversed(list(zip(seen.items(), slopes, strict=True))):
            grid = grid_of(tuple(output.shape), image_hw, prefix=prefix)
            if grid is not None and slope is not None and bool(grid.positions(slope).any()):
                return name
    kinds = ", ".join(dict.fromkeys(type(module).__name__ for module in network.stages))
    raise UsageError(
        f"a layer with positions was wanted, and this network has none (its stages: {kinds}); "
        "use gradient, integrated_gradients, occlusion or rise"
    )
