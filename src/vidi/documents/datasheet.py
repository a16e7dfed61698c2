"""datasheet.md: the questions of Gebru et al. 2021, "Datasheets for Datasets", arXiv:1803.09010v8, section 3.

The questions are asked in the paper's order and seven sections, shortened. Where the data itself gives the
answer, it stands there; the others stay visibly open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vidi.documents import sentences, text
from vidi.documents.evidence import Evidence
from vidi.documents.facts import MOST_REMARKS, facts_of_data
from vidi.documents.pages import environment
from vidi.documents.questions import QUESTIONS


@dataclass(frozen=True)
class Answered:
    """A question with what was measured, if anything was; `open` if a person must still add to it."""

    question: str
    answer: Markup | None
    open: bool


def render(evidence: Evidence) -> str:
    """The whole datasheet as Markdown."""
    known = answers(evidence)
    sections = {
        title: [
            Answered(question, known.get(key) if key else None, open=key not in known or key in PARTLY)
            for key, question in asked
        ]
        for title, asked in QUESTIONS.items()
    }
    every = [entry for entries in sections.values() for entry in entries]
    return (
        environment(html=False)
        .get_template("datasheet.md")
        .render(
            evidence=evidence,
            sections=sections,
            measured=sum(entry.answer is not None for entry in every),
            still_open=sum(entry.open for entry in every),
        )
    )


PARTLY = {"represent", "people_groups", "preprocessed", "raw_saved", "missing", "errors", "impact"}


def answers(evidence: Evidence) -> dict[str, Markup]:
    """What the run can say, by the question's key; a question without an entry stays open."""
    found = {
        "count": _count(evidence),
        "instance": _instance(evidence),
        "label": _label(evidence),
        "missing": _missing(evidence),
        "relations": _relations(evidence),
        "splits": _splits(evidence),
        "errors": _errors(evidence),
        "people_groups": _columns(evidence),
        "preprocessed": _preprocessed(evidence),
        "software": "vidi read and split the data; the command and all versions are in recipe.json.",
        "used": f"It trained and tested the model beside this file: {sentences.headline(evidence)}",
        "impact": _impact(evidence),
    }
    return {key: _lines(words) for key, words in found.items() if words}


def _lines(words: str | Sequence[str]) -> Markup:
    """A paragraph, or a paragraph and a list."""
    if isinstance(words, str):
        return Markup(text.markdown(words))  # noqa: S704  (escaped for Markdown)
    first, *rest = (text.markdown(line) for line in words)
    return Markup("\n".join([first, "", *(f"- {line}" for line in rest)]))  # noqa: S704


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
    return _remarks(evidence, "Set aside or noticed while reading:", lambda kind: "duplicate" not in kind)


def _relations(evidence: Evidence) -> str:
    group = evidence.data.get("group")
    return f"The column {group} says which images belong together; the split keeps them so." if group else ""


def _splits(evidence: Evidence) -> str:
    return (
        text.capital(sentences.split(evidence))
        + " splits.parquet says which image is where, by content hash."
    )


def _errors(evidence: Evidence) -> list[str]:
    data = evidence.data
    found = [
        f"{name} duplicates: {data[f'{name}_duplicates']:,}"
        for name in ("exact", "near")
        if data.get(f"{name}_duplicates") is not None
    ]
    told = [f"{kind}: {count:,}" for kind, count in (data.get("remark_counts") or {}).items()]
    return ["Found by looking at every file:", *found, *told] if found or told else []


def _columns(evidence: Evidence) -> str:
    attributes = evidence.data.get("attributes")
    return (
        f"The data has these further columns: {text.listed(list(attributes), most=40)}." if attributes else ""
    )


def _preprocessed(evidence: Evidence) -> str:
    return "vidi decoded and resized copies of the images and set aside those listed above; the files were not changed."


def _impact(evidence: Evidence) -> list[str]:
    found = sentences.cautions(evidence)
    return ["What the numbers show:", *found] if found else []


def _remarks(evidence: Evidence, first: str, wanted: Callable[[str], bool]) -> list[str]:
    found = [remark for remark in evidence.data.get("remarks") or () if wanted(str(remark["kind"]))]
    lines = [f"{remark['kind']}: {remark['where']}: {remark['what']}" for remark in found[:MOST_REMARKS]]
    more = len(found) - len(lines)
    return [first, *lines, *([f"and {more:,} more"] if more else [])] if lines else []
