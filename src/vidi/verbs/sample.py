"""Some images that a run held out, for what is to be checked on a model: from the cache, else from the data."""

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import UInt8
from numpy.typing import NDArray

from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.data.pixels import pixels_store
from vidi.data.store import Cache
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.model import Model
from vidi.verbs.held_out import at_hand

MOST = 64
MOST_FOUND = 24  # where answers lie on the images: those networks are slow, and their images large


@dataclass(frozen=True)
class Sample:
    """Images at the network's size, and a sentence that says which they are."""

    images: UInt8[np.ndarray, "n s s 3"]
    what: str


def most_of(model: Model | DenseModel) -> int:
    """How many images are asked about to check something on this model."""
    return MOST if isinstance(model, Model) else MOST_FOUND


def held_out_sample(model: Model | DenseModel, say: Say, *, most: int | None = None) -> Sample | None:
    """Images of the test split (else validation, else train), the labels taking turns; None if they are gone.

    Which they are depends on their content alone; at most `most` (default: `most_of`).
    """
    if model.folder is None or not (model.folder / "splits.parquet").exists():
        return None
    folder = RunFolder(model.folder)
    folder.check("splits.parquet")
    table = pq.read_table(folder.path / "splits.parquet", columns=["hash", "target", "split"])
    rows = table.to_pylist()
    split = next(
        (name for name in ("test", "validation", "train") if any(r["split"] == name for r in rows)), ""
    )
    entries = [(str(row["hash"]), str(row["target"])) for row in rows if row["split"] == split]
    chosen = turns(entries, most_of(model) if most is None else most)
    images = from_cache(model, chosen)
    if images is None:
        images = from_data(model, folder, chosen, say)
    if images is None or not len(images):
        return None
    return Sample(images, f"{len(images)} images of the {split} split")


def turns(entries: list[tuple[str, str]], most: int) -> list[str]:
    """The keys of (key, label) pairs, one of each label after the other, in the keys' order."""
    of_label: dict[str, list[str]] = {}
    for key, label in sorted(set(entries)):
        of_label.setdefault(label, []).append(key)
    queues, found = [of_label[label] for label in sorted(of_label)], list[str]()
    for place in range(max(map(len, queues), default=0)):
        found += [queue[place] for queue in queues if place < len(queue)]
    return list(dict.fromkeys(found))[:most]


def from_cache(model: Model | DenseModel, hashes: list[str]) -> UInt8[np.ndarray, "n s s 3"] | None:
    """The images at the network's size, if all are still kept."""
    way = model.preprocessing
    store = Cache().store(pixels_store(way.size_px, way.fit))
    if not hashes or len(store.missing(hashes)):
        return None
    return np.array(store.get(hashes))


def from_data(
    model: Model | DenseModel, folder: RunFolder, hashes: list[str], say: Say
) -> UInt8[np.ndarray, "n s s 3"] | None:
    """The same from where the run found them; None if nothing is there any more."""
    try:
        loaded = at_hand(folder, None, say)
    except UsageError as error:
        say(f"the images that the run held out can't be read ({error})")
        return None
    place = {str(key): row for row, key in enumerate(loaded.dataset.column("hash").tolist())}
    rows: NDArray[np.int64] = np.asarray([place[key] for key in hashes if key in place], np.int64)
    way = model.preprocessing
    return np.asarray(loaded.pixels(rows, size_px=way.size_px, fit=way.fit)) if len(rows) else None
