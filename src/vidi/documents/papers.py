"""Every paper of a run or of a checked data set, written from its files."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path

from vidi.core.dataset import Dataset
from vidi.core.files import atomic, write_json
from vidi.core.run_folder import RunFolder
from vidi.documents import check_page, croissant, datasheet, model_card, report
from vidi.documents.evidence import Evidence, gather

TITLES = {"README.md": "Model card", "datasheet.md": "Datasheet"}  # read on the page, each in a tab
TEXTS = ("README.md", "datasheet.md", "croissant.json")
PAGE = "report.html"


def write(folder: RunFolder, *, thumbnail: Callable[[str], bytes | None]) -> list[Path]:
    """The paths of README.md (of a run), datasheet.md, report.html and croissant.json, all written anew.

    `thumbnail` gives a small JPEG, PNG or WebP for an example's id, or None. Raises UsageError if results.json
    or recipe.json is missing or damaged; then nothing is written.
    """
    evidence = gather(folder)
    told = texts(evidence)
    read = {TITLES[name]: content for name, content in told.items()}
    made = report if evidence.trained else check_page
    page = made.render(evidence, thumbnail=thumbnail, papers=read)
    written = write_texts(evidence, told)
    with atomic(folder.path / PAGE, "w") as stream:
        stream.write(page)
    return [*written, folder.path / PAGE]


def rewrite(folder: RunFolder) -> list[Path]:
    """The same without the data at hand: the page's pictures are taken over from the page that is there."""
    page = folder.path / PAGE
    if not page.exists():
        return write_texts(gather(folder))
    return write(folder, thumbnail=pictures_of(page.read_text(encoding="utf-8")).get)


def pictures_of(page: str) -> dict[str, bytes]:
    """The pictures inside a page, by the example that each is of."""
    found = _Pictures()
    found.feed(page)
    return found.pictures


class _Pictures(HTMLParser):
    """Every `<img data-example="ID" src="data:image/…;base64,…">`."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, bytes] = {}

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, source = given.get("data-example"), given.get("src") or ""
        if tag != "img" or not name or not source.startswith("data:image/"):
            return
        try:
            self.pictures[name] = base64.b64decode(source.partition(",")[2], validate=True)
        except binascii.Error:
            return


def texts(evidence: Evidence) -> dict[str, str]:
    """The card and the datasheet as Markdown, by file name: of a data set without a model there is no card."""
    card = {"README.md": model_card.render(evidence)} if evidence.trained else {}
    return card | {"datasheet.md": datasheet.render(evidence)}


def write_texts(evidence: Evidence, told: Mapping[str, str] | None = None) -> list[Path]:
    """The paths of the papers that need no picture, written anew; `told` are `texts` where they are made already."""
    described = croissant.describe(evidence)
    written = texts(evidence) if told is None else told
    for name, content in written.items():
        with atomic(evidence.folder / name, "w") as stream:
            stream.write(content)
    write_json(evidence.folder / "croissant.json", described)
    return [evidence.folder / name for name in (*written, "croissant.json")]


def no_picture(key: str) -> bytes | None:
    return None


def write_for_data(
    folder: RunFolder, dataset: Dataset, *, thumbnail: Callable[[str], bytes | None] | None = None
) -> list[Path]:
    """The paths of splits.parquet and the papers of a data set that was checked without a model.

    What was found stands in the folder's results.json already, as `vidi/check/1`: what `verbs.assess.described` says,
    and beside it what each check found. The folder is not sealed here. Raises UsageError if results.json is missing.
    """
    import pyarrow.parquet as pq

    with atomic(folder.path / "splits.parquet") as stream:
        pq.write_table(dataset.split_table(), stream)
    return [folder.path / "splits.parquet", *write(folder, thumbnail=thumbnail or no_picture)]
