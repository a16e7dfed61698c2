"""An audit of a run whose answers lie on the image: for which images and which objects does it work?"""

from collections.abc import Sequence
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.requirement import Requirement, plain
from vidi.core.run_folder import RunFolder
from vidi.core.task import DenseTask
from vidi.ops.group_rates import GroupRates
from vidi.verbs.audit_folder import Audit, retold, written
from vidi.verbs.audit_request import Request
from vidi.verbs.demands import Judged, judge
from vidi.verbs.dense_answers import Held, held
from vidi.verbs.dense_errors import drawn_errors
from vidi.verbs.dense_groups import TRAITS, grouped
from vidi.verbs.dense_spoiled import checked, degraded, demanded, exam, record
from vidi.verbs.dense_transplants import Pasted, transplanted
from vidi.verbs.form import task_named
from vidi.verbs.spoiled import Asked


def audited(request: Request) -> Audit:
    """Rates and gaps of every group, each demand with its verdict, and what else was asked; written down."""
    refuse_what_is_of_labels(request)
    headline = task_of(request).headline
    images, under = checked(request.images, request.demands, headline)
    answers = held(request)
    by = attributes_asked(request, answers)
    request.say(f"comparing groups of {len(answers):,} images")
    groups = grouped(answers, by, request.smallest)
    more, told, pasted = spoiled(answers, images, under, seed=request.seed, say=request.say)
    numbers = [*whole(answers.stated), *groups.measured, *told]
    judged = tuple(
        judge(demand, numbers, groups.by, request.subject, under=(headline,)) for demand in request.demands
    )
    content = described(answers, groups, judged) | more
    content["sentences"] = [*content["sentences"], *pasted.sentences]
    content["errors"], pictures = drawn_errors(answers)
    pictures = {**pictures, **pasted.pictures}
    folder = written(content, answers.home, request.out, request.subject, pictures)
    if request.out is None:
        retold(answers.home, request.say)
    return Audit(folder, content, judged)


def attributes_asked(request: Request, answers: Held) -> list[str]:
    """Those of `--by` and of demands. What objects are like is told anyway, and crossed where a demand does so."""
    by = list(request.by)
    for demand in request.demands:
        if demand.function in ("", "under"):
            continue
        for name in demand.arguments:
            column = next((known for known in answers.attributes if plain(known) == plain(name)), None)
            trait = next((known for known in TRAITS if plain(known) == plain(name)), None)
            if column is not None:
                by.append(column)
            elif trait is not None and len(demand.arguments) > 1:
                by.append(trait)
    return list(dict.fromkeys(by))


def refuse_what_is_of_labels(request: Request) -> None:
    """Raises UsageError for options that mean something only where an answer is a label."""
    outcome, images = request.outcome, request.images
    asked = {
        "--truth": request.columns.truth,
        "--predicted": request.columns.predicted,
        "--positive": request.positive,
        "--good": outcome.good,
        "--score": outcome.score,
        "--threshold": list(outcome.thresholds),
        "--slices": request.slices,
        "--steadiness": images.steadiness,
        "--baseline": images.baseline,
    }
    for name, value in asked.items():
        if value:
            raise UsageError(
                f"{name} is for answers that are labels; those of {request.subject} lie on the image: leave it out"
            )


def task_of(request: Request) -> DenseTask:
    """The run's task."""
    task = task_named(str(RunFolder.open(request.subject).read("model.json", "model")["task"]))
    assert isinstance(task, DenseTask)
    return task


def spoiled(
    answers: Held, asked: Asked, under: Sequence[Requirement], *, seed: int, say: Say
) -> tuple[dict[str, Any], list[Measured], Pasted]:
    """The keys of audit.json that come of spoiling images, the numbers that demands speak of, what was pasted in."""
    rest = dict.fromkeys(name for demand in under for name in demand.arguments)
    wanted = {"robustness": asked.corruptions, "dials": asked.dials}
    wanted["demanded"] = [name for name in rest if name not in {*asked.corruptions, *asked.dials}]
    if not any(wanted.values()) and asked.elephant is None:
        return {}, [], Pasted()
    given = exam(answers, most=asked.most, seed=seed)
    found = {key: degraded(given, names, seed=seed, say=say) for key, names in wanted.items() if names}
    content: dict[str, Any] = {key: record(each, given) for key, each in found.items() if key != "demanded"}
    pasted = Pasted()
    if asked.elephant is not None:
        pasted = transplanted(given, asked.elephant, seed=seed, say=say)
        content |= {"elephant": pasted.numbers, "elephant_shown": pasted.shown}
    return content, [demanded(demand, found, given) for demand in under], pasted


def described(answers: Held, groups: GroupRates, judged: Sequence[Judged]) -> dict[str, Any]:
    """What audit.json holds."""
    return {
        "of": answers.where,
        "n": len(answers),
        "task": answers.task.name,
        "labels": list(answers.labels),
        "by": list(groups.by),
        "positive": None,
        "claims": [each.record() for each in judged],
        "measured": [number.record() for number in whole(answers.stated)],
        "groups": [number.record() for number in groups.measured],
        "small": [[name, n] for name, n in groups.small],
        "smallest": groups.smallest,
        "sentences": list(groups.sentences),
        "remarks": [vars(remark) for remark in answers.remarks],
    }


def whole(numbers: Sequence[Measured]) -> list[Measured]:
    """Those of everything together; labels and sizes are told among the groups."""
    return [number for number in numbers if number.of in ("", "all")]
