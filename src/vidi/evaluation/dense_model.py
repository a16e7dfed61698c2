"""A trained model whose answers lie on the image: objects, or a class for each pixel."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from vidi.core.network import NetworkSpec, Normalise, Preprocessing
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.core.task import DenseTask
from vidi.data.found import Found
from vidi.evaluation import saved
from vidi.evaluation.dense_engine import dense_engine
from vidi.evaluation.engine import best_precision
from vidi.evaluation.inputs import Opened, opened
from vidi.ops.placing import placing

BLOCK = 16  # images whose outputs are held at once
LEAST = 0.01  # scores below this are not kept: no metric sees a difference


@dataclass(frozen=True)
class Seen:
    """What a model found on one image; `error` instead where it could not be opened."""

    name: str
    found: Found | None
    image: UInt8[np.ndarray, "h w 3"] | None = None  # as it is
    error: str = ""


@dataclass(frozen=True)
class DenseModel:
    """Finds what its task asks for. Every image is run alone, so nothing beside it in a batch can change its answer."""

    network: Any
    spec: NetworkSpec
    labels: tuple[str, ...]
    task: DenseTask
    precision: str = "auto"
    folder: Path | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        preprocessing: Preprocessing = self.network.preprocessing
        return preprocessing

    def answers(self, images: UInt8[np.ndarray, "n s s 3"], say: Say | None = None) -> Iterator[Any]:
        """The decoded answer to each image, in pixels of the network's square."""
        say = say or Quiet()
        options = {"least": LEAST} if self.task.networks == "detectors" else {}
        for start in range(0, len(images), BLOCK):
            for number, outputs in enumerate(self.run(images[start : start + BLOCK]), start=start + 1):
                with torch.inference_mode():
                    yield self.network.decode(outputs, **options)[0]
                say.track("inference", number, len(images))

    @cached_property
    def run(self) -> Callable[[UInt8[np.ndarray, "n s s 3"]], Iterator[Any]]:
        """A function of images to the network's outputs for each, by the fastest engine there is for it."""
        return dense_engine(self.network, precision=self.multiplies_in)

    @property
    def multiplies_in(self) -> str:
        """fp32 or bf16: what `precision` comes to on this machine."""
        return best_precision() if self.precision == "auto" else self.precision

    def find(
        self,
        images: UInt8[np.ndarray, "n s s 3"],
        image_hw: Sequence[tuple[int, int]],
        say: Say | None = None,
    ) -> list[Found]:
        """What is on each image, in its own pixels; `images` have the network's size, `image_hw` are their own."""
        size, fit = self.preprocessing.size_px, self.preprocessing.fit
        return [
            self.task.found(answer, placing(hw, size_px=size, fit=fit), hw)
            for answer, hw in zip(self.answers(images, say), image_hw, strict=True)
        ]

    def predict(self, images: Any, *, least: float = 0.3) -> list[Seen]:
        """One answer for each image; objects with a score of `least` or more. See `evaluation.inputs.expand`."""
        return list(self.stream(images, least=least))

    def stream(
        self, images: Any, *, least: float = 0.3, block: int = 16, say: Say | None = None
    ) -> Iterator[Seen]:
        """The same one by one, with memory that does not grow with their number."""
        source, done = opened(images, self.preprocessing, original=True), 0
        while chunk := list(itertools.islice(source, block)):
            yield from self._seen(chunk, least)
            done += len(chunk)
            if say is not None:
                say.track("predict", done, 0)
        if say is not None:
            say.track("predict", done, done)

    def _seen(self, chunk: list[Opened], least: float) -> Iterator[Seen]:
        known = [item for item in chunk if item.image is not None and item.original is not None]
        found: Iterator[Found] = iter(())
        if known:
            sizes = [
                (int(item.original.shape[0]), int(item.original.shape[1]))
                for item in known
                if item.original is not None
            ]
            found = iter(self.find(np.stack([item.image for item in known if item.image is not None]), sizes))
        for item in chunk:
            if item.image is None:
                yield Seen(item.name, None, error=item.error)
            else:
                yield Seen(item.name, next(found).surer(least), item.original)

    def save(self, folder: RunFolder) -> None:
        """`model.safetensors` and `model.json`."""
        content = {
            "task": self.task.name,
            "network": self.spec.record(),
            "labels": list(self.labels),
            "preprocessing": self.preprocessing.record(),
            "precision": self.precision,
        }
        saved.save(folder, self.network, content)


def load_dense_model(path: Path, *, build: Callable[..., nn.Module], task: DenseTask) -> DenseModel:
    """The model of a run folder; raises UsageError if a file is missing, changed, or from a newer version."""
    network, content = saved.restored(path, build=build, prepare=prepared)
    spec = NetworkSpec(**content["network"])
    return DenseModel(network, spec, tuple(content["labels"]), task, content["precision"], path)


def prepared(network: Any, preprocessing: Preprocessing) -> None:
    """The network takes images as they were taken when it was saved."""
    for module in network.modules():
        if isinstance(getattr(module, "normalise", None), Normalise):
            module.preprocessing, module.normalise = preprocessing, Normalise(preprocessing)
    network.preprocessing = preprocessing
