"""The net that reaches 94 % on CIFAR-10 fastest, on a small budget of operations."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="airbench94",
    idea="A first layer that whitens 2 x 2 patches and is not trained, then three groups of two convolutions that "
    "start as the identity; everything chosen for the fewest operations to 94 % on CIFAR-10.",
    paper="Jordan 2024, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, arXiv:2404.00498, sections 3.1 to 3.3",
    differs="The convolutions keep their length, as in the author's later training with Muon; `held` turns that off. "
    "The logits' factor 1/9 is taken before the last matrix, which is the same; batch norm's eps is 1e-5, as 1e-12 "
    "vanishes in half precision; without `whiten` the first layer is random.",
    at={"classes": 10, "size_px": 32},
    weights=1_971_640,
    multiply_adds=118_147_360,
)

PATCH = 2
WHITENED = 2 * 3 * PATCH * PATCH  # each of the patch's directions, and its opposite
CIFAR_MEAN, CIFAR_STD = (125.31, 122.95, 113.87), (62.99, 62.09, 66.70)  # of CIFAR-10's training pixels


class Held(nn.Conv2d):
    """A convolution whose weights keep the length sqrt(filters) while it is trained, where `held`.

    Batch norm follows, so the length does not change what the network says, only how far a step of a given rate
    turns the weights: unheld they grow, and the steps shrink (the authors' training script for Muon does the same).
    """

    held = True

    def forward(self, input: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h w"]:
        if self.held and self.training and torch.is_grad_enabled():
            with torch.no_grad():
                self.weight.mul_(len(self.weight) ** 0.5 / self.weight.norm())
        return super().forward(input)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """3 x 3; as many filters as there are inputs start as the identity, the rest as torch starts them."""
    convolution = Held(inputs, outputs, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(convolution.weight[:inputs])
    return convolution


def _norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with a learnt shift and no learnt scale; the running averages move by 0.4 a step."""
    norm = nn.BatchNorm2d(channels, momentum=0.4)
    norm.register_parameter("weight", None)
    return norm


def _group(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        _convolution(inputs, outputs),
        nn.MaxPool2d(2),
        _norm(outputs),
        nn.GELU(),
        _convolution(outputs, outputs),
        _norm(outputs),
        nn.GELU(),
    )


class Top(nn.Module):
    """The largest of each channel over the image, times 1/9: the logits start small, and so does the loss."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
        return x.amax(dim=(2, 3)) * (1 / 9)


@torch.no_grad()
def whiten(network: Classifier, image: Shaped[Tensor, "n 3 h w"], *, eps: float = 5e-4) -> None:
    """Set the first layer so that its outputs on patches of these images have unit variance and no correlation.

    `image` are training images in 0..255; a few thousand are enough. Each filter is an eigenvector of the
    patches' covariance over the square root of its eigenvalue + `eps`, then its opposite (section 3.2).
    """
    first = cast(nn.Conv2d, network.stages[0].get_submodule("0"))
    x = network.normalise(image)
    patches = x.unfold(2, PATCH, 1).unfold(3, PATCH, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, WHITENED // 2)
    covariance = (patches.T @ patches).double() / len(patches)
    value, vector = torch.linalg.eigh(covariance)
    filters = (vector / (value.clamp(min=0) + eps).sqrt()).T.reshape(-1, 3, PATCH, PATCH)
    first.weight.copy_(torch.cat([filters, -filters]))


def build(
    *,
    classes: int,
    size_px: int = 32,
    generator: torch.Generator | None = None,
    widths: Sequence[int] = (64, 256, 256),
    held: bool = True,
) -> Classifier:
    """airbench94's net; `widths` are the channels of the three groups; `look` whitens, with training images; `held`
    keeps the convolutions' weights at one length in training.

    The whitening filters take no gradient (their shifts do); images are at least 9 px.
    """
    if len(widths) != 3 or min(widths) < 1:
        raise UsageError(f"widths are three numbers of channels, 1 or more; got {list(widths)}")
    if size_px < 9:
        raise UsageError(f"airbench halves an image three times and wants 9 px or more; got {size_px}")
    with drawn_from(generator):
        whitening = nn.Conv2d(3, WHITENED, PATCH)
        nn.init.zeros_(cast(Tensor, whitening.bias))
        whitening.weight.requires_grad_(False)
        stages = [
            nn.Sequential(whitening, nn.GELU()),
            *(_group(before, after) for before, after in zip((WHITENED, *widths), widths, strict=False)),
            Top(),
        ]
        head = nn.Linear(widths[-1], classes, bias=False)
    for layer in nn.Sequential(*stages).modules():
        if isinstance(layer, Held):
            layer.held = held
    preprocessing = Preprocessing(size_px, mean=CIFAR_MEAN, std=CIFAR_STD)
    return Classifier(stages=stages, head=head, width=widths[-1], preprocessing=preprocessing, look=whiten)
