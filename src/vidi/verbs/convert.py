"""The same data in another layout, and what that layout cannot hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.core.annotations import COLUMN
from vidi.core.dataset import Dataset, ReadOptions, Remark
from vidi.core.errors import UsageError
from vidi.core.files import cannot_write
from vidi.core.progress import Quiet, Say
from vidi.data import ledger
from vidi.data.scan import scan
from vidi.verbs.load import list_examples


@dataclass(frozen=True)
class Converted:
    """Where it was written, how many images and objects, what was noticed on reading, and what was lost on writing."""

    folder: Path
    source: str
    to: str
    images: int
    objects: int
    lost: Mapping[str, int]
    remarks: tuple[Remark, ...]

    def record(self) -> dict[str, Any]:
        noticed: dict[str, int] = {}
        for remark in self.remarks:
            noticed[remark.kind] = noticed.get(remark.kind, 0) + 1
        return {
            "folder": str(self.folder),
            "from": self.source,
            "to": self.to,
            "images": self.images,
            "objects": self.objects,
            "lost": dict(self.lost),
            "noticed": noticed,
        }


def convert(
    path: str | Path,
    out: str | Path | None = None,
    *,
    to: str,
    layout: str | None = None,
    image: str | None = None,
    target: str | None = None,
    split_column: str | None = None,
    task: str | None = None,
    say: Say | None = None,
) -> Converted:
    """Read the data, open every image once, and write it in the layout `to` (`vidi list writers`) into a new folder.

    Images are copied to the byte, splits are those that came with the data, and what was withdrawn stays out. `out` is
    by default `NAME-TO` in the working folder. Raises UsageError if it holds something, or if the layout holds none of
    this.
    """
    path, say = Path(path), say or Quiet()
    writer = catalog.load("writers", catalog.load_name("writers", to))
    options = ReadOptions(image=image, target=target, split=split_column)
    listing = list_examples(path, options, layout)
    name = path.resolve().stem if path.is_file() else path.resolve().name
    folder = new_folder(Path(out) if out is not None else Path(f"{name}-{to}"), path)
    dataset = scan(
        listing, name=name, task=task, fewest_labels=1, withdrawn=ledger.withdrawn(listing).why, say=say
    )
    lost = writer.write(dataset, folder, say=say).counts
    return Converted(folder, listing.layout, to, len(dataset), objects(dataset), lost, dataset.remarks)


def objects(dataset: Dataset) -> int:
    """How many objects are drawn."""
    if dataset.scheme is None:
        return 0
    return sum(len(each["objects"]) for each in dataset.table.column(COLUMN))


def new_folder(out: Path, source: Path) -> Path:
    """The folder to write to; raises UsageError if something is in it, or if it lies in the source."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--out wants a new folder; {out} is there already")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"--out wants a folder outside of the data; {out} is in {source}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    return out
