"""A model judged group by group, claim by claim: from a run, or from anybody's table of predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidi.audits.groups import SMALLEST
from vidi.core.progress import Quiet, Say
from vidi.core.requirement import parse
from vidi.core.run_folder import RunFolder
from vidi.verbs import audit_dense, audit_labels
from vidi.verbs.audit_folder import Audit
from vidi.verbs.audit_request import Columns, Request
from vidi.verbs.form import either, task_named
from vidi.verbs.grouped import Outcome
from vidi.verbs.pictures import MOST
from vidi.verbs.spoiled import Asked


def audit(
    subject: str | Path,
    data: str | Path | None = None,
    *,
    by: Sequence[str] = (),
    require: Sequence[str] = (),
    truth: str | None = None,
    predicted: str | None = None,
    counts: str | None = None,
    error: str | None = None,
    group: str | None = None,
    positive: str | None = None,
    good: str | None = None,
    score: str | None = None,
    thresholds: Sequence[float] = (),
    smallest: int = SMALLEST,
    slices: bool = False,
    corruptions: Sequence[str] = (),
    dials: Sequence[str] = (),
    elephant: str | Path | None = None,
    steadiness: bool = False,
    most: int = MOST,
    baseline: str | Path | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    say: Say | None = None,
    read: Mapping[str, Any] | None = None,
) -> Audit:
    """Every group of the attributes `by` and of those that demands name; each demand with its verdict.

    `subject` is a run folder (judged on `data`, or on the held-out split it predicted already), a table of
    predictions, or with `counts` and `error` a published table of errors by group. `good` is the label that is good to
    get, told at each of the `thresholds` of `score` (a column; else the positive label's probability).

    Of a run's images, at most `most` of them: accuracy under `corruptions` and `dials` (names, or `all`), errors
    divided by those of the run `baseline`; what changes when a cut-out (`elephant`: a file, a folder, or `drawn`) is
    pasted in; whether answers are steady. `slices` looks for groups that nobody named.

    A run's audit is written to `audits/` in it; a table's to `out`, if given. Raises UsageError with a sentence for
    what can't be used.
    """
    pasted, rival = None if elephant is None else str(elephant), None if baseline is None else Path(baseline)
    request = Request(
        subject=Path(subject),
        data=data,
        by=tuple(by),
        demands=tuple(parse(text) for text in require),
        columns=Columns(truth, predicted, counts, error, group),
        positive=positive,
        outcome=Outcome(good, score, thresholds),
        smallest=smallest,
        slices=slices,
        images=Asked(corruptions, dials, pasted, steadiness, most, rival),
        out=None if out is None else Path(out),
        seed=seed,
        say=say or Quiet(),
        read=read,
    )
    return audited(request)


def audited(request: Request) -> Audit:
    """By the shape of the answers: a table's are labels, a run's are what its task says."""
    if request.published or not request.subject.is_dir():
        return audit_labels.audited(request)
    about = RunFolder.open(request.subject).read("model.json", "model")
    of_shape = either(task_named(str(about["task"])), labels=audit_labels, dense=audit_dense)
    found: Audit = of_shape.audited(request)
    return found
