"""An audit of answers that are labels: a run's, anybody's table of predictions, or a published table."""

from collections.abc import Sequence
from typing import Any

from vidi.audits import groups
from vidi.core.measured import Measured
from vidi.core.requirement import Requirement
from vidi.verbs import grouped
from vidi.verbs.answered import Found, answered
from vidi.verbs.audit_folder import Audit, described, retold, written
from vidi.verbs.audit_request import Request
from vidi.verbs.demands import CLASS, attributes_named, judge
from vidi.verbs.pictures import pictures
from vidi.verbs.published import published_answers
from vidi.verbs.sliced import sliced
from vidi.verbs.spoiled import Asked, Spoiled, checked, spoiled


def audited(request: Request) -> Audit:
    """Rates and gaps of every group, each demand with its verdict, and what else was asked; written down."""
    positive, smallest, seed = request.positive, request.smallest, request.seed
    found = answers_of(request)
    images, under = checked(request.images, request.demands, found)
    named = attributes_named(request.demands)
    wanted = list(dict.fromkeys([*request.by, *(name for name in named if name != CLASS)]))
    audits = grouped.audits_of(found, wanted, named, positive=positive, smallest=smallest, seed=seed)
    overall = [] if wanted and found.answers.probability is None else grouped.overall(found.answers, seed)
    more = by_group(
        found, wanted, audits, overall, request.outcome, positive=positive, smallest=smallest, seed=seed
    )
    slices, seen = looked_at(request, found, wanted, images, under)
    numbers = [*overall, *seen.demanded, *(number for each in audits for number in each.measured)]
    everybody = list(grouped.with_class(found.answers).attributes)
    where = found.home or request.subject
    judged = tuple(judge(demand, numbers, everybody, where) for demand in request.demands)
    content = described(found, audits, [*overall, *seen.demanded], judged, seen.sentences)
    content |= {**more, **slices, **seen.content}
    folder = written(content, found.home, request.out, request.subject)
    if found.home is not None and request.out is None:
        retold(found.home, request.say)
    return Audit(folder, content, judged)


def looked_at(
    request: Request, found: Found, wanted: Sequence[str], images: Asked, under: Sequence[Requirement]
) -> tuple[dict[str, Any], Spoiled]:
    """Slices, and what came of spoiling the images, where that was asked."""
    seed, say, spoil = request.seed, request.say, bool(under) or images.anything
    behind = pictures(found, say) if found.home and (request.slices or spoil) else None
    slices: dict[str, Any] = {}
    if request.slices:
        slices = sliced(found.answers, behind, without=(*wanted, *unit_of(found)), seed=seed, say=say)
    if behind is None or not spoil:
        return slices, Spoiled()
    return slices, spoiled(found, behind, images, under, seed=seed, say=say)


def answers_of(request: Request) -> Found:
    """A table's answers, a run's, or what a published table tells."""
    if request.published:
        return published_answers(
            request.subject,
            counts=request.columns.counts,
            error=request.columns.error,
            by=request.by,
            others={
                "DATA": request.data,
                "--truth": request.columns.truth,
                "--predicted": request.columns.predicted,
                "--group": request.columns.group,
                "--positive": request.positive,
                "--good": request.outcome.good,
                "--score": request.outcome.score,
                "--threshold": list(request.outcome.thresholds),
                "--slices": request.slices,
            },
        )
    return answered(
        request.subject,
        request.data,
        truth=request.columns.truth,
        predicted=request.columns.predicted,
        group=request.columns.group,
        seed=request.seed,
        say=request.say,
        read=request.read,
    )


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
