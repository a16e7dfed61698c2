"""What every explanation asks of a network: the score that is explained, its gradient, and to be left as it was."""

import contextlib
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.errors import UsageError
from vidi.core.network import Scorer

AT_ONCE = 64  # images in one pass: as fast as more, and the memory stays flat


@contextlib.contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """Inside, the network is in evaluation mode and no weight wants a gradient; afterwards it is as it was."""
    modes = [(module, module.training) for module in network.modules()]
    wanting = [weight for weight in network.parameters() if weight.requires_grad]
    try:
        network.eval().requires_grad_(False)
        with torch.enable_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
        for weight in wanting:
            weight.requires_grad_(True)


def one_class(label: Int[Tensor, " n"], classes: int) -> Float[Tensor, "n c"]:
    """The target that explains one class for each image: 1 there, 0 elsewhere."""
    return functional.one_hot(label, classes).float()


def contrast(first: Int[Tensor, " n"], second: Int[Tensor, " n"], classes: int) -> Float[Tensor, "n c"]:
    """The target that explains why the first class and not the second: the difference of their logits."""
    return one_class(first, classes) - one_class(second, classes)


def score(logits: Float[Tensor, "n c"], target: Float[Tensor, "n c"]) -> Float[Tensor, " n"]:
    """The logits' sum, weighted by `target`; a logit with weight 0 doesn't matter, infinite or not."""
    return torch.where(target != 0, logits * target, 0.0).sum(dim=1)


def as_float(images: Shaped[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Pixels as numbers in 0..255, in the memory layout that convolutions on a CPU are fastest with."""
    pixels = images.detach() if images.is_floating_point() else images.float()
    return pixels.contiguous(memory_format=torch.channels_last)


def differentiable(values: Tensor) -> Tensor:
    """The values; raises UsageError where they hang on nothing that has a gradient."""
    if not values.requires_grad:
        raise UsageError(
            "a gradient of the network's answer was wanted and it has none (k-NN counts votes); use occlusion or rise"
        )
    return values


def gradient(
    network: Scorer, images: Shaped[Tensor, "n 3 h w"], target: Float[Tensor, "n c"]
) -> Float[Tensor, "n 3 h w"]:
    """The score's derivative with respect to each pixel's value (in 0..255)."""
    found = []
    with undisturbed(network):
        for start in range(0, len(images), AT_ONCE):
            pixels = as_float(images[start : start + AT_ONCE]).clone().requires_grad_()
            values = differentiable(score(network(pixels), target[start : start + AT_ONCE]))
            found.append(torch.autograd.grad(values.sum(), pixels)[0])
    return torch.cat(found) if found else images.new_zeros(images.shape, dtype=torch.float32)


def blank(network: Scorer, images: Shaped[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Images without content: the colour that the network's normalisation turns into 0 (its data's mean)."""
    mean = torch.tensor(network.preprocessing.mean, device=images.device)
    return mean.expand(3)[None, :, None, None].expand(images.shape).contiguous()


def scores(
    network: Scorer, images: Shaped[Tensor, "n 3 h w"], target: Float[Tensor, "n c"]
) -> Float[Tensor, " n"]:
    """The score of each image, without gradients."""
    with undisturbed(network), torch.no_grad():
        found = [network(as_float(part)) for part in images.split(AT_ONCE)]
        return score(torch.cat(found), target)


def scores_of_variants(
    network: Scorer, variants: Float[Tensor, "k n 3 h w"], target: Float[Tensor, "n c"]
) -> Float[Tensor, "k n"]:
    """The scores of k variants of each of n images."""
    count = len(variants)
    return scores(network, variants.flatten(0, 1), target.repeat(count, 1)).reshape(count, len(target))


def variants_at_once(images: int) -> int:
    """How many variants of each of so many images are made at once."""
    return max(1, AT_ONCE // max(images, 1))
