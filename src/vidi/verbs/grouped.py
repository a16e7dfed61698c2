"""What an audit says group by group: rates and gaps, totals against cells, outcomes, and how much could be told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from vidi import catalog
from vidi.audits import groups, marginals, outcomes
from vidi.audits.groups import GroupAudit
from vidi.core.answers import Answers
from vidi.core.errors import UsageError
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Scores
from vidi.data.cells import numbers_of
from vidi.evaluation.score import measure
from vidi.ops.bootstrap import share_of
from vidi.ops.cells import NOT_STATED
from vidi.ops.power import examples_to_tell, smallest_gap
from vidi.verbs.answered import Found
from vidi.verbs.demands import CLASS

GAP, POWER = 0.05, 0.8
UNITS = "; examples that come in units say less than so many that don't"


def with_class(answers: Answers) -> Answers:
    """The same with the true label as an attribute, unless one has that name."""
    true = np.asarray([answers.labels[label] for label in answers.truth], dtype=object)
    return replace(answers, attributes={CLASS: true, **answers.attributes})


def overall(answers: Answers, seed: int) -> list[Measured]:
    """The task's metrics where probabilities are known; else the accuracy."""
    if answers.probability is None:
        return [share_of("accuracy", answers.correct, Draws(seed=seed, group=answers.group))]
    order = np.lexsort(
        (*answers.probability.T, answers.truth)
    )  # what is drawn again depends on no order of rows
    scores = Scores(
        answers.truth[order],
        answers.probability[order],
        answers.labels,
        seed=seed,
        group=None if answers.group is None else answers.group[order],
    )
    return measure(scores, catalog.metrics("classification"))


def recalls(answers: Answers, seed: int) -> GroupAudit:
    """An audit by true class: only the accuracies, which are recalls."""
    found = groups.audit(with_class(answers), by=[CLASS], positive=None, smallest=1, seed=seed)

    def renamed(number: Measured) -> Measured:
        return replace(number, name=number.name.replace("accuracy", "recall"))

    kept = [
        m for m in found.measured if "accuracy" in m.name and not (m.name == "accuracy" and m.of == "all")
    ]
    return replace(found, measured=tuple(map(renamed, kept)), sentences=())


def audits_of(
    found: Found,
    by: Sequence[str],
    demanded: Sequence[str],
    *,
    positive: str | None,
    smallest: int,
    seed: int,
) -> list[GroupAudit]:
    """Of the attributes `by`, and by true class where that is demanded and no attribute has its name."""
    answers, audits = found.answers, []
    if by:
        audits.append(
            groups.audit(
                answers,
                by=by,
                positive=positive,
                only_accuracy=found.only_accuracy,
                smallest=smallest,
                seed=seed,
            )
        )
    if CLASS in demanded and CLASS not in answers.attributes:
        audits.append(recalls(answers, seed))
    return audits


def totals(answers: Answers, by: Sequence[str], stated: Sequence[Measured]) -> dict[str, Any]:
    """`marginals` for audit.json."""
    return marginals.audit(answers, by=by, stated=stated).record()


@dataclass(frozen=True)
class Outcome:
    """Which label is good to get, and by which thresholds of which column (None: the positive label's probability)."""

    good: str | None = None
    score: str | None = None
    thresholds: Sequence[float] = ()

    @property
    def asked(self) -> bool:
        return self.good is not None or self.score is not None or bool(self.thresholds)


def allocated(
    answers: Answers, by: Sequence[str], asked: Outcome, *, positive: str | None, smallest: int, seed: int
) -> dict[str, Any]:
    """`outcomes` for audit.json; UsageError where nobody said which groups, or which outcome is the good one."""
    if asked.score is not None and not asked.thresholds:
        raise UsageError(f"--score {asked.score} wants a --threshold, at which the outcome is given or not")
    if not by:
        raise UsageError("who gets the good outcome is told group by group: name the groups with --by")
    positive = groups.positive_label(answers, positive)
    good = asked.good or positive
    if good is None:
        raise UsageError(f"--good wants the label that is good to get, of {', '.join(answers.labels[:20])}")
    called = positive or good
    found = outcomes.audit(
        answers,
        by=by,
        good=good,
        score=scores_of(answers, asked.score, called) if asked.thresholds else None,
        positive=called,
        thresholds=asked.thresholds,
        smallest=smallest,
        seed=seed,
    )
    return found.record()


def scores_of(answers: Answers, column: str | None, positive: str) -> Float[np.ndarray, " n"] | None:
    """A column of numbers, or the probability of the positive label, or None where there is neither."""
    if column is not None:
        found = numbers_of(answers.attribute(column))
        if found is None:
            raise UsageError(f"--score wants a column of numbers; {column} holds other things")
        return found
    if answers.probability is None or positive not in answers.labels:
        return None
    return np.asarray(answers.probability[:, answers.labels.index(positive)])


def power(answers: Answers, by: Sequence[str], smallest: int) -> Iterator[dict[str, Any]]:
    """How many examples it takes to tell a gap of 5 points, and which gap the smallest group allows to be told."""
    accuracy = float(answers.correct.mean())
    other = accuracy - GAP if accuracy >= GAP else accuracy + GAP
    needed, _ = examples_to_tell(accuracy, other, power=POWER)
    for name, sizes in sizes_of(answers, by, smallest):
        small, large = min(sizes, key=lambda of: (sizes[of], of)), max(sizes.values())
        gap = smallest_gap(accuracy, large, sizes[small], power=POWER)
        reach = f"a gap of {gap * 100:.0f} points" if gap == gap else "no gap at all"
        said = (
            f"to tell a gap of {GAP * 100:.0f} points between two groups of {name} here you need n = {needed:,} in "
            f"each (seen four times in five, at an accuracy of {accuracy:.0%}); with {small} (n = {sizes[small]:,}) "
            f"{reach} can be told{UNITS if answers.group is not None else ''}"
        )
        yield {
            "attribute": name,
            "gap": GAP,
            "power": POWER,
            "needed": needed,
            "smallest": small,
            "n": sizes[small],
            "smallest_gap": gap if gap == gap else None,
            "sentence": said,
        }


def sizes_of(answers: Answers, by: Sequence[str], smallest: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Each attribute with two groups or more that are large enough, and how many examples these have."""
    for name in by:
        texts = answers.attribute(name).tolist()
        counts = Counter(NOT_STATED if text is None else str(text) for text in texts)
        sizes = {f"{name}={text}": n for text, n in counts.items() if n >= smallest}
        if len(sizes) > 1:
            yield name, sizes
