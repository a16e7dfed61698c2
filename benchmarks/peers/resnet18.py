"""Peer: a plain ResNet-18 loop on CIFAR-10: SGD with Nesterov momentum, one cycle, random crop and flip.

Reads the JPEG files of a folder with train/CLASS and test/CLASS once into memory; prints one JSON line. The accuracy
on the way is measured on 1,000 training images that are held out.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median

BEGAN = time.monotonic()

import torch  # noqa: E402
import vision_fix  # noqa: E402, F401  (before torchvision)
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

BATCH, PEAK_LR, WEIGHT_DECAY = 128, 0.1, 5e-4
HELD_OUT, POINTS = 1_000, 10
MEAN, STD = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)


def resnet18(classes: int = 10) -> nn.Module:
    """torchvision's, with the stem that everybody gives it for 32-pixel images: 3 x 3, no stride, no pooling."""
    from torchvision.models import resnet18 as build

    network = build(num_classes=classes)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


def optimizer_of(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        network.parameters(), lr=PEAK_LR, momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY
    )


def step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    image: torch.Tensor,
    label: torch.Tensor,
    *,
    bf16: bool,
) -> None:
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = network(image)
    optimizer.zero_grad()
    functional.cross_entropy(logits.float(), label, label_smoothing=0.1).backward()
    optimizer.step()


def read(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Every image (n, 3, 32, 32), uint8, and its label's number."""
    labels = sorted(part.name for part in folder.iterdir())
    files = [(file, n) for n, label in enumerate(labels) for file in sorted((folder / label).iterdir())]
    images = torch.empty(len(files), 32, 32, 3, dtype=torch.uint8)
    for place, (file, _) in enumerate(files):
        with Image.open(file) as image:
            images[place] = torch.frombuffer(
                bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8
            ).view(32, 32, 3)
    return images.permute(0, 3, 1, 2), torch.tensor([n for _, n in files])


def normalised(image: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return ((image.float() - mean) / std).contiguous()


def augmented(image: torch.Tensor) -> torch.Tensor:
    """Each image shifted by up to 4 pixels and mirrored half of the time."""
    padded = functional.pad(image.float(), (4,) * 4, mode="reflect")
    rows, columns = (torch.randint(9, (len(image), 1)) + torch.arange(32) for _ in range(2))
    columns = torch.where(torch.rand(len(image), 1) < 0.5, columns, columns.flip(1))
    at = torch.arange(len(image))[:, None, None]
    return padded.permute(0, 2, 3, 1)[at, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@torch.inference_mode()
def accuracy(network: nn.Module, image: torch.Tensor, label: torch.Tensor, *, bf16: bool) -> float:
    network.eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        answers = [network(normalised(part)).argmax(dim=1) for part in image.split(500)]
    network.train()
    return float((torch.cat(answers) == label).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="for the whole process")
    parser.add_argument("--fp32", action="store_true", help="no bf16 autocast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    bf16 = not given.fp32
    image, label = read(given.data / "train")
    held, order = torch.randperm(len(image)).tensor_split([min(HELD_OUT, len(image) // 10)])
    test, truth = read(given.data / "test")
    network = resnet18().train()
    start = {key: value.clone() for key, value in network.state_dict().items()}

    def descend(steps: int, curve: list[dict[str, float]], most: float = float("inf")) -> list[float]:
        """`steps` steps under one cycle; how long each took."""
        optimizer, times, place = optimizer_of(network), [], 0
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LR, total_steps=steps + 1, pct_start=0.25)
        rows = order
        for count in range(1, steps + 1):
            began = time.monotonic()
            if place + BATCH > len(rows):
                rows, place = order[torch.randperm(len(order))], 0
            chosen, place = rows[place : place + BATCH], place + BATCH
            step(network, optimizer, normalised(augmented(image[chosen])), label[chosen], bf16=bf16)
            cycle.step()
            times.append(time.monotonic() - began)
            if count % max(1, steps // POINTS) == 0 and most == float("inf"):
                minutes = (time.monotonic() - BEGAN) / 60
                curve.append(
                    {"minutes": minutes, "accuracy": accuracy(network, image[held], label[held], bf16=bf16)}
                )
            if sum(times) > most:
                break
        return times

    seconds = median(descend(6, [], most=0.05 * 60 * given.minutes)[1:] or [1.0])
    network.load_state_dict(start)  # what was timed is taken back
    began = time.monotonic()
    accuracy(network, image[held], label[held], bf16=bf16)
    judging = (time.monotonic() - began) * (POINTS + len(test) / len(held))
    left = 0.97 * (BEGAN + 60 * given.minutes - time.monotonic() - judging)
    curve: list[dict[str, float]] = []
    times = descend(max(1, int(left / seconds)), curve)
    print(
        json.dumps(
            {
                "accuracy": accuracy(network, test, truth, bf16=bf16),
                "seconds": time.monotonic() - BEGAN,
                "n": len(test),
                "epochs": len(times) * BATCH / len(order),
                "images_per_second": BATCH / median(times),
                "curve": curve,
            }
        )
    )


if __name__ == "__main__":
    main()
