"""A trained model: a network with its labels, preprocessing and calibration."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8

from vidi.core.network import Classifier, NetworkSpec, Preprocessing
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.core.task import Task
from vidi.evaluation import saved
from vidi.evaluation.engine import Engine, best_precision
from vidi.evaluation.features import feature_engine
from vidi.evaluation.inputs import Opened, opened
from vidi.evaluation.limits import Limits, read_limits


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image; `error` instead where it could not be opened.

    `unfamiliar`: unlike the images it was trained on (None where the model can't tell).
    """

    name: str
    prediction: str | None
    confidence: float | None
    probabilities: dict[str, float]
    error: str = ""
    unfamiliar: bool | None = None


@dataclass(frozen=True)
class Model:
    """Predicts labels of images. `temperature` divides the logits (Guo et al. 2017); 1 leaves them.

    `precision` is that of inference: `auto` is bf16 where the CPU multiplies it in hardware. `folder` is the run it
    came from, so that what it was trained on can be told from what it was not. `limits` say where its answers may be
    relied on; None where nobody measured that.
    """

    network: Classifier
    spec: NetworkSpec
    labels: tuple[str, ...]
    task: Task
    temperature: float = 1.0
    precision: str = "auto"
    about: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    limits: Limits | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        return self.network.preprocessing

    @cached_property
    def engine(self) -> Engine:
        """Images to features."""
        precision = best_precision() if self.precision == "auto" else self.precision
        return feature_engine(self.network, precision)

    def logits(
        self, images: UInt8[np.ndarray, "n s s 3"], say: Say | None = None
    ) -> Float32[np.ndarray, "n c"]:
        """Before temperature; `images` have the network's own size."""
        return self.from_features(self.engine(images, say))

    def from_features(self, features: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n c"]:
        """Logits in float32, a row at a time: what stands beside it in a batch can't change an image's answer."""
        with torch.inference_mode():
            rows = [self.network.head(row[None]).float() for row in torch.from_numpy(np.array(features))]
        return torch.cat(rows).numpy() if rows else np.zeros((0, len(self.labels)), np.float32)

    def probability(self, logits: Float32[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
        """Calibrated probabilities, in float64."""
        scaled = torch.from_numpy(logits).double() / self.temperature
        return np.asarray(self.task.probability(scaled).numpy())

    def distance(self, features: Float32[np.ndarray, "n d"]) -> Float[np.ndarray, " n"] | None:
        """How far each image is from those the model was trained on, 0 to 2; None where they are not kept."""
        known = self.limits.familiar if self.limits else None
        return known.distance(features) if known else None

    def predict(self, images: Any) -> list[Prediction]:
        """One prediction for each image; see `evaluation.inputs.expand` for what counts as images."""
        return list(self.stream(images))

    def stream(self, images: Any, *, block: int = 128, say: Say | None = None) -> Iterator[Prediction]:
        """The same one by one, with memory that does not grow with their number."""
        source, done = opened(images, self.preprocessing), 0
        while chunk := list(itertools.islice(source, block)):
            yield from self._answers(chunk)
            done += len(chunk)
            if say is not None:
                say.track("predict", done, 0)
        if say is not None:
            say.track("predict", done, done)

    def _answers(self, chunk: list[Opened]) -> Iterator[Prediction]:
        pixels = [item.image for item in chunk if item.image is not None]
        answers: Iterator[tuple[str, Float[np.ndarray, " c"], bool | None]] = iter(())
        if pixels:
            features = self.engine(np.stack(pixels))
            probability = self.probability(self.from_features(features))
            decoded = self.task.decode(probability, self.labels)
            answers = zip(decoded, probability, self._strange(features), strict=True)
        for item in chunk:
            if item.image is None:
                yield Prediction(item.name, None, None, {}, item.error)
            else:
                text, values, strange = next(answers)
                said = dict(zip(self.labels, values.tolist(), strict=True))
                yield Prediction(item.name, text, float(values.max()), said, unfamiliar=strange)

    def _strange(self, features: Float32[np.ndarray, "n d"]) -> list[bool | None]:
        distance = self.distance(features)
        if distance is None or self.limits is None or self.limits.familiar is None:
            return [None] * len(features)
        return [bool(far) for far in distance > self.limits.familiar.threshold]

    def save(self, folder: RunFolder) -> None:
        """`model.safetensors` and `model.json`."""
        saved.save(
            folder,
            self.network,
            {
                "task": self.task.name,
                "network": self.spec.record(),
                "labels": list(self.labels),
                "preprocessing": self.preprocessing.record(),
                "calibration": {"temperature": self.temperature},
                "limits": self.limits.record(folder.path) if self.limits else None,
                "precision": self.precision,
                **self.about,
            },
        )

    def with_temperature(self, temperature: float) -> "Model":
        """The same with another temperature; what is compiled stays so."""
        return self._with(temperature=temperature)

    def with_limits(self, limits: Limits | None) -> "Model":
        """The same with other limits; what is compiled stays so."""
        return self._with(limits=limits)

    def _with(self, **changes: Any) -> "Model":
        changed = replace(self, **changes)
        if "engine" in self.__dict__:
            changed.__dict__["engine"] = self.engine
        return changed


def load_model(path: Path, *, build: Callable[..., Classifier], task: Callable[[str], Task]) -> Model:
    """The model of a run folder; `build(name, **options)` makes its network, `task(name)` gives its task.

    Raises UsageError if a file is missing, changed, or from a newer version.
    """
    network, content = saved.restored(path, build=build, check=_refuse_nonsense)
    return Model(
        network=network,
        spec=NetworkSpec(**content["network"]),
        labels=tuple(content["labels"]),
        task=task(content["task"]),
        temperature=float(content["calibration"]["temperature"]),
        precision=content["precision"],
        folder=path,
        limits=read_limits(content.get("limits"), path),
    )


def _refuse_nonsense(content: Mapping[str, Any], path: Path) -> None:
    """Raises UsageError for values that no run writes; they would be answered with nonsense, or with a crash."""
    temperature = content["calibration"]["temperature"]
    saved.refuse_unless(
        isinstance(temperature, int | float) and 0 < temperature < float("inf"),
        "a temperature is above 0",
        path,
    )
