"""One pass of frozen features that pays for many things, kept by image content."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.core.job import Pixels
from vidi.core.network import Classifier, Features
from vidi.core.processes import main_first
from vidi.core.progress import Say
from vidi.evaluation.engine import Engine, best_precision, engine


@runtime_checkable
class Kept(Protocol):
    """Where arrays are kept by key (`data.store.Store`)."""

    def missing(self, keys: list[str]) -> NDArray[np.int64]: ...

    def put(self, keys: list[str], array: Float32[np.ndarray, "n d"]) -> None: ...

    def get(self, keys: list[str]) -> Float32[np.ndarray, "n d"]: ...


@dataclass(frozen=True)
class FeaturePass:
    """A `FeatureSource`: features of a dataset's rows by a frozen network, computed only where none are kept.

    `store(name)` gives the place for one network at one size and precision.
    """

    dataset: Dataset
    pixels: Pixels
    store: Callable[[str], Kept]
    say: Say

    def __call__(self, network: Classifier, key: str, rows: NDArray[np.int64]) -> Float32[np.ndarray, "n d"]:
        """(len(rows), width), in bf16 arithmetic where the CPU has it. `key` names the network's weights."""
        with main_first():  # of many processes one computes, the others read
            return self._kept(network, key, rows)

    def _kept(self, network: Classifier, key: str, rows: NDArray[np.int64]) -> Float32[np.ndarray, "n d"]:
        preprocessing, precision = network.preprocessing, best_precision()
        kept = self.store(store_name(network, key, precision))
        hashes = [str(value) for value in self.dataset.column("hash")[rows]]
        missing = kept.missing(hashes)
        if len(missing):
            images = self.pixels(rows[missing], size_px=preprocessing.size_px, fit=preprocessing.fit)
            run = feature_engine(network, precision)
            kept.put([hashes[place] for place in missing], run(images, self.say))
        return kept.get(hashes)


def store_name(network: Classifier, key: str, precision: str) -> str:
    """Where features by the network whose weights are named `key` are kept."""
    preprocessing = network.preprocessing
    return f"features-{key}-{preprocessing.size_px}-{preprocessing.fit}-{precision}"


_RECENT: OrderedDict[tuple[str, int, str], Engine] = OrderedDict()
RECENT = 2  # a run goes to and fro between the embedded backbone and its own network
_MAKING = Lock()


def feature_engine(network: Classifier, precision: str) -> Engine:
    """The engine of everything before the head; the last two stay compiled, told apart by their exact weights."""
    size_px = network.preprocessing.size_px
    key = (weights_key(network), size_px, precision)
    with _MAKING:
        if key not in _RECENT:
            _RECENT[key] = engine(Features(network), size_px=size_px, precision=precision)
        _RECENT.move_to_end(key)
        while len(_RECENT) > RECENT:
            _RECENT.popitem(last=False)
        return _RECENT[key]


def compile_ahead(network: Classifier) -> None:
    """Begin to make the engine of a network in a thread, so that files are read meanwhile.

    It takes a processor one to three seconds; `feature_engine` waits for what has begun.
    """
    Thread(target=feature_engine, args=(network, best_precision()), name="compile-ahead").start()


def weights_key(network: Classifier) -> str:
    """A name for a network's exact features: 16 hex digits of SHA-256 over normalisation, layers and weights' bytes."""
    preprocessing = network.preprocessing
    what = (preprocessing.mean, preprocessing.std, str(network.stages))
    digest = hashlib.sha256(repr(what).encode())
    for name, tensor in sorted(network.stages.state_dict().items()):
        digest.update(name.encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())  # as bytes: numpy has no bfloat16
    return digest.hexdigest()[:16]
