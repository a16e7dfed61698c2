"""Images that an attack is tried on, with the labels that are to survive: the truth where it is known."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.evaluation.inputs import opened
from vidi.evaluation.model import Model
from vidi.ops.fooling import logits_of
from vidi.verbs.evaluate import to_judge
from vidi.verbs.held_out import at_hand, held_out
from vidi.verbs.load import Loaded, load
from vidi.verbs.sample import turns
from vidi.verbs.written import said


@dataclass(frozen=True)
class Subjects:
    """Images at the network's size and the label of each; `truth` is false where it is only what the model says.

    `what` says in words which images these are, `errors` what could not be opened and why.
    """

    names: tuple[str, ...]
    images: UInt8[np.ndarray, "n s s 3"]
    label: Int[np.ndarray, " n"]
    truth: bool
    what: str
    errors: tuple[tuple[str, str], ...] = ()


def subjects(model: Model, images: Any, *, most: int, say: Say) -> Subjects:
    """At most `most` images: those given, or those that the run held out if none are.

    One folder or table whose labels the model knows is taken with its labels; what the run was trained on is left
    out. Of all other images the model's own answer is what is to survive. Raises UsageError where there is none.
    """
    if images is None:
        return _held_out(model, most, say)
    loaded = _labelled(model, images, say)
    if loaded is not None:
        return _of_data(model, loaded, most)
    return _loose(model, images, most)


def _labelled(model: Model, images: Any, say: Say) -> Loaded | None:
    """The data with labels that are meant, or None where these are just images."""
    one = images[0] if isinstance(images, list | tuple) and len(images) == 1 else images
    if not isinstance(one, str | os.PathLike) or not Path(one).exists():
        return None
    if Path(one).is_file() and Path(one).suffix.lower() not in (".csv", ".tsv", ".jsonl", ".parquet"):
        return None
    try:
        loaded = load(Path(one), fewest_labels=1, task=model.task.name, say=say)
    except UsageError:
        return None
    return loaded if set(loaded.dataset.labels) <= set(model.labels) else None


def _held_out(model: Model, most: int, say: Say) -> Subjects:
    if model.folder is None:
        raise UsageError(
            "images to attack were wanted; this model has no run folder that knows any: give some"
        )
    loaded = at_hand(RunFolder(model.folder), None, say)
    rows = held_out(RunFolder(model.folder), loaded.dataset).rows
    return _taken(model, loaded, loaded.dataset, rows, most, "held-out images")


def _of_data(model: Model, loaded: Loaded, most: int) -> Subjects:
    dataset = loaded.dataset
    rows, seen, _ = to_judge(dataset, model.folder)
    if not len(rows):
        raise UsageError(
            f"all {seen:,} images were in the model's training or validation split, where a robust accuracy says "
            "nothing; give other images"
        )
    left = f" ({seen:,} that the model has seen in training are left out)" if seen else ""
    return _taken(model, loaded, dataset, rows, most, f"images of {loaded.path}{left}")


def _taken(
    model: Model, loaded: Loaded, dataset: Dataset, rows: NDArray[np.int64], most: int, what: str
) -> Subjects:
    target, paths, hashes = (dataset.column(name) for name in ("target", "path", "hash"))
    of_hash = {str(hashes[row]): int(row) for row in rows}
    chosen = turns([(str(hashes[row]), str(target[row])) for row in rows], most)
    kept = np.asarray([of_hash[key] for key in chosen], np.int64)
    way = model.preprocessing
    pixels = np.asarray(loaded.pixels(kept, size_px=way.size_px, fit=way.fit))
    label = np.asarray([model.labels.index(str(target[row])) for row in kept], np.int64)
    told = f"{len(kept):,} of {len(rows):,} {what}" if len(kept) < len(rows) else f"{len(kept):,} {what}"
    return Subjects(tuple(str(paths[row]) for row in kept), pixels, label, True, told)


def _loose(model: Model, images: Any, most: int) -> Subjects:
    found, errors = [], list[tuple[str, str]]()
    for one in opened(images, model.preprocessing):
        if one.image is None:
            errors.append((one.name, one.error))
        else:
            found.append(one)
        if len(found) == most:
            break
    if not found:
        why = (
            f"none could be opened (the first, {errors[0][0]}: {errors[0][1]})"
            if errors
            else "none was found"
        )
        raise UsageError(
            f"images to attack were wanted in {said(images)}, and {why}; give image files or a folder"
        )
    pixels = np.stack([one.image for one in found if one.image is not None])
    label = logits_of(model.network, torch.from_numpy(pixels).permute(0, 3, 1, 2)).argmax(dim=1).numpy()
    many = (
        "one image; what the model says of it"
        if len(found) == 1
        else f"{len(found):,} images; what the model says of each"
    )
    what = f"{many} is taken as its label"
    return Subjects(tuple(one.name for one in found), pixels, label, False, what, tuple(errors))


def epsilons(text: str | int | float | Sequence[int | float], norm: str) -> tuple[float, ...]:
    """`2/255`, `0.01` or `1/255,2/255` in grey levels (0..255), ascending; one alone gets its half before it.

    Raises UsageError for what is no such size.
    """
    parts = (
        [text] if isinstance(text, int | float) else text.split(",") if isinstance(text, str) else list(text)
    )
    found = sorted({255 * _share(str(part).strip()) for part in parts})
    if norm == "linf" and found[-1] > 255:
        raise UsageError(
            f"--epsilon is a share of the range from black to white, as 2/255; got {text} (is "
            f"{found[-1] / 255:g}/255 meant?)"
        )
    return tuple(found) if len(found) > 1 or not found[0] else (found[0] / 2, found[0])


def _share(text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        value = float(above) / (float(below) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"--epsilon is the size of a change, 0 or more, as in 2/255 or 0.01; got {text!r}")
    return value
