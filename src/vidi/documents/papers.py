"""Every paper of a run, written from its files."""

from collections.abc import Callable
from pathlib import Path

from vidi.core.files import atomic, write_json
from vidi.core.run_folder import RunFolder
from vidi.documents import croissant, datasheet, model_card, report
from vidi.documents.evidence import gather


def write(folder: RunFolder, *, thumbnail: Callable[[str], bytes | None]) -> list[Path]:
    """The paths of README.md, datasheet.md, report.html and croissant.json, all written anew.

    `thumbnail` gives a small JPEG, PNG or WebP for an example's id, or None. Raises UsageError if results.json
    or recipe.json is missing or damaged; then nothing is written.
    """
    evidence = gather(folder)
    texts = {
        "README.md": model_card.render(evidence),
        "datasheet.md": datasheet.render(evidence),
        "report.html": report.render(evidence, thumbnail=thumbnail),
    }
    described = croissant.describe(evidence)
    for name, content in texts.items():
        with atomic(folder.path / name, "w") as stream:
            stream.write(content)
    write_json(folder.path / "croissant.json", described)
    return [folder.path / name for name in (*texts, "croissant.json")]
