"""A model judged group by group, claim by claim: from a run, or from anybody's table of predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vidi import catalog
from vidi.audits.groups import SMALLEST, GroupAudit
from vidi.audits.groups import audit as audit_groups
from vidi.core.answers import Answers
from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Quiet, Say
from vidi.core.requirement import Requirement, known, parse
from vidi.core.run_folder import RunFolder
from vidi.core.scores import Scores
from vidi.data.predictions import read_own_predictions, read_predictions
from vidi.documents import audit_page
from vidi.evaluation.score import measure
from vidi.verbs.card import refresh
from vidi.verbs.evaluate import evaluate
from vidi.verbs.load import Loaded, load
from vidi.verbs.under import pictures, under

ALIASES = {
    "ece": "calibration error",
    "tpr": "true positive rate",
    "fpr": "false positive rate",
    "ppv": "positive predictive value",
    "recall by class": "recall",
}
CLASS = "class"  # the true label, as an attribute: accuracy among a class's examples is its recall


@dataclass(frozen=True)
class Judged:
    """A demand, the number it was held against, and what came of it."""

    requirement: Requirement
    measured: Measured
    verdict: Verdict

    def record(self) -> dict[str, Any]:
        return {
            "requirement": str(self.requirement),
            "verdict": str(self.verdict),
            "measured": self.measured.record(),
        }


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


def audit(
    subject: str | Path,
    data: str | Path | None = None,
    *,
    by: Sequence[str] = (),
    require: Sequence[str] = (),
    truth: str | None = None,
    predicted: str | None = None,
    group: str | None = None,
    positive: str | None = None,
    smallest: int = SMALLEST,
    out: str | Path | None = None,
    seed: int = 0,
    say: Say | None = None,
    read: Mapping[str, Any] | None = None,
) -> Audit:
    """Every group of the attributes `by` and of those that demands name; each demand with its verdict.

    `subject` is a run folder (judged on `data`, or on the held-out split it predicted already) or a table of
    predictions. A run's audit is written to `audits/` in it; a table's to `out`, if given. Raises UsageError with a
    sentence for what can't be used.
    """
    demands = [parse(text) for text in require]
    say = say or Quiet()
    found = answered(
        Path(subject), data, truth=truth, predicted=predicted, group=group, seed=seed, say=say, read=read
    )
    answers = found.answers
    named = [name for demand in demands for name in demand.arguments if demand.function not in ("", "under")]
    wanted = list(dict.fromkeys([*by, *(name for name in named if name != CLASS)]))
    classes = {CLASS: np.asarray([answers.labels[label] for label in answers.truth], dtype=object)}
    with_class = replace(answers, attributes={**classes, **answers.attributes})
    audits = (
        [audit_groups(answers, by=wanted, positive=positive, smallest=smallest, seed=seed)] if wanted else []
    )
    if CLASS in named and CLASS not in answers.attributes:
        by_class = audit_groups(with_class, by=[CLASS], positive=None, smallest=1, seed=seed)
        audits.append(recalls(by_class))
    overall = measured_overall(answers, seed) if not (wanted and answers.probability is None) else []
    corrupted = under_corruptions(found, demands, Path(subject), seed, say)
    numbers = [*overall, *corrupted, *(number for each in audits for number in each.measured)]
    judged = tuple(judge(demand, numbers, with_class, found.home or Path(subject)) for demand in demands)
    content = described(answers, audits, [*overall, *corrupted], judged, found.remarks)
    folder = written(content, found.home, Path(out) if out else None, Path(subject))
    if found.home is not None and out is None:
        retold(found.home, say)
    return Audit(folder, content, judged)


@dataclass(frozen=True)
class Found:
    """The answers, what was noticed while reading, and for a run: its folder, their table, the data they are of."""

    answers: Answers
    remarks: tuple[Remark, ...]
    home: Path | None = None
    table: Path | None = None
    loaded: Loaded | None = None


def answered(
    subject: Path,
    data: str | Path | None,
    *,
    truth: str | None,
    predicted: str | None,
    group: str | None,
    seed: int,
    say: Say,
    read: Mapping[str, Any] | None,
) -> Found:
    """A table's answers, or a run's on `data`, or those it gave already."""
    if not subject.exists():
        raise UsageError(f"{subject} does not exist; give a run folder, or a table of predictions")
    if subject.is_file():
        if data is not None:
            raise UsageError(
                f"{subject} is a table of predictions: it is judged as it stands; leave {data} out"
            )
        return Found(*read_predictions(subject, truth=truth, predicted=predicted, group=group))
    if truth or predicted:
        raise UsageError("--truth and --predicted name columns of a table; a run folder has its own")
    folder, loaded = RunFolder.open(subject), None
    table = folder.path / "predictions.parquet"
    if data is None:
        folder.check("predictions.parquet")
        results: Mapping[str, Any] = folder.read("results.json", "results")
    else:
        task = str(folder.read("model.json", "model")["task"])
        loaded = load(data, fewest_labels=1, task=task, seed=seed, say=say, **dict(read or {}))
        evaluation = evaluate(subject, loaded, seed=seed, say=say)
        table, results = Path(str(evaluation.folder)) / "predictions.parquet", evaluation.results
    answers, remarks = read_own_predictions(table, results["data"], group=group)
    return Found(answers, remarks, subject, table, loaded)


def under_corruptions(
    found: Found, demands: Sequence[Requirement], subject: Path, seed: int, say: Say
) -> list[Measured]:
    """What `under(…)` demands speak of; UsageError where there are no images to corrupt."""
    wanted = [demand for demand in demands if demand.function == "under"]
    if not wanted:
        return []
    if found.home is None or found.table is None:
        raise UsageError(
            f"{wanted[0].subject} wants images to corrupt, and {subject.name} is a table of predictions"
        )
    behind = pictures(found.home, found.loaded, found.table, say)
    return under(found.home, behind, found.answers, wanted, seed=seed, say=say)


def measured_overall(answers: Answers, seed: int) -> list[Measured]:
    """The task's metrics where probabilities are known; else the accuracy."""
    if answers.probability is None:
        from vidi.ops.bootstrap import share_of

        scores = Scores(answers.truth, np.zeros((len(answers), 1)), ("",), seed=seed, group=answers.group)
        return [share_of("accuracy", answers.correct, scores)]
    scores = Scores(answers.truth, answers.probability, answers.labels, seed=seed, group=answers.group)
    return measure(scores, catalog.metrics("classification"))


def recalls(found: GroupAudit) -> GroupAudit:
    """Of an audit by true class only the accuracies, which are recalls."""

    def renamed(number: Measured) -> Measured:
        return replace(number, name=number.name.replace("accuracy", "recall"))

    kept = [
        m for m in found.measured if "accuracy" in m.name and not (m.name == "accuracy" and m.of == "all")
    ]
    return replace(found, measured=tuple(map(renamed, kept)), sentences=())


def judge(demand: Requirement, numbers: Sequence[Measured], answers: Answers, where: Path) -> Judged:
    """The number that a demand speaks of, and the verdict; UsageError with the nearest names if there is none."""
    here = {number.name: number for number in reversed(numbers) if number.of in ("", "all")}
    plain = {name for name in here if "(" not in name}
    demand = replace(demand, metric=ALIASES.get(demand.metric, demand.metric))
    inner = (
        plain if not demand.function else {name.split("(")[1].split(",")[0] for name in here if "(" in name}
    )
    demand = known(
        demand,
        metrics=["accuracy"] if demand.function == "under" else sorted(inner),
        attributes=list(answers.attributes),
        corruptions=[*catalog.cards("corruptions"), *catalog.cards("dials")],
    )
    if demand.subject not in here:
        raise UsageError(
            f"{demand.subject} could not be measured on {where}: fewer than two groups are large enough, or none has "
            "an example to divide by; a smaller --smallest may help"
        )
    measured = here[demand.subject]
    return Judged(demand, measured, demand.claim().verdict(measured))


def retold(run: Path, say: Say) -> None:
    """The run's papers written anew, so that they tell the audit; left as they are where somebody changed a file."""
    if not RunFolder(run).sealed:
        return
    try:
        refresh(run)
    except UsageError as error:
        say(f"the card does not tell of this audit: {error}")


def described(
    answers: Answers,
    audits: Sequence[GroupAudit],
    overall: Sequence[Measured],
    judged: Sequence[Judged],
    remarks: Sequence[Remark],
) -> dict[str, Any]:
    """What audit.json keeps."""
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
        "sentences": [*thresholded(answers), *(said for each in audits for said in each.sentences)],
        "remarks": [vars(remark) for remark in remarks],
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


def written(content: dict[str, Any], home: Path | None, out: Path | None, subject: Path) -> Path | None:
    """A folder with audit.json and its page, in the run or where asked for."""
    parent = out if out is not None else home / "audits" if home is not None else None
    if parent is None:
        return None
    folder = RunFolder.create(parent, Path(content["of"]).stem or subject.stem)
    folder.write("audit.json", "audit", content)
    audit_page.write(folder.path, content)
    folder.seal()
    return folder.path
