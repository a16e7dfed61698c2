"""What an audit leaves behind: audit.json, its page, and a run's papers that tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.audits.groups import GroupAudit
from vidi.core.answers import Answers
from vidi.core.errors import UsageError
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.documents import audit_page
from vidi.verbs.answered import Found
from vidi.verbs.card import refresh
from vidi.verbs.demands import CLASS, Judged


@dataclass(frozen=True)
class Audit:
    """Where it was written (None: nowhere), every number, every demand with its verdict."""

    folder: Path | None
    results: Mapping[str, Any]
    judged: tuple[Judged, ...]

    @property
    def verdict(self) -> Verdict:
        found = {each.verdict for each in self.judged}
        worst = (Verdict.FAILS, Verdict.CANNOT_TELL)
        return next((verdict for verdict in worst if verdict in found), Verdict.STANDS)


def described(
    found: Found,
    audits: Sequence[GroupAudit],
    overall: Sequence[Measured],
    judged: Sequence[Judged],
    sentences: Sequence[str],
) -> dict[str, Any]:
    """What audit.json always holds; what else was asked is put beside it."""
    answers = found.answers
    return {
        "of": answers.where,
        "n": len(answers),
        "labels": list(answers.labels),
        "by": [name for each in audits for name in each.by],
        "positive": next((each.positive for each in audits if each.by != (CLASS,)), None),
        "claims": [each.record() for each in judged],
        "measured": [m.record() for m in overall],
        "groups": [m.record() for each in audits for m in each.measured],
        "small": [[name, n] for each in audits for name, n in each.small],
        "smallest": max((each.smallest for each in audits), default=0),
        "sentences": [
            *found.sentences,
            *thresholded(answers),
            *(said for each in audits for said in each.sentences),
            *sentences,
        ],
        "remarks": [vars(remark) for remark in found.remarks],
    }


def thresholded(answers: Answers) -> list[str]:
    """Says so where the answers are not the most probable labels: then somebody chose a threshold."""
    if answers.probability is None:
        return []
    other = int((answers.probability.argmax(axis=1) != answers.prediction).sum())
    if not other:
        return []
    said = (
        f"{other:,} answers are not the most probable label; groups are told by the answers, the overall numbers by "
        "the probabilities"
    )
    return [said]


def written(
    content: dict[str, Any],
    home: Path | None,
    out: Path | None,
    subject: Path,
    pictures: Mapping[str, bytes] | None = None,
) -> Path | None:
    """A folder with audit.json and its page, in the run or where asked for."""
    parent = out if out is not None else home / "audits" if home is not None else None
    if parent is None:
        return None
    folder = RunFolder.create(parent, Path(content["of"]).stem or subject.stem)
    folder.write("audit.json", "audit", content)
    audit_page.write(folder.path, content, pictures)
    folder.seal()
    return folder.path


def retold(run: Path, say: Say) -> None:
    """The run's papers written anew, so that they tell the audit; left as they are where somebody changed a file."""
    if not RunFolder(run).sealed:
        return
    try:
        refresh(run)
    except UsageError as error:
        say(f"the card does not tell of this audit: {error}")
