"""Cells of metadata as values: what is missing, numbers, and the text of a label."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.core.dataset import OWN_COLUMNS

MISSING = frozenset(
    {"", "nan", "null", "na", "n/a", "#n/a", "<na>"}
)  # not "none": that is a class in many sets
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_INTEGRAL = re.compile(r"-?(0|[1-9]\d{0,17})(\.0*)?")
_FLOAT = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")


def text_of(cell: Any) -> str | None:
    """The cell as stripped text; None where it is missing (empty, NaN, null, NA)."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, str):
        text = cell.strip()
    elif isinstance(cell, list | tuple):
        return "|".join(dict.fromkeys(filter(None, map(text_of, cell)))) or None
    elif isinstance(cell, dict):
        text = json.dumps(cell, ensure_ascii=False, default=str)
    else:
        text = str(cell)
    return None if text.lower() in MISSING else _storable(text)


def _storable(text: str) -> str:
    """Lone surrogates, which JSON can smuggle in, written as escapes: no table or file could hold them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def label_texts(cells: Iterable[Any]) -> list[str | None]:
    """Every cell as a label: whole numbers without a fraction (`0.0` is `0`), several labels joined by one `|`."""
    texts = [text_of(cell) for cell in cells]
    if all(text is None or _INTEGRAL.fullmatch(text) for text in texts):
        return [None if text is None else str(int(text.split(".")[0])) for text in texts]
    return [None if text is None else joined(text) for text in texts]


def joined(text: str) -> str | None:
    """`a| b||a` as `a|b`: each label once, in the order given."""
    if "|" not in text:
        return text
    return "|".join(dict.fromkeys(label for part in text.split("|") if (label := part.strip()))) or None


def values_of(cells: Iterable[Any]) -> list[Any]:
    """An attribute's values, all of one type: bool, int, float or str, with None where missing.

    Text is a number only where nothing is lost: `007` stays text.
    """
    cells = list(cells)
    texts = [text_of(cell) for cell in cells]
    given = [cell for cell, text in zip(cells, texts, strict=True) if text is not None]
    if given and all(isinstance(cell, bool) for cell in given):
        return [None if text is None else bool(cell) for cell, text in zip(cells, texts, strict=True)]
    if not given or any(isinstance(cell, bool | list | tuple | dict) for cell in given):
        return texts
    known = [text for text in texts if text is not None]
    if all(_INTEGER.fullmatch(text) for text in known):
        return [None if text is None else int(text) for text in texts]
    if all(_FLOAT.fullmatch(text) and not re.match(r"-?0\d", text) for text in known):
        return [None if text is None else float(text) for text in texts]
    return texts


def attribute_names(names: Sequence[str]) -> dict[str, str]:
    """Column names as attributes; those that a Dataset keeps for itself become `given_…`."""
    chosen: dict[str, str] = {}
    for name in names:
        attribute = _storable(name)
        while (
            attribute in OWN_COLUMNS
            or attribute in chosen.values()
            or (attribute != name and attribute in names)
        ):
            attribute = f"given_{attribute}"
        chosen[name] = attribute
    return chosen


def numbers_of(texts: NDArray[np.object_], *, fewest: int = 1) -> NDArray[np.float64] | None:
    """A column of texts as numbers, nan where missing; None unless every stated one is a finite number and at least
    `fewest` differ."""
    found = np.full(len(texts), np.nan)
    for place, text in enumerate(texts.tolist()):
        if text is None:
            continue
        try:
            found[place] = float(text)
        except ValueError:
            return None
    known = found[~np.isnan(found)]
    return found if np.isfinite(known).all() and len(np.unique(known)) >= fewest else None
