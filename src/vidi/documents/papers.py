"""Every paper of a run or of a checked data set, written from its files."""

from collections.abc import Callable
from pathlib import Path

from vidi.core.dataset import Dataset
from vidi.core.files import atomic, write_json
from vidi.core.run_folder import RunFolder
from vidi.documents import croissant, datasheet, model_card, report
from vidi.documents.evidence import Evidence, gather

TEXTS = ("README.md", "datasheet.md", "croissant.json")


def write(folder: RunFolder, *, thumbnail: Callable[[str], bytes | None]) -> list[Path]:
    """The paths of README.md, datasheet.md, report.html and croissant.json, all written anew.

    `thumbnail` gives a small JPEG, PNG or WebP for an example's id, or None. Raises UsageError if results.json
    or recipe.json is missing or damaged; then nothing is written.
    """
    evidence = gather(folder)
    page = report.render(evidence, thumbnail=thumbnail)
    written = write_texts(evidence)
    with atomic(folder.path / "report.html", "w") as stream:
        stream.write(page)
    return [*written, folder.path / "report.html"]


def write_texts(evidence: Evidence) -> list[Path]:
    """The paths of the papers that need no picture, written anew: of a data set without a model there is no card."""
    described = croissant.describe(evidence)
    texts = {"README.md": model_card.render(evidence)} if evidence.trained else {}
    texts["datasheet.md"] = datasheet.render(evidence)
    for name, content in texts.items():
        with atomic(evidence.folder / name, "w") as stream:
            stream.write(content)
    write_json(evidence.folder / "croissant.json", described)
    return [evidence.folder / name for name in (*texts, "croissant.json")]


def write_for_data(folder: RunFolder, dataset: Dataset) -> list[Path]:
    """The paths of splits.parquet, datasheet.md and croissant.json of a data set that was checked without a model.

    What was found stands in the folder's results.json already, as `vidi/check/1`: what `verbs.assess.described` says,
    and beside it what each check found. The folder is not sealed here. Raises UsageError if results.json is missing.
    """
    import pyarrow.parquet as pq

    with atomic(folder.path / "splits.parquet") as stream:
        pq.write_table(dataset.split_table(), stream)
    return [folder.path / "splits.parquet", *write_texts(gather(folder))]
