"""What a run's audits measured, arranged for the papers: unitary groups, intersections, how far apart, and the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidi.core.measured import Measured
from vidi.documents import text
from vidi.documents.evidence import Audited, Evidence
from vidi.documents.facts import LabelRow, groupings

MOST_GROUPS = 40
CHIEF = ("accuracy", "recall", "mIoU")  # what groups are compared by in words: the first that was told
SPOILED = {"robustness": "Under corruptions", "dials": "When it gets difficult"}
LISTS = (  # what an audit may hold besides groups: its key, and what the numbers are
    ("elephant", "An object transplanted into the images"),
    ("steadiness", "The same images again, in other batches"),
)


@dataclass(frozen=True)
class Groups:
    """Rows of groups with their numbers by measure; `left_out` rows (the better ones) stand in the audit's file."""

    title: str
    names: tuple[str, ...]
    rows: tuple[LabelRow, ...]
    left_out: int


def attributes_in(of: str, by: Sequence[str]) -> int:
    """How many of the attributes narrow a group: 0 for all, 2 for `sex=female, skin=darker`."""
    return sum(of.startswith(f"{name}=") or f", {name}=" in of for name in by)


def chief(audited: Audited) -> str:
    """The rate that groups are compared by in words."""
    told = {entry.name for entry in audited.groups}
    return next((name for name in CHIEF if name in told), CHIEF[0])


def tables(audited: Audited) -> list[Groups]:
    """The unitary groups, and then the intersections; each worst first where there are too many to print."""
    single = [entry for entry in audited.groups if "(" not in entry.name]
    unitary = [entry for entry in single if attributes_in(entry.of, audited.by) < 2]
    crossed = [entry for entry in single if attributes_in(entry.of, audited.by) > 1]
    rate = chief(audited)
    made = (_table("Unitary", unitary, rate), _table("Intersectional", crossed, rate))
    return [table for table in made if table.rows]


def _table(title: str, entries: Sequence[Measured], rate: str) -> Groups:
    by_group: dict[str, dict[str, Measured]] = {}
    for entry in entries:
        by_group.setdefault(entry.of, {})[entry.name] = entry
    names = tuple(dict.fromkeys(entry.name for entry in entries))
    rows = [LabelRow(of, _size(numbers), numbers) for of, numbers in by_group.items()]
    left_out = max(0, len(rows) - MOST_GROUPS)
    if left_out:
        rows = sorted(rows, key=lambda row: _value(row, rate))[:MOST_GROUPS]
    return Groups(title, names, tuple(rows), left_out)


def _size(numbers: Mapping[str, Measured]) -> int:
    return max(entry.n for entry in numbers.values())


def _value(row: LabelRow, rate: str) -> float:
    entry = row.numbers.get(rate) or next(iter(row.numbers.values()))
    return entry.value if entry.value == entry.value else 2.0


def apart(audited: Audited) -> list[Measured]:
    """The gaps; ratios and worst groups say the same in other words, and stand in the audit's file."""
    return [entry for entry in audited.groups if entry.name.startswith("gap(")]


def worst(audited: Audited) -> str:
    """The gap in the chief rate that is surest, in a sentence with its groups; empty where none was measured.

    The widest one is mostly that between the two smallest groups, which luck alone makes.
    """
    rate = chief(audited)
    begin = f"gap({rate}, "
    gaps = [e for e in audited.groups if e.name.startswith(begin) and e.low == e.low]
    if not gaps:
        return ""
    widest = max(gaps, key=lambda entry: (entry.low, entry.value))
    where = text.listed(widest.name.removeprefix(begin).removesuffix(")").split(", "))
    told = f"by {where}: gap {text.measured_text(widest)}; {widest.note}"
    if widest.low > 0:
        return f"Groups differ in {rate} {told}."
    return f"No difference in {rate} between groups can be told from luck; the surest is {told}."


def claims(audited: Audited) -> list[tuple[str, str, Measured]]:
    """Each demand, its verdict and the number it was held against."""
    return [
        (str(entry["requirement"]), str(entry["verdict"]), Measured.from_record(dict(entry["measured"])))
        for entry in audited.content.get("claims") or ()
    ]


def slices(audited: Audited) -> list[Mapping[str, Any]]:
    """The slices that stand out after correction for how many were looked at."""
    return [entry for entry in audited.content.get("slices") or () if entry.get("flagged")]


def lists(audited: Audited) -> Iterator[tuple[str, list[Measured]]]:
    """What else was measured: a title and its numbers."""
    for key, title in SPOILED.items():
        found = audited.content.get(key) or {}
        each = found.get("corruption_error") or found.get("by_corruption") or ()
        numbers = [found.get("clean"), found.get("mean"), found.get("kept"), *each]
        if found:
            yield title, [Measured.from_record(dict(entry)) for entry in numbers if entry]
    for key, title in LISTS:
        content = audited.content.get(key) or ()
        entries = content.values() if isinstance(content, Mapping) else content
        told = [Measured.from_record(dict(e)) for e in entries if isinstance(e, Mapping) and "value" in e]
        if told:
            yield title, told


def sentences(audited: Audited) -> list[str]:
    """What the audit says of itself in words."""
    said = [*(audited.content.get("sentences") or ())]
    for key in ("outcomes", "marginals"):
        said += (audited.content.get(key) or {}).get("sentences") or ()
    steadiness = (audited.content.get("steadiness") or {}).get("sentence")
    return [text.sentence(str(words)) for words in (*said, *([steadiness] if steadiness else []))]


def not_measured(evidence: Evidence) -> list[str]:
    """What vidi could have measured of this run and was not asked to, with the command that does."""
    missing = []
    if not any(audited.by for audited in evidence.audits):
        together = evidence.data.get("group")  # one of hundreds of patients is no group to tell results of
        columns = [name for name in groupings(evidence) if name != together]
        besides = f"image, label and {text.visible(str(together))}" if together else "image and label"
        missing.append(
            f"results within groups and their intersections: vidi audit RUN --by {','.join(columns[:2])}"
            if columns
            else f"results within groups: the data has no columns besides {besides}"
        )
    if not any(audited.content.get("robustness") for audited in evidence.audits):
        missing.append(
            "results under corruptions (blur, noise, weather): vidi audit RUN --corruptions standard"
        )
    return missing
