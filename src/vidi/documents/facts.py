"""Tables of facts that the report page, the model card and the datasheet share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidi.core.dataset import LEDGER
from vidi.core.measured import Measured
from vidi.documents import text
from vidi.documents.evidence import Evidence

PER_LABEL = ("precision", "recall", "F1")  # a fourth would not fit beside them
PERSONAL = frozenset((
    "age", "sex", "gender", "race", "ethnicity", "skin", "skintone", "fitzpatrick", "nationality", "country",
    "religion", "language", "income", "disability", "orientation", "birth", "birthdate", "birthyear", "patient",
    "student", "subject", "person", "name",
))  # fmt: skip
MOST_LABELS = 60
MOST_REMARKS = 20


@dataclass(frozen=True)
class LabelRow:
    """A label, its number of images and what was measured of it, by the measure's name."""

    label: str
    n: int
    numbers: Mapping[str, Measured]

    @property
    def goodness(self) -> float:
        """F1, or the first number there is; below 0 if it is not a number."""
        entry = self.numbers.get("F1") or next(iter(self.numbers.values()))
        return entry.value if entry.value == entry.value else -1.0


def per_label(evidence: Evidence) -> dict[str, Any]:
    """Rows of label, n and its numbers; with very many labels those with the lowest F1."""
    by_label: dict[str, dict[str, Measured]] = {}
    for entry in evidence.measured:
        if entry.of in evidence.labels:
            by_label.setdefault(entry.of, {})[entry.name] = entry
    present = dict.fromkeys(name for row in by_label.values() for name in row)
    names = [name for name in PER_LABEL if name in present] or list(present)[: len(PER_LABEL)]
    rows = [LabelRow(label, _support(row), row) for label, row in by_label.items()]
    left_out = max(0, len(rows) - MOST_LABELS)
    if left_out:
        rows = sorted(rows, key=lambda row: row.goodness)[:MOST_LABELS]
    others = [name for name in present if name not in names]
    return {"names": names, "others": others, "rows": rows, "left_out": left_out}


def _support(row: Mapping[str, Measured]) -> int:
    """Images of the label: what recall stands on (precision stands on the images that were called so)."""
    known = row.get("recall") or row.get("F1") or next(iter(row.values()))
    return known.n


def facts_of_data(evidence: Evidence) -> dict[str, str]:
    """What was measured of the data, as label and text."""
    data = evidence.data
    facts: dict[str, str] = {}
    if data.get("examples") is not None:
        facts["images"] = f"{data['examples']:,} with {text.counted(len(evidence.labels), 'label')}"
    if data.get("layout"):
        facts["layout"] = str(data["layout"])
    for name, sizes in (data.get("sizes") or {}).items():
        if sizes:
            least, middle, most = sizes
            facts[str(name)] = (
                f"{least:,.0f} px"
                if least == most
                else f"{least:,.0f} to {most:,.0f} px, median {middle:,.0f}"
            )
    for name in ("exact", "near"):
        if data.get(f"{name}_duplicates") is not None:
            facts[f"{name} duplicates"] = f"{data[f'{name}_duplicates']:,}"
    if data.get("group"):
        groups = f" ({data['groups']:,} of them)" if data.get("groups") else ""
        facts["kept together"] = f"images of one {data['group']}{groups}"
    if data.get("attributes"):
        facts["other columns"] = text.listed([str(name) for name in data["attributes"]], most=12)
    if data.get("columns"):
        facts["read as"] = ", ".join(f"{role} from {column}" for role, column in data["columns"].items())
    return facts


def groupings(evidence: Evidence) -> list[str]:
    """The columns whose groups results could be told by: not those that say whose an image is."""
    rights = {(evidence.data.get("columns") or {}).get(role) for role in LEDGER}
    return [str(name) for name in evidence.data["attributes"] or () if name not in rights]


def personal_columns(evidence: Evidence) -> list[str]:
    """The columns whose names speak of people, the label's among them."""
    columns = [*evidence.data["attributes"], (evidence.data.get("columns") or {}).get("target")]
    named = dict.fromkeys(str(name) for name in columns if name)
    return [name for name in named if PERSONAL & set(re.split(r"[\W_]+", name.lower()))]


def distributions(evidence: Evidence, *, most: int = 12) -> list[str]:
    """How many images have which value of each column, as the checks counted them."""
    wanted, told = groupings(evidence), []
    for entry in (evidence.check.get("imbalance") or {}).get("attributes") or ():
        levels = [f"{level['level']} {level['n']:,}" for level in entry.get("levels") or ()]
        missing = [f"missing {entry['missing']:,}"] if entry.get("missing") else []
        if levels and str(entry["name"]) in wanted:
            told.append(f"{entry['name']}: {text.listed([*missing, *levels], most=most)}")
    return told


def associated(evidence: Evidence) -> list[str]:
    """The sentences on columns that go together with the label so much that a model may take one for the other."""
    wanted = groupings(evidence)
    found = (evidence.check.get("imbalance") or {}).get("associations") or ()
    return [
        str(each["sentence"]) for each in found if each.get("flagged") and each.get("attribute") in wanted
    ]


def pairs(mapping: Mapping[str, Any] | None, *, between: str = " = ") -> str:
    """A mapping as `a = 1, b = yes`."""
    words = {True: "yes", False: "no", None: "not set"}
    return ", ".join(
        f"{key}{between}{words[value] if value is None or isinstance(value, bool) else value}"
        for key, value in (mapping or {}).items()
    )
