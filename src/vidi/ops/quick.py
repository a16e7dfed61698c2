"""A copy of a network for hundreds of gradients with respect to its input, and what its norms remember of its data."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.device import native_bf16
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.ops.depthwise import DepthwiseConv2d, differentiable_through
from vidi.ops.layers import grid_of, layer_named, prefix_tokens


def quick(network: Classifier) -> Classifier:
    """The same function, its weights fixed, in the layout and with the depthwise gradients that are fastest on a CPU.

    Nothing works in place in it, so that any layer's output can be kept.
    """
    made = copy.deepcopy(network).eval().requires_grad_(False)
    for layer in made.modules():
        if getattr(layer, "inplace", False) is True:
            layer.inplace = False  # type: ignore[assignment]
        if type(layer) in (nn.Conv2d, DepthwiseConv2d) and differentiable_through(layer):  # type: ignore[arg-type]
            layer.__class__ = DepthwiseConv2d
            layer.training = True  # in evaluation it is the plain one
    for parameter in made.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return made


@contextlib.contextmanager
def low_precision() -> Iterator[None]:
    """Inside, products are in bf16 where this CPU multiplies it in hardware."""
    with torch.autocast("cpu", torch.bfloat16, enabled=native_bf16()):
        yield


class _Enough(Exception):  # noqa: N818 - it is no error
    """The last layer that was wanted has been there."""


def outputs(network: Classifier, names: Sequence[str], images: Tensor) -> dict[str, Tensor]:
    """These layers' outputs for the images, with gradients if they want them; what comes after the last is not run.

    Raises UsageError for a layer that is not there, or was not run.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, given: object, output: object) -> None:
            if isinstance(output, Tensor):
                found[name] = output
            if len(found) == len(set(names)):
                raise _Enough

        return hook

    handles = [layer_named(network, name).register_forward_hook(keep(name)) for name in set(names)]
    try:
        network.features(images)
    except _Enough:
        pass
    finally:
        for handle in handles:
            handle.remove()
    missing = [name for name in names if name not in found]
    if missing:
        raise UsageError(f"the layer {missing[0]} gives no tensor, or is not run; choose another")
    return found


def over_positions(
    network: Classifier, found: Mapping[str, Tensor], image_hw: tuple[int, int]
) -> dict[str, Float[Tensor, "b d i j"]]:
    """Outputs as channels over positions; raises UsageError for a layer that has none."""
    prefix, laid = prefix_tokens(network), {}
    for name, output in found.items():
        grid = grid_of(tuple(output.shape), image_hw, prefix=prefix)
        if grid is None:
            raise UsageError(
                f"a layer whose output has positions was wanted; {name} gives {tuple(output.shape)[1:]} for an image"
            )
        laid[name] = grid.positions(output)
    return laid


class Moments(torch.autograd.Function):
    """Each channel's mean and variance over positions: what torch.var says, at a third of its time on a CPU."""

    @staticmethod
    def forward(ctx: Any, x: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b c"], Float[Tensor, "b c"]]:
        mean = x.mean(dim=(2, 3))
        variance = ((x * x).mean(dim=(2, 3)) - mean * mean).clamp(min=0)
        ctx.save_for_backward(x, mean)
        return mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x, mean = ctx.saved_tensors
        of_mean, of_variance = gradients
        positions = x.shape[2] * x.shape[3]
        slope, level = 2 * of_variance / positions, (of_mean - 2 * of_variance * mean) / positions
        return torch.addcmul(level[:, :, None, None], x, slope[:, :, None, None])


class Remembered:
    """How far each picture's activations are from the means and variances that batch norms kept of their training data.

    In units of what was kept, the mean over channels; of norms those count for more that see more positions, where a
    single picture can be like all of them. (Yin et al. 2020, DeepInversion, arXiv:1912.08795, eq. 4, has the plain
    differences of a batch.) `distance()` is of the last pass; 0 for a network without batch norms.
    """

    def __init__(self, network: nn.Module) -> None:
        self.found: list[Tensor] = []
        self.weights: list[float] = []
        self.handles = [
            layer.register_forward_pre_hook(self._keep)
            for layer in network.modules()
            if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None
        ]

    def _keep(self, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        mean, variance = layer.get_buffer("running_mean"), layer.get_buffer("running_var") + 1e-5
        x = given[0].float()
        seen_mean, seen_variance = Moments.apply(x)
        of_mean = (seen_mean - mean).square() / variance
        of_spread = (seen_variance / variance + 1e-5).sqrt() - 1
        self.found.append((of_mean + of_spread.square()).mean(dim=1))
        self.weights.append(float(x.shape[2] * x.shape[3]) ** 0.5)

    def distance(self) -> Float[Tensor, " n"] | float:
        """A number for each picture, 0 or more, with its gradient; 0 where there is no norm."""
        found, weights = self.found, self.weights
        self.found, self.weights = [], []
        total = sum(weights)
        return sum((w / total * each for w, each in zip(weights, found, strict=True)), start=0.0)

    def forget(self) -> None:
        """Take the hooks off."""
        for handle in self.handles:
            handle.remove()
