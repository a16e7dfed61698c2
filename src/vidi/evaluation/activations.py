"""What the first stages of a network make of images, kept in bf16 so that the rest can be trained on it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.augment import flip_crop
from vidi.core.device import seeded
from vidi.core.job import Job
from vidi.core.network import Classifier
from vidi.evaluation.engine import Engine, best_precision, engine


class Early(nn.Module):
    """Normalise and the first stages, for the pass that is kept."""

    def __init__(self, network: Classifier, cut: int) -> None:
        super().__init__()
        self.normalise, self.stages = network.normalise, network.part(0, cut)

    def forward(self, image: Tensor) -> Tensor:
        output: Tensor = self.stages(self.normalise(image))
        return output


def activations(job: Job, model: Classifier, cut: int, rows: NDArray[np.int64]) -> Float[Tensor, "n ..."]:
    """What the first stages make of the rows' images as they are, in bf16."""
    size = model.preprocessing.size_px
    if not len(rows):
        return torch.zeros(0, 1)
    run = engine(Early(model, cut), size_px=size, precision=best_precision())
    images = job.pixels(rows, size_px=size, fit=model.preprocessing.fit)
    return torch.from_numpy(run(images, job.say)).bfloat16()


def keep_views(
    job: Job, model: Classifier, cut: int, rows: NDArray[np.int64], *, views: int, scale: float
) -> list[np.ndarray]:
    """Activations of `views` augmented copies of every row as the bits of bf16, memory-mapped in the run folder.

    A view that is complete from an earlier start of the same run is taken as it is.
    """
    size = model.preprocessing.size_px
    run = engine(Early(model, cut), size_px=size, precision=best_precision())
    images = job.pixels(rows, size_px=size, fit=model.preprocessing.fit)
    folder = job.folder.path / "checkpoints"
    folder.mkdir(exist_ok=True)
    kept = []
    for view in range(views):
        path = folder / f"view-{view}.npy"
        if not path.exists():
            partial = folder / f"view-{view}.partial.npy"
            _write_view(
                partial, _augmented(images, job.seed * 1000 + view, scale), run, len(images), job, view, views
            )
            partial.rename(path)
        kept.append(np.load(path, mmap_mode="r", allow_pickle=False))
    return kept


def _augmented(images: np.ndarray, seed: int, scale: float, block: int = 256) -> Iterator[np.ndarray]:
    """Blocks of images, zoomed, shifted and mirrored."""
    generator = seeded(seed)
    for start in range(0, len(images), block):
        batch = torch.from_numpy(np.array(images[start : start + block])).permute(0, 3, 1, 2)
        changed, _ = flip_crop.augment(
            batch, torch.zeros(len(batch), 1), flip=0.5, shift=0.0625, scale=scale, generator=generator
        )
        yield changed.permute(0, 2, 3, 1).contiguous().numpy()


def _write_view(
    path: Path, blocks: Iterator[np.ndarray], run: Engine, total: int, job: Job, view: int, views: int
) -> None:
    out, done = None, 0
    for block in blocks:
        bits = torch.from_numpy(run(block)).bfloat16().view(torch.int16).numpy()
        if out is None:
            out = np.lib.format.open_memmap(path, "w+", np.int16, (total, *bits.shape[1:]))
        out[done : done + len(bits)] = bits
        done += len(bits)
        job.say.track("keep views", view * total + done, views * total)
    if out is not None:
        out.flush()
