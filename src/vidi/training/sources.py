"""Batches of augmented images for training."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.job import Job

Augment = Callable[..., tuple[Tensor, Tensor]]  # (image uint8, target, generator=…) -> the same


def image_source(
    job: Job, rows: NDArray[np.int64], *, size_px: int, fit: str, augmentations: Sequence[Augment]
) -> Callable[[NDArray[np.int64], torch.Generator], tuple[Tensor, Tensor]]:
    """A source of `rows`' images: gathered, augmented one after another, still uint8 in channels-last layout.

    Raises UsageError at once if an augmentation cannot honour its options.
    """
    try_out(augmentations)
    images: UInt8[np.ndarray, "n s s 3"] = job.pixels(rows, size_px=size_px, fit=fit)
    target: Float[Tensor, "n c"] = torch.from_numpy(job.target(rows))
    place = np.full(len(job.dataset), -1)
    place[rows] = np.arange(len(rows))

    def source(rows: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        number = place[rows]
        image = torch.from_numpy(images[number]).permute(0, 3, 1, 2)
        wanted = target[number]
        for augment in augmentations:
            image, wanted = augment(image, wanted, generator=generator)
        return image, wanted

    return source


def try_out(augmentations: Sequence[Augment]) -> None:
    """Raises UsageError if one refuses its options: they come from the user, and training starts much later."""
    image, target = torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.eye(2)
    for augment in augmentations:
        try:
            augment(image, target, generator=seeded())
        except ValueError as error:
            raise UsageError(str(error)) from error


def at_once(
    job: Job, rows: NDArray[np.int64], *, size_px: int, fit: str
) -> tuple[UInt8[Tensor, "n 3 s s"], Float[np.ndarray, "n c"]]:
    """All of the rows' images and targets at once: for validation on small sets."""
    images = torch.from_numpy(np.array(job.pixels(rows, size_px=size_px, fit=fit))).permute(0, 3, 1, 2)
    return images, job.target(rows)
