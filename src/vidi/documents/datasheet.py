"""datasheet.md: the questions of Gebru et al. 2021, "Datasheets for Datasets", arXiv:1803.09010v8, section 3.

All its questions are asked in the paper's order and seven sections, shortened. Where the data itself gives the answer,
it stands there; what the author said stands beside it; the others are printed as not stated, and counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vidi.documents import answers as said
from vidi.documents import sentences, text
from vidi.documents.evidence import Evidence
from vidi.documents.facts import (
    MOST_REMARKS,
    associated,
    distributions,
    facts_of_data,
    groupings,
    personal_columns,
)
from vidi.documents.pages import environment
from vidi.documents.questions import Question, questions

# Here measuring answers a part only: why, by whom and to what end it was so, the author must say.
PARTLY = {
    "data.subpopulations",
    "data.preprocessed",
    "data.missing",
    "data.errors",
    "data.future_impact",
    "data.acquired",
    "data.consent",
    "data.licence",
}
NOT_STATED = "Not stated."
UNSTATED = "not stated"  # what the ledger counts an empty cell as
RIGHTS = ("consent", "withdrawn")  # remarks that are no errors, and are told elsewhere
COLUMNS = {"licences": "licence", "sources": "source", "consent": "consent"}


@dataclass(frozen=True)
class Answered:
    """A question with what was measured and what the author said; `open` if a person must still answer or add."""

    question: Question
    measured: Markup | None
    author: Markup | None

    @property
    def open(self) -> bool:
        whole = self.measured is not None and self.question.key not in PARTLY
        return self.author is None and not whole and not self.question.optional


def render(evidence: Evidence) -> str:
    """The whole datasheet as Markdown."""
    sections = answered(evidence)
    every = [entry for entries in sections.values() for entry in entries]
    return (
        environment(html=False)
        .get_template("datasheet.md")
        .render(
            evidence=evidence,
            sections=sections,
            asked=sum(not entry.question.optional for entry in every),
            measured=sum(entry.measured is not None for entry in every),
            by_author=sum(entry.author is not None for entry in every),
            open=sum(entry.open for entry in every),
            not_stated=NOT_STATED,
        )
    )


def answered(evidence: Evidence) -> dict[str, list[Answered]]:
    """Every question by section, with what is known."""
    known = answers(evidence)
    return {
        section: [
            Answered(
                question,
                known.get(question.key),
                said.stated(evidence.answers[question.key]) if question.key in evidence.answers else None,
            )
            for question in asked
        ]
        for section, asked in questions("data").items()
    }


def still_open(evidence: Evidence) -> list[str]:
    """The keys of the questions that wait for somebody who knows the data."""
    return [entry.question.key for entries in answered(evidence).values() for entry in entries if entry.open]


def answers(evidence: Evidence) -> dict[str, Markup]:
    """What was measured, by the question's key; a question without an entry stays open."""
    found = {
        "data.count": _count(evidence),
        "data.instance": _instance(evidence),
        "data.label": _label(evidence),
        "data.missing": _missing(evidence),
        "data.relations": _relations(evidence),
        "data.splits": _splits(evidence),
        "data.errors": _errors(evidence),
        "data.subpopulations": _columns(evidence),
        "data.acquired": counted_column(evidence, "sources"),
        "data.consent": counted_column(evidence, "consent"),
        "data.preprocessed": _preprocessed(evidence),
        "data.software": _software(evidence),
        "data.used": f"It trained and tested the model beside this file: {sentences.headline(evidence)}"
        if evidence.trained
        else "",
        "data.future_impact": _impact(evidence),
        "data.licence": counted_column(evidence, "licences"),
    }
    return {key: _lines(words) for key, words in found.items() if words}


def _lines(words: str | Sequence[str]) -> Markup:
    """A paragraph, or a paragraph and a list."""
    if isinstance(words, str):
        return Markup(text.markdown(words))  # noqa: S704  (escaped for Markdown)
    first, *rest = (text.markdown(line) for line in words)
    return Markup("\n".join([first, *([""] if rest else []), *(f"- {line}" for line in rest)]))  # noqa: S704


def _count(evidence: Evidence) -> list[str]:
    counts = evidence.counts
    if not counts:
        return []
    whole = sum(sum(row.values()) for row in counts.values())
    examples = evidence.data.get("examples", whole)
    lines = [
        f"{label}: {sum(row.values()):,} ({', '.join(f'{number:,} {split}' for split, number in row.items())})"
        for label, row in counts.items()
    ]
    return [f"{text.counted(int(examples), 'image')} with {text.counted(len(counts), 'label')}:", *lines]


def _instance(evidence: Evidence) -> str:
    facts = facts_of_data(evidence)
    sizes = [f"{name} {facts[name]}" for name in ("width", "height") if name in facts]
    layout = f"; they were read as: {facts['layout']}" if "layout" in facts else ""
    return f"Raw images{': ' if sizes else ''}{', '.join(sizes)}{layout}."


def _label(evidence: Evidence) -> str:
    source = (evidence.data.get("columns") or {}).get("target")
    where = f", from the column {source}" if source else ""
    return f"Yes{where}: {text.listed(evidence.labels, most=60)}."


def _missing(evidence: Evidence) -> list[str]:
    return _remarks(
        evidence,
        "Set aside or noticed while reading:",
        lambda kind: "duplicate" not in kind and kind != "consent",
    )


def _relations(evidence: Evidence) -> str:
    group = evidence.data.get("group")
    return f"The column {group} says which images belong together; the split keeps them so." if group else ""


def _splits(evidence: Evidence) -> str:
    return (
        text.capital(sentences.split(evidence))
        + " splits.parquet says which image is where, by content hash."
    )


def _errors(evidence: Evidence) -> list[str]:
    data, check = evidence.data, evidence.check
    found = [
        f"{name} duplicates: {data[f'{name}_duplicates']:,}"
        for name in ("exact", "near")
        if data.get(f"{name}_duplicates") is not None
    ]
    counts = (data.get("remark_counts") or {}).items()
    told = [f"{kind}: {count:,}" for kind, count in counts if "duplicate" not in kind and kind not in RIGHTS]
    labels = (check.get("label_errors") or {}).get("sentence")
    shortcuts = [str(each["sentence"]) for each in check.get("shortcuts") or () if each.get("flagged")]
    outliers = check.get("outliers")
    odd = [f"images unlike the others: {len(outliers):,}"] if outliers else []
    lines = [*found, *odd, *told, *([str(labels)] if labels else []), *shortcuts]
    return ["Found by looking at every file:", *lines] if lines else []


def _columns(evidence: Evidence) -> list[str]:
    attributes = groupings(evidence)
    people = personal_columns(evidence)
    if not attributes and not people:
        return []
    first = f"The data has these further columns: {text.listed(attributes, most=40)}." if attributes else ""
    named = f"By their names these columns speak of people: {text.listed(people, most=20)}." if people else ""
    return [" ".join(filter(None, [first, named])), *distributions(evidence)]


def counted_column(evidence: Evidence, what: str, *, most: int = 12) -> list[str]:
    """How many images have which licence, source or consent; nothing where no column says so."""
    counts = dict(evidence.ledger.get(what) or {})
    if not set(counts) - {UNSTATED}:
        return []
    column = (evidence.data.get("columns") or {}).get(COLUMNS[what])
    lines = [f"{value}: {number:,}" for value, number in list(counts.items())[:most]]
    more = [f"and {len(counts) - most:,} more values"] if len(counts) > most else []
    where = f" (column {column})" if column else ""
    return [f"Images by {COLUMNS[what]}{where}:", *lines, *more]


def _preprocessed(evidence: Evidence) -> list[str]:
    done = "vidi decoded and resized copies of the images and set aside those listed above; the files were not changed."
    withdrawn = int(evidence.ledger.get("withdrawn") or 0)
    gone = f"{text.counted(withdrawn, 'image was', 'images were')} withdrawn and left out."
    return [done, *([gone] if withdrawn else [])]


def _software(evidence: Evidence) -> str:
    kept = "the command and all versions are in recipe.json" if evidence.trained else "it is open source"
    return f"vidi read and split the data; {kept}."


def _impact(evidence: Evidence) -> list[str]:
    found = [*sentences.cautions(evidence), *associated(evidence)]
    return ["What the numbers show:", *dict.fromkeys(found)] if found else []


def _remarks(evidence: Evidence, first: str, wanted: Callable[[str], bool]) -> list[str]:
    found = [remark for remark in evidence.data.get("remarks") or () if wanted(str(remark["kind"]))]
    lines = [f"{remark['kind']}: {remark['where']}: {remark['what']}" for remark in found[:MOST_REMARKS]]
    more = len(found) - len(lines)
    return [first, *lines, *([f"and {more:,} more"] if more else [])] if lines else []
