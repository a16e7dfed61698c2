"""What a technique says of itself."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Card:
    """A technique's title, idea and source; written with literals only, so that it can be read without an import.

    `on` and `off` are keyword arguments of the member's function: with `off` it changes nothing, exactly.
    `serves` names the tasks it is for (empty: all). `weights` and `multiply_adds` are counts for one image
    of a network built with the arguments `at`.
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
    status: str = "tested"


def read_cards(folder: Path) -> dict[str, Card]:
    """The cards of a folder's Python files by the file's name, in alphabetical order; nothing is imported.

    Files without a `CARD` are left out. Raises ValueError if a card is more than literals.
    """
    cards = {file.stem: read_card(file) for file in sorted(folder.glob("*.py"))}
    return {name: card for name, card in cards.items() if card is not None}


def read_card(file: Path) -> Card | None:
    """The file's `CARD`, from its source; None if it has none."""
    source = file.read_text(encoding="utf-8")
    if "CARD" not in source:  # parsing costs fifty times as much as looking
        return None
    for statement in ast.parse(source, filename=str(file)).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="CARD")], value=value)
                | ast.AnnAssign(target=ast.Name(id="CARD"), value=value)
            ) if value is not None:
                return _card(value, file)
    return None


def _card(value: ast.expr, file: Path) -> Card:
    where = f"{file}, line {value.lineno}"
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Card"):
        raise ValueError(f"{where}: CARD is written as Card(...); got {ast.unparse(value)[:60]}")
    if value.args or any(keyword.arg is None for keyword in value.keywords):
        raise ValueError(f"{where}: Card takes its fields by name; name each of them")
    fields: dict[str, Any] = {}
    for keyword in value.keywords:
        try:
            fields[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except ValueError:
            raise ValueError(
                f"{where}: a card holds literals only; {keyword.arg} is {ast.unparse(keyword.value)[:60]}"
            ) from None
    try:
        return Card(**fields)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from None
