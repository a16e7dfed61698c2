"""What a technique says of itself."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Record = TypeVar("Record")


@dataclass(frozen=True)
class Card:
    """A technique's title, idea and source; written with literals only, so that it can be read without an import.

    `on` and `off` are keyword arguments of the member's function: with `off` it changes nothing, exactly.
    `serves` names the tasks it is for (empty: all). `weights` and `multiply_adds` are counts for one image
    of a network built with the arguments `at`. `facts` are what else the members of a kind say of themselves.
    """

    title: str
    idea: str
    paper: str = ""
    differs: str = ""
    on: Mapping[str, Any] = field(default_factory=dict)
    off: Mapping[str, Any] = field(default_factory=dict)
    serves: tuple[str, ...] = ()
    at: Mapping[str, Any] = field(default_factory=dict)
    weights: int | None = None
    multiply_adds: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: str = "tested"


@dataclass(frozen=True)
class Trial:
    """What an audit is graded on: `fault`, planted at `rate` in drawn data of `n` examples.

    `fault` says in words what `rate` is a share of. At this size the alarm is to be raised in 90 % of the data sets
    with the fault, and in 5 % of those without.
    """

    n: int
    fault: str
    rate: float


def read_cards(folder: Path) -> dict[str, Card]:
    """The cards of a folder's Python files by the file's name, in alphabetical order; nothing is imported.

    Files without a `CARD` are left out. Raises ValueError if a card is more than literals.
    """
    cards = {file.stem: read_card(file) for file in sorted(folder.glob("*.py"))}
    return {name: card for name, card in cards.items() if card is not None}


def read_card(file: Path) -> Card | None:
    """The file's `CARD`, from its source; None if it has none."""
    return read_record(file, "CARD", Card)


def read_trial(file: Path) -> Trial | None:
    """The file's `TRIAL`, from its source; None if it has none."""
    return read_record(file, "TRIAL", Trial)


def read_record(file: Path, name: str, kind: type[Record]) -> Record | None:
    """What a file states as `NAME = Kind(...)` in literals; None if it does not. Raises ValueError if it is more."""
    source = file.read_text(encoding="utf-8")
    if name not in source:  # parsing costs fifty times as much as looking
        return None
    for statement in ast.parse(source, filename=str(file)).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return _record(value, file, name, kind)
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name and value is not None:
                return _record(value, file, name, kind)
    return None


def _record(value: ast.expr, file: Path, name: str, kind: type[Record]) -> Record:
    where, maker = f"{file}, line {value.lineno}", kind.__name__
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == maker):
        raise ValueError(f"{where}: {name} is written as {maker}(...); got {ast.unparse(value)[:60]}")
    if value.args or any(keyword.arg is None for keyword in value.keywords):
        raise ValueError(f"{where}: {maker} takes its fields by name; name each of them")
    fields: dict[str, Any] = {}
    for keyword in value.keywords:
        try:
            fields[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except ValueError:
            raise ValueError(
                f"{where}: a {name.lower()} holds literals only; {keyword.arg} is {ast.unparse(keyword.value)[:60]}"
            ) from None
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from None
