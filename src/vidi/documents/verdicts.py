"""What a run may say of itself, first of all: each claim with its verdict."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidi.core.measured import Claim, Measured, Verdict
from vidi.documents import quantitative, sentences, text
from vidi.documents.evidence import Audited, Evidence

SIGNS = {Verdict.STANDS: "✓", Verdict.FAILS: "✗", Verdict.CANNOT_TELL: "?"}


@dataclass(frozen=True)
class Line:
    """A verdict, the sentence it is about, and the number behind it where that is to be drawn."""

    verdict: Verdict
    said: str
    measured: Measured | None = None
    demanded: bool = False
    bound: float | None = None

    @property
    def sign(self) -> str:
        return SIGNS[self.verdict]

    @property
    def kind(self) -> str:
        return {Verdict.STANDS: "stands", Verdict.FAILS: "fails"}.get(self.verdict, "doubt")


def of_run(evidence: Evidence) -> list[Line]:
    """What its audits demanded, whether it beats its baselines, whether its sets hold what they promise."""
    demanded = [line for audited in evidence.audits for line in of_audit(audited)]
    own = [*_baselines(evidence), *_sets(evidence.results.get("conformal"))]
    return [*worst_first(demanded), *worst_first(own)]


def worst_first(lines: Iterable[Line]) -> list[Line]:
    """What fails, then what cannot be told, then what stands."""
    order = (Verdict.FAILS, Verdict.CANNOT_TELL, Verdict.STANDS)
    return sorted(lines, key=lambda line: order.index(line.verdict))


def of_audit(audited: Audited) -> list[Line]:
    """Each demand as it was written; what fails first, then what cannot be told."""
    lines = [
        Line(Verdict(verdict), requirement, measured, demanded=True, bound=bound_of(requirement))
        for requirement, verdict, measured in quantitative.claims(audited)
    ]
    return worst_first(lines)


def bound_of(requirement: str) -> float | None:
    """What stands at the end of a demand, to be drawn."""
    match = re.search(r"[<>]=\s*([\d.]+)$", requirement)
    return float(match[1]) if match else None


def _baselines(evidence: Evidence) -> Iterator[Line]:
    main = evidence.headline
    for baseline in evidence.baselines if main is not None else ():
        if main is not None and baseline.find(main.name) is not None:
            yield Line(*sentences.verdict(main, baseline))


def _sets(content: Mapping[str, Any] | None) -> Iterator[Line]:
    found = {
        entry["name"]: Measured.from_record(dict(entry)) for entry in (content or {}).get("measured") or ()
    }
    covered = found.get("set coverage")
    if content is None or covered is None:
        return
    stated = 1 - float(content["alpha"])
    verdict = Claim(covered.name, at_least=True, bound=stated).verdict(covered)
    promise = f"Its sets of labels hold the true one in {stated:.0%} of cases, as stated"
    if verdict == Verdict.FAILS:
        promise = f"Its sets of labels hold the true one less often than the stated {stated:.0%}"
    elif verdict == Verdict.CANNOT_TELL:
        promise = (
            f"Whether its sets of labels hold the true one in the stated {stated:.0%} of cases is within luck"
        )
    said = f"{promise}: {text.percent_measured(covered)} of {text.counted(covered.n, 'image')}."
    yield Line(verdict, said + _drawn(content, covered))


def _drawn(content: Mapping[str, Any], covered: Measured) -> str:
    """Whether the luck of drawing the validation images explains a coverage that is not as stated."""
    if not content.get("range") or covered.low <= 1 - float(content["alpha"]) <= covered.high:
        return ""
    low, high = (float(end) for end in content["range"])
    apart = covered.high < low or covered.low > high
    luck = (
        f"the luck of drawing {content['n_calibration']:,} validation images allows {low:.1%} to {high:.1%}"
    )
    return f" That is {'more than chance' if apart else 'within chance'}: {luck}."
