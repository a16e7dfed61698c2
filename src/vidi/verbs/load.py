"""From a path to a data set that was opened, checked for copies and split."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from vidi import catalog
from vidi.core.dataset import SPLITS, Dataset, Listing, ReadOptions, Remark
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.core.progress import Quiet, Say
from vidi.data import duplicates, ledger, split
from vidi.data.pixels import DatasetPixels
from vidi.data.scan import scan
from vidi.data.store import Cache
from vidi.evaluation.engine import best_precision
from vidi.evaluation.features import FeaturePass, compile_ahead, store_name, weights_key

SIZE_PX = 128


@dataclass(frozen=True)
class Loaded:
    """A split data set with its pixels and features at hand, and what the search for copies found."""

    dataset: Dataset
    cache: Cache
    pixels: DatasetPixels
    features: FeaturePass
    duplicates: duplicates.Duplicates
    path: Path | None = None  # where it was read from, and how: a stopped run reads it again
    read: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.dataset)

    def remarked(self, remarks: Sequence[Remark]) -> "Loaded":
        return replace(self, dataset=self.dataset.remarked(remarks))

    def __str__(self) -> str:
        """`photos: 397 images of 2 classes (train 214, validation 30, test 153), 1 remark`."""
        data = self.dataset
        parts = ", ".join(f"{name} {len(data.where(name)):,}" for name in SPLITS)
        remarks = f"{len(data.remarks):,} remark{'' if len(data.remarks) == 1 else 's'}"
        return f"{data.name}: {len(data):,} images of {len(data.labels):,} classes ({parts}), {remarks}"

    def __repr__(self) -> str:
        return f"<{self}>"


def list_examples(path: Path, options: ReadOptions, layout: str | None = None) -> Listing:
    """What the reader that recognises `path` best finds there, or the one of the `layout`'s name.

    Raises UsageError if none does, or if two that would read other targets are as sure.
    """
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; give a folder of images, a table, Parquet files or tar shards"
        )
    if layout is not None:
        name, _, part = layout.partition(":")
        reader = catalog.load("readers", catalog.load_name("readers", name))
        listing: Listing = reader.read(path, options=replace(options, part=part or None))
        return listing
    members = catalog.readers()
    sureness = [reader.recognise(path) for reader in members]
    best = max(range(len(members)), key=lambda place: sureness[place])
    refuse_doubt(path, members, sureness)
    if not sureness[best] > 0:  # the folder reader says best what is missing
        best = next(n for n, reader in enumerate(members) if reader.__name__.endswith(".folder"))
    found: Listing = members[best].read(path, options=options)
    return found


def refuse_doubt(path: Path, members: Sequence[ModuleType], sureness: Sequence[float]) -> None:
    """Raises UsageError where masks may hold classes or objects, and nothing else is likelier."""
    sure = {
        reader.__name__.rpartition(".")[2]: value for reader, value in zip(members, sureness, strict=True)
    }
    if max(sure.values()) == sure["masks"] and sure["masks"] - sure["instances"] < 0.05:
        raise UsageError(
            f"the masks in {path} may number classes or objects; say --layout masks (each number is a class) or "
            "--layout instances (each number is an object of its image)"
        )


@functools.lru_cache(maxsize=1)
def default_backbone(size_px: int = SIZE_PX) -> Classifier:
    """The embedded network, for features alone: one for all who ask, so nobody may train it."""
    backbone = catalog.network(catalog.DEFAULT_NETWORK, classes=2, size_px=size_px, pretrained=True)
    return backbone.eval().requires_grad_(False)


def load(
    path: str | Path,
    *,
    image: str | None = None,
    target: str | None = None,
    group: str | None = None,
    split_column: str | None = None,
    task: str | None = None,
    layout: str | None = None,
    licence: str | None = None,
    source: str | None = None,
    consent: str | None = None,
    size_px: int = SIZE_PX,
    similar: bool = False,
    seed: int = 0,
    fewest_labels: int = 2,
    with_withdrawn: bool = False,
    cache: Cache | None = None,
    say: Say | None = None,
) -> Loaded:
    """Read, open, look for copies, split. `group` names a column whose values stay on one side of the split.

    `layout` names the reader and, after a colon, a part of the paths of the annotations that are meant (`yolo:boxes`).
    `licence`, `source` and `consent` name the columns that say so (usual names are found). What was withdrawn is set
    aside, unless its own ledger asks `with_withdrawn`.

    With `similar` the search for near copies also looks at features of the embedded network. Everything that was
    set aside or noticed is in `dataset.remarks`. Raises UsageError with a sentence for input that can't be used.
    """
    say = say or Quiet()
    path = Path(path)
    if task is not None:
        catalog.load_name("tasks", task)
    cache = cache or Cache(say=say)
    options = ReadOptions(image=image, target=target, group=group, split=split_column)
    listing = list_examples(path, options, layout)
    rights = {"licence": licence, "source": source, "consent": consent}
    listing = replace(listing, columns={**listing.columns, **ledger.roles(listing.attributes, rights)})
    withdrawn = None if with_withdrawn else ledger.withdrawn(listing).why
    name = path.resolve().stem if path.is_file() else path.resolve().name
    if similar:
        begin_features(cache)
    dataset = scan(
        listing,
        name=name,
        cache=cache,
        size_px=size_px,
        task=task,
        group=group,
        fewest_labels=fewest_labels,
        withdrawn=withdrawn,
        say=say,
    )
    dataset = dataset.remarked(ledger.refused(dataset))
    loaded = prepared(dataset, cache=cache, similar=similar, seed=seed, say=say, divide=fewest_labels > 1)
    said = {
        "image": image,
        "target": target,
        "group": group,
        "split_column": split_column,
        "task": task,
        "layout": layout,
        **rights,
    }
    return replace(loaded, path=path, read={name: value for name, value in said.items() if value is not None})


def begin_features(cache: Cache) -> None:
    """Compile the embedded network while the files are read, if no features of it are kept: they will be wanted."""
    backbone = default_backbone()
    if not cache.store(store_name(backbone, weights_key(backbone), best_precision())).size_bytes:
        compile_ahead(backbone)


def prepared(
    dataset: Dataset, *, cache: Cache, similar: bool, seed: int, say: Say, divide: bool = True
) -> Loaded:
    """Copies found, then split (unless told not to)."""
    pixels = DatasetPixels(dataset, cache, say)
    features = FeaturePass(dataset, pixels, cache.store, say)
    everything = np.arange(len(dataset))
    near = None
    if similar:
        backbone = default_backbone()
        near = features(backbone, weights_key(backbone), everything)
    found = duplicates.find(dataset, features=near, thumbnails=pixels.thumbnails())
    dataset = dataset.remarked(found.remarks)
    if divide:
        dataset = split.split(dataset, cluster=found.cluster, seed=seed, group=dataset.group)
    return Loaded(
        dataset,
        cache,
        replace(pixels, dataset=dataset),
        FeaturePass(dataset, pixels, cache.store, say),
        found,
    )


def resplit(loaded: Loaded, dataset: Dataset) -> Loaded:
    """The same with another split."""
    return replace(
        loaded,
        dataset=dataset,
        pixels=replace(loaded.pixels, dataset=dataset),
        features=replace(loaded.features, dataset=dataset),
    )
