"""Parquet: images, labels, metadata and what is drawn in one file for each split; masks in files beside them."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidi.core.annotations import COLUMN, to_arrow
from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.progress import Say
from vidi.data.decode import read_bytes
from vidi.data.exporting import FOLDERS, Lost, Placed, placed, write_bytes

CARD = Card(
    title="Parquet",
    idea="Rows with the image's bytes, its label, its metadata and what is drawn on it, in a file for each split.",
    differs="Files of masks lie in masks/ beside them.",
)
SHARD = 2000  # rows to a file: so many images are held at once


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`. Nothing is lost."""
    waiting: dict[str | None, list[Placed]] = {}
    count: dict[str | None, int] = {}
    for place in placed(dataset, say):
        part = waiting.setdefault(place.split, [])
        part.append(place)
        if len(part) == SHARD:
            shard(dataset, out, waiting.pop(place.split), count)
    for split in (*FOLDERS.values(), None):
        if waiting.get(split):
            shard(dataset, out, waiting[split], count)
    return Lost()


def shard(dataset: Dataset, out: Path, places: list[Placed], count: dict[str | None, int]) -> None:
    """One file."""
    split = places[0].split
    number = count[split] = count.get(split, -1) + 1
    rows = pa.array([place.row for place in places])
    table = pa.table(
        {
            "image": pa.array(
                [{"bytes": place.content, "path": place.name} for place in places],
                pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
            ),
            "label": dataset.table.column("target").take(rows),
            **{name: dataset.table.column(name).take(rows) for name in dataset.attributes},
        }
    )
    if dataset.scheme is not None:
        annotations = []
        for place in places:
            annotation = dataset.annotation(place.row)
            moved = {name: f"masks/{name}" for name in files_of(annotation)}
            for name, there in moved.items():
                write_bytes(out / there, read_bytes(dataset.root, name))
            objects = tuple(replace(each, file=moved.get(each.file or "")) for each in annotation.objects)
            digest = dataset.table.column(COLUMN)[place.row]["digest"].as_py()
            moved_mask = moved.get(annotation.mask or "")
            annotations.append(replace(annotation, objects=objects, mask=moved_mask, content=digest))
        told: dict[str, Any] = asdict(dataset.scheme)
        table = table.append_column(COLUMN, to_arrow(annotations))
        table = table.replace_schema_metadata({"vidi": json.dumps({"scheme": told}, default=str)})
    name = f"{split or 'data'}-{number:05d}.parquet"
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=200)
    write_bytes(out / name, sink.getvalue().to_pybytes())


def files_of(annotation: Any) -> list[str]:
    """The files of masks that an annotation names."""
    names = [each.file for each in annotation.objects] + [annotation.mask]
    return list(dict.fromkeys(name for name in names if name))
