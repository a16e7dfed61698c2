"""Small networks on which the answer is known."""

import torch
from torch import Tensor, nn

from vidi import catalog
from vidi.core.device import seeded
from vidi.core.network import Classifier, Preprocessing

SIZE, CLASSES = 16, 3


class Shift(nn.Module):
    """Far above 0, so that a rectifier behind it is always on."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 10.0


class LeftHalf(nn.Module):
    """Nothing behind it knows what was in the right half."""

    def forward(self, x: Tensor) -> Tensor:
        keep = torch.zeros_like(x)
        keep[..., : x.shape[-1] // 2] = 1
        return x * keep


def drawn(network: Classifier, seed: int) -> Classifier:
    """The same with weights of this seed; norms' statistics are not those of any data, so that they matter."""
    generator = seeded(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) / max(1, weight[0].numel()) ** 0.5)
        for name, buffer in network.named_buffers():
            if name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    return network.eval()


def linear(seed: int = 0) -> Classifier:
    """Logits are linear in the pixels, through a rectifier that is always on and works in place."""
    width = 3 * SIZE * SIZE
    return drawn(
        Classifier(
            stages=[nn.Sequential(Shift(), nn.ReLU(inplace=True)), nn.Flatten()],
            head=nn.Linear(width, CLASSES),
            width=width,
            preprocessing=Preprocessing(SIZE, mean=(100.0, 120.0, 140.0), std=(50.0, 60.0, 70.0)),
        ),
        seed,
    )


def averaged(seed: int = 0) -> Classifier:
    """Logits are linear in the mean, over all positions, of four mixtures of the colours."""
    return drawn(
        Classifier(
            stages=[nn.Conv2d(3, 4, 1), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())],
            head=nn.Linear(4, CLASSES),
            width=4,
            preprocessing=Preprocessing(SIZE),
        ),
        seed,
    )


def convolutional(seed: int = 0, *, inplace: bool = True, half: bool = False) -> Classifier:
    """Two convolutions with norms and rectifiers, in place or not; with `half` it sees the left half alone."""
    return drawn(
        Classifier(
            stages=[
                *([LeftHalf()] if half else []),
                nn.Sequential(
                    nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=inplace)
                ),
                nn.Sequential(
                    nn.Conv2d(8, 8, 3, padding=1, bias=False),
                    nn.BatchNorm2d(8),
                    nn.ReLU6(inplace=inplace),
                    *([LeftHalf()] if half else []),  # the norm moves what was 0
                    nn.AdaptiveAvgPool2d(2),
                    nn.Flatten(),
                ),
            ],
            head=nn.Linear(32, CLASSES),
            width=32,
            preprocessing=Preprocessing(SIZE),
        ),
        seed,
    )


def balanced(network: Classifier, images: Tensor) -> Classifier:
    """The same with a head under which these images' labels differ: their logits' mean is 0."""
    with torch.no_grad():
        network.head.bias -= network(images).mean(dim=0)
    return network


def transformer(seed: int = 0) -> Classifier:
    """A vision transformer of timm on four patches, cut into stages."""
    network = catalog.network(
        "vit_tiny_patch16_224", classes=CLASSES, size_px=32, pretrained=False, generator=seeded(seed)
    )
    with torch.no_grad():  # as it is built its tokens hardly attend: make the attention matter
        for name, weight in network.named_parameters():
            if "qkv" in name:
                weight.mul_(10)
    return network.eval()


def images(count: int, size_px: int = SIZE, seed: int = 1) -> Tensor:
    return torch.randint(0, 256, (count, 3, size_px, size_px), dtype=torch.uint8, generator=seeded(seed))


def paintable(seed: int = 0) -> Classifier:
    """Three resolutions, any size of picture."""
    stages = [
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True)),
        nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
        nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.ReLU6(inplace=True)),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ]
    made = Classifier(stages=stages, head=nn.Linear(8, CLASSES), width=8, preprocessing=Preprocessing(SIZE))
    return drawn(made, seed)


def flat(seed: int = 0) -> Classifier:
    """A network whose layers have no positions."""
    stages = [nn.Flatten(), nn.Linear(3 * SIZE * SIZE, 8)]
    made = Classifier(stages=stages, head=nn.Linear(8, CLASSES), width=8, preprocessing=Preprocessing(SIZE))
    return drawn(made, seed)
