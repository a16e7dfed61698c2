"""A folder for each class, below one for each split; metadata.csv where there is more to say."""

import csv
import io
from pathlib import Path

from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.data.exporting import Lost, own_attributes, placed, write_bytes, write_text

CARD = Card(
    title="Folder per class",
    idea="Each image in the folder of its class, below one of its split; metadata.csv holds what else is known.",
    differs="Images with several labels lie together, and metadata.csv has their labels.",
)


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`; raises UsageError if something is drawn on its images."""
    if dataset.scheme is not None:
        raise UsageError(
            f"a folder for each class holds one label for each image; {dataset.name} has drawings: convert it to "
            "coco, voc, yolo, masks or parquet"
        )
    targets, given = dataset.column("target").tolist(), own_attributes(dataset)
    rows = []
    for place in placed(dataset, say):
        folder = "" if dataset.several else folder_name(targets[place.row])
        path = "/".join(part for part in (place.split, folder, place.name) if part)
        write_bytes(out / path, place.content)
        rows.append({"file_name": path, "label": targets[place.row], **given[place.row]})
    if dataset.several or dataset.attributes or any(folder_name(target) != target for target in targets):
        stream = io.StringIO()
        table = csv.DictWriter(stream, ["file_name", "label", *dataset.attributes], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_text(out / "metadata.csv", stream.getvalue())
    return Lost()


def folder_name(label: str) -> str:
    """The label as a folder's name: nothing that a path or a disk would take for something else."""
    name = "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in label)
    return name.strip(". ") or "_"
