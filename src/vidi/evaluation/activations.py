"""What the first stages of a network make of images, kept in bf16 so that the rest can be trained on it."""

import time
from collections.abc import Callable, Iterator
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
from vidi.core.processes import main_first
from vidi.evaluation.engine import Engine, best_precision, engine

SHARE = 0.3  # of the time that is left, for keeping views
MOST_BYTES = 4 * 2**30  # of kept maps: they lie in the run folder while it trains
TIMED = 8  # images


class Early(nn.Module):
    """Normalise and the first stages, for the pass that is kept."""

    def __init__(self, network: Classifier, cut: int) -> None:
        super().__init__()
        self.normalise, self.stages = network.normalise, network.part(0, cut)

    def forward(self, image: Tensor) -> Tensor:
        output: Tensor = self.stages(self.normalise(image))
        return output


def early_engine(model: Classifier, cut: int) -> Engine:
    """The first `cut` stages, compiled once for every pass."""
    return engine(Early(model, cut), size_px=model.preprocessing.size_px, precision=best_precision())


def activations(job: Job, model: Classifier, run: Engine, rows: NDArray[np.int64]) -> Float[Tensor, "n ..."]:
    """What the first stages (`run`) make of the rows' images as they are, in bf16."""
    if not len(rows):
        return torch.zeros(0, 1)
    images = job.pixels(rows, size_px=model.preprocessing.size_px, fit=model.preprocessing.fit)
    return torch.from_numpy(run(images, job.say)).bfloat16()


def augmented_views(
    job: Job, model: Classifier, rows: NDArray[np.int64], *, scale: float
) -> Callable[[int], Iterator[np.ndarray]]:
    """Blocks of the rows' images for each view's number, zoomed, shifted and mirrored."""
    images = job.pixels(rows, size_px=model.preprocessing.size_px, fit=model.preprocessing.fit)
    return lambda view: _augmented(images, job.seed * 1000 + view, scale)


def keep_views(
    job: Job, run: Engine, blocks: Callable[[int], Iterator[np.ndarray]], *, total: int, views: int
) -> list[np.ndarray]:
    """Activations of up to `views` views of `total` images as the bits of bf16, memory-mapped in the folder.

    `blocks(view)` gives a view's images. Under a budget as many are kept as take `SHARE` of the time that is left, by
    how long the first one took; that is a decision of the run. A view that is complete from an earlier start of the
    same run is taken as it is.
    """
    folder = job.folder.path / "checkpoints"
    folder.mkdir(exist_ok=True)
    left, kept = job.budget.left, list[np.ndarray]()
    while len(kept) < views:
        began, path = time.monotonic(), folder / f"view-{len(kept)}.npy"
        with main_first():  # of many processes one writes, the others map the same file
            if not path.exists():
                partial = folder / f"view-{len(kept)}.partial.npy"
                _write_view(partial, blocks(len(kept)), run, total, job, f"view {len(kept) + 1}")
                partial.rename(path)
        kept.append(np.load(path, mmap_mode="r", allow_pickle=False))
        if len(kept) == 1:
            seconds = max(time.monotonic() - began, 1e-3)
            views = int(job.folder.decide("views", partial_views(views, SHARE * left / seconds)))
    return kept


def keep_maps(
    job: Job,
    early: nn.Module,
    blocks: Callable[[int], Iterator[np.ndarray]],
    *,
    size_px: int,
    total: int,
    views: int,
) -> list[np.ndarray]:
    """As `keep_views`, of a module whose output is one row an image; none where even one view would take more than
    `SHARE` of the time that is left or `MOST_BYTES` of the disk. How many is a decision of the run."""
    run = engine(early, size_px=size_px, precision=best_precision())

    def fitting() -> int:
        few = next(blocks(0))[:TIMED]
        run(few[:1])
        began = time.monotonic()
        width = run(few).shape[1]
        seconds = (time.monotonic() - began) / len(few) * total
        return min(views, MOST_BYTES // (2 * total * width)) if seconds < SHARE * job.budget.left else 0

    wanted = int(job.folder.decide("held_views", fitting))
    return keep_views(job, run, blocks, total=total, views=wanted) if wanted else []


def partial_views(wanted: int, fitting: float) -> Callable[[], int]:
    """At least one view, at most what is wanted or what fits."""
    return lambda: max(1, min(wanted, int(min(fitting, wanted))))


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
    path: Path, blocks: Iterator[np.ndarray], run: Engine, total: int, job: Job, what: str
) -> None:
    out, done = None, 0
    for block in blocks:
        bits = torch.from_numpy(run(block)).bfloat16().view(torch.int16).numpy()
        if out is None:
            out = np.lib.format.open_memmap(path, "w+", np.int16, (total, *bits.shape[1:]))
        out[done : done + len(bits)] = bits
        done += len(bits)
        job.say.track(what, done, total)
    if out is not None:
        out.flush()
