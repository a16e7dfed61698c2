"""The questions that only an author can answer: those of a model card, of a datasheet, and what machines want besides.

The words are in `templates/questions.yaml`; each has a key under which `answers.yaml` answers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from vidi.documents.pages import TEMPLATES

PAPERS = {"card": "Model card", "data": "Datasheet", "machine": "Croissant (for machines)"}


@dataclass(frozen=True)
class Question:
    """One question; an `optional` one asks for nothing in particular and is not missed."""

    key: str
    ask: str
    why: str
    optional: bool = False


@cache
def questions(paper: str) -> Mapping[str, tuple[Question, ...]]:
    """The questions of a paper (`card`, `data` or `machine`), by section and in order."""
    import yaml

    content = yaml.safe_load((TEMPLATES / "questions.yaml").read_text(encoding="utf-8"))
    return {title: tuple(Question(**entry) for entry in asked) for title, asked in content[paper].items()}


@cache
def every(*papers: str) -> Mapping[str, Question]:
    """All questions of some papers (default: of all) by key, in order."""
    return {
        question.key: question
        for paper in papers or PAPERS
        for asked in questions(paper).values()
        for question in asked
    }
