"""Each demand of `--require` held against the number it speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.measured import Measured, Verdict
from vidi.core.requirement import Requirement, known

CLASS = "class"  # the true label, as an attribute: accuracy among a class's examples is its recall
ALIASES: Mapping[str, str] = {
    "ece": "calibration error",
    "d-ece": "detection calibration error",
    "D-ECE": "detection calibration error",
    "tpr": "true positive rate",
    "fpr": "false positive rate",
    "ppv": "positive predictive value",
    "recall by class": "recall",
}


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


def attributes_named(demands: Sequence[Requirement]) -> list[str]:
    """The attributes that demands speak of, each once."""
    named = [name for each in demands for name in each.arguments if each.function not in ("", "under")]
    return list(dict.fromkeys(named))


def judge(
    demand: Requirement,
    numbers: Sequence[Measured],
    attributes: Sequence[str],
    where: Path,
    *,
    under: Sequence[str] = ("accuracy",),
) -> Judged:
    """The number that a demand speaks of, and the verdict; UsageError with the nearest names if there is none.

    `under` are the metrics that are told under corruptions.
    """
    here = {number.name: number for number in reversed(numbers) if number.of in ("", "all")}
    plain = {name for name in here if "(" not in name}
    demand = replace(demand, metric=ALIASES.get(demand.metric, demand.metric))
    grouped = {number.name for number in numbers if number.of not in ("", "all") and "(" not in number.name}
    compared = {name.split("(")[1].split(",")[0] for name in here if "(" in name}
    inner = grouped | compared if demand.function else plain
    demand = known(
        demand,
        metrics=list(under) if demand.function == "under" else sorted(inner),
        attributes=list(attributes),
        corruptions=[*catalog.cards("corruptions"), *catalog.cards("dials")],
    )
    if demand.subject not in here:
        raise UsageError(
            f"{demand.subject} could not be measured on {where}: fewer than two groups are large enough, or none has "
            "an example to divide by; a smaller --smallest may help"
        )
    measured = here[demand.subject]
    return Judged(demand, measured, demand.claim().verdict(measured))
