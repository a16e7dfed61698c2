"""What an author says of a run or of checked data: asked, kept, and the papers written anew with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder
from vidi.documents import answers, datasheet, model_card, papers
from vidi.documents.evidence import Evidence, gather, is_check
from vidi.documents.questions import PAPERS, every

PAPER_FILES = (answers.FILE, *papers.TEXTS, papers.PAGE)


@dataclass(frozen=True)
class Edited:
    """The folder, the answers it keeps now, what was written, and how many questions are still open in each paper."""

    folder: Path
    answers: Mapping[str, str]
    written: tuple[Path, ...]
    open: Mapping[str, int]

    def record(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "answers": dict(self.answers),
            "written": [path.name for path in self.written],
            "open": dict(self.open),
        }


def questions(folder: str | Path) -> str:
    """A YAML file to fill in: every question with its key and why it is asked, and what was answered already."""
    home = opened(Path(folder))
    evidence = gather(home)
    return answers.template(evidence.folder.name, evidence.answers, asked_in(home))


def edit_card(
    folder: str | Path, given: str | Path | Mapping[str, str], *, overwrite: bool = False
) -> Edited:
    """Keep answers (a YAML file, or keys with texts) in the folder and write its papers anew.

    An empty answer opens its question again; what is not named stays. With `overwrite` papers that somebody edited by
    hand are written anew too. Raises UsageError for unknown keys, and where the folder is not as it was written.
    """
    home = opened(Path(folder))
    known = {key: each for paper in asked_in(home) for key, each in every(paper).items()}
    if isinstance(given, str | Path):
        said = answers.read(Path(given), known)
    else:
        said = {key: answers.checked(key, str(text), known) for key, text in given.items()}
    untouched(home, overwrite=overwrite)
    answers.write(home.path, answers.merged(answers.of_folder(home.path), said))
    return rewritten(home)


def refresh(folder: str | Path, *, overwrite: bool = False) -> Edited:
    """The papers written anew from what the folder holds now: after an audit was added, for instance."""
    home = opened(Path(folder))
    untouched(home, overwrite=overwrite)
    return rewritten(home)


def opened(path: Path) -> RunFolder:
    """A finished run, or a folder that `vidi check --out` wrote; UsageError for anything else."""
    home = RunFolder(path)
    if not ((path / "results.json").exists() and is_check(home)):
        home = RunFolder.open(path)
    if not home.sealed:
        raise UsageError(
            f"{path} is not finished, so it has no papers yet; go on with vidi train --resume {path}"
        )
    return home


def asked_in(home: RunFolder) -> tuple[str, ...]:
    """Which papers the folder has: there is no model card of a data set."""
    return tuple(paper for paper in PAPERS if paper != "card" or not is_check(home))


def untouched(home: RunFolder, *, overwrite: bool) -> None:
    """Raises UsageError where sealed files have changed: new checksums would vouch for them."""
    changed = home.changed()
    measured = [name for name in changed if name not in PAPER_FILES]
    if measured:
        raise UsageError(
            f"{home.path / measured[0]}: {changed[measured[0]]}; papers are not written from what was changed: restore "
            "it or train again"
        )
    if changed and not overwrite:
        raise UsageError(
            f"{', '.join(changed)} in {home.path} was changed by hand, and would be lost: put your words into answers "
            "(vidi card questions), then say --overwrite"
        )


def rewritten(home: RunFolder) -> Edited:
    """The papers and their checksums."""
    written = papers.rewrite(home)
    evidence = gather(home)
    kept = [home.path / answers.FILE] if (home.path / answers.FILE).exists() else []
    home.reseal(path.name for path in (*kept, *written))
    return Edited(home.path, evidence.answers, (*kept, *written), still_open(evidence))


def still_open(evidence: Evidence) -> dict[str, int]:
    """How many questions of each paper nobody answered."""
    card = {"model card": len(model_card.still_open(evidence))} if evidence.trained else {}
    return card | {"datasheet": len(datasheet.still_open(evidence))}
