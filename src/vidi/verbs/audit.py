"""A model judged group by group, claim by claim: from a run, or from anybody's table of predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.audits import groups
from vidi.audits.groups import SMALLEST
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Quiet, Say
from vidi.core.requirement import parse
from vidi.verbs import grouped
from vidi.verbs.answered import Found, answered
from vidi.verbs.audit_folder import described, retold, written
from vidi.verbs.demands import CLASS, Judged, attributes_named, judge
from vidi.verbs.pictures import MOST, pictures
from vidi.verbs.published import published_answers
from vidi.verbs.sliced import sliced
from vidi.verbs.spoiled import Asked, Spoiled, checked, spoiled


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
    subject, say = Path(subject), say or Quiet()
    demands = [parse(text) for text in require]
    outcome = grouped.Outcome(good, score, thresholds)
    images = Asked(
        corruptions,
        dials,
        None if elephant is None else str(elephant),
        steadiness,
        most,
        None if baseline is None else Path(baseline),
    )
    if counts is not None or error is not None:
        others: dict[str, object] = {
            "DATA": data,
            "--truth": truth,
            "--predicted": predicted,
            "--group": group,
            "--positive": positive,
        }
        others |= {"--good": good, "--score": score, "--threshold": list(thresholds), "--slices": slices}
        found = published_answers(subject, counts=counts, error=error, by=by, others=others)
    else:
        found = answered(
            subject, data, truth=truth, predicted=predicted, group=group, seed=seed, say=say, read=read
        )
    images, under = checked(images, demands, found)
    named = attributes_named(demands)
    wanted = list(dict.fromkeys([*by, *(name for name in named if name != CLASS)]))
    audits = grouped.audits_of(found, wanted, named, positive=positive, smallest=smallest, seed=seed)
    overall = [] if wanted and found.answers.probability is None else grouped.overall(found.answers, seed)
    more = by_group(found, wanted, audits, overall, outcome, positive=positive, smallest=smallest, seed=seed)
    behind = pictures(found, say) if found.home and (slices or under or images.anything) else None
    if slices:
        more |= sliced(found.answers, behind, without=(*wanted, *unit_of(found)), seed=seed, say=say)
    seen = Spoiled()
    if behind is not None and (under or images.anything):
        seen = spoiled(found, behind, images, under, seed=seed, say=say)
    numbers = [*overall, *seen.demanded, *(number for each in audits for number in each.measured)]
    everybody = grouped.with_class(found.answers)
    judged = tuple(judge(demand, numbers, everybody, found.home or subject) for demand in demands)
    content = described(found, audits, [*overall, *seen.demanded], judged, seen.sentences)
    content |= {**more, **seen.content}
    folder = written(content, found.home, Path(out) if out else None, subject)
    if found.home is not None and out is None:
        retold(found.home, say)
    return Audit(folder, content, judged)


def unit_of(found: Found) -> tuple[str, ...]:
    """The column that units are made of: its values are no groups."""
    return () if found.unit is None else (found.unit,)


def by_group(
    found: Found,
    by: Sequence[str],
    audits: Sequence[groups.GroupAudit],
    overall: Sequence[Measured],
    outcome: grouped.Outcome,
    *,
    positive: str | None,
    smallest: int,
    seed: int,
) -> dict[str, Any]:
    """Of audit.json: `power`, `marginals` and, where it was asked for, `outcomes`."""
    content: dict[str, Any] = {"power": list(grouped.power(found.answers, by, smallest))}
    if by:
        stated = [*found.stated, *overall, *audits[0].measured]
        content["marginals"] = grouped.totals(found.answers, by, stated)
    if outcome.asked:
        content["outcomes"] = grouped.allocated(
            found.answers, by, outcome, positive=positive, smallest=smallest, seed=seed
        )
    return content
