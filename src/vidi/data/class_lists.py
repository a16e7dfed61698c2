"""The file beside masks that says which number or colour is which class, in the ways people write one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from vidi.data.annotated import clean
from vidi.data.listing import Remarks
from vidi.data.parsing import Malformed, content, read_json, read_yaml

NAME = re.compile(r"(class|label|code|categor|palette|colou?r)", re.IGNORECASE)
SUFFIXES = (".txt", ".csv", ".yaml", ".yml", ".json", ".tsv")
IGNORED = re.compile(r"\b(void|ignored?|unlabel\w*|don'?t[ _]care|unknown|no[ _]data)\b", re.IGNORECASE)
LARGEST = 1 << 20


@dataclass(frozen=True)
class ClassList:
    """Classes by number (a colour is red x 65536 + green x 256 + blue, where `colour`); `ignored` count for nothing."""

    names: Mapping[int, str]
    ignored: Mapping[int, str] = field(default_factory=dict)
    colour: bool = False
    file: str = ""


def class_list(root: Path, others: Sequence[str], remarks: Remarks) -> ClassList | None:
    """The first file at the top (or one folder down) that is named like a list of classes and reads as one."""
    named = [
        name
        for name in others
        if name.count("/") < 2 and name.lower().endswith(SUFFIXES) and NAME.search(PurePosixPath(name).stem)
    ]
    for name in sorted(named, key=lambda n: (n.count("/"), "detect" in n, n)):
        found = read_list(root / name)
        if found:
            told, colour = found
            kept = {number: label for number, label in told.items() if not IGNORED.search(label)}
            ignored = {number: label for number, label in told.items() if number not in kept}
            return ClassList(_distinct(kept), ignored, colour, name)
        remarks.add("layout", name, "is no list of classes that can be read; not used")
    return None


def _distinct(names: Mapping[int, str]) -> dict[int, str]:
    """Names told apart by their number where two are the same."""
    all_names = list(names.values())
    return {n: f"{name} ({n})" if all_names.count(name) > 1 else name for n, name in names.items()}


def read_list(path: Path) -> tuple[dict[int, str], bool] | None:
    """Names by number, and whether the numbers are colours; None if the file is none."""
    try:
        suffix = path.suffix.lower()
        if suffix in (".yaml", ".yml", ".json"):
            told = read_json(path) if suffix == ".json" else read_yaml(path)
            return _from_mapping(told)
        return _from_lines(content(path, LARGEST).decode("utf-8-sig", errors="replace").splitlines())
    except Malformed:
        return None


def _from_mapping(told: Any) -> tuple[dict[int, str], bool] | None:
    """`classes: {0: road}`, `names: [road, sky]`, `{"road": 0}`, `{"road": [1, 2, 3]}`."""
    if isinstance(told, dict):
        told = next((told[key] for key in ("classes", "names", "labels", "categories") if key in told), told)
    if isinstance(told, list) and all(isinstance(each, str) for each in told):
        return ({number: clean(name) for number, name in enumerate(told)}, False) if told else None
    if not isinstance(told, dict):
        return None
    found: dict[int, str] = {}
    colour = False
    for key, value in told.items():
        if isinstance(value, str) and str(key).isdecimal():
            found[int(key)] = clean(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            found[value] = clean(str(key))
        elif isinstance(value, list) and len(value) == 3 and all(_byte(v) for v in value):
            found[packed(*value)], colour = clean(str(key)), True
    return (found, colour) if found else None


def _byte(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= 255


def packed(red: int, green: int, blue: int) -> int:
    """A colour as one number."""
    return red << 16 | green << 8 | blue


def _from_lines(lines: Sequence[str]) -> tuple[dict[int, str], bool] | None:
    """`0 road`, `road`, `road,128,64,128`, `128 64 128 road`, `road:128,64,128::`; headings and # lines are skipped."""
    rows = [
        re.split(r"[\s,;:]+", line.strip()) for line in lines if line.strip() and not line.startswith("#")
    ]
    rows = [[word for word in row if word] for row in rows]
    if (
        rows
        and not any(word.isdecimal() for word in rows[0])
        and any(any(word.isdecimal() for word in row) for row in rows[1:])
    ):
        rows = rows[1:]
    if not rows or not all(rows):
        return None
    colours = [_colour(row) for row in rows]
    if all(each is not None for each in colours):
        return dict(each for each in colours if each is not None), True
    if all(row[0].isdecimal() and len(row[0]) < 7 and len(row) > 1 for row in rows):
        return {int(row[0]): clean(" ".join(row[1:])) for row in rows}, False
    if not any(row[0].isdecimal() for row in rows):
        return {number: clean(" ".join(row)) for number, row in enumerate(rows)}, False
    return None


def _colour(row: Sequence[str]) -> tuple[int, str] | None:
    """Three bytes and a name, in either order."""
    for values, name in ((row[:3], row[3:]), (row[1:4], row[:1]), (row[-3:], row[:-3])):
        if len(values) == 3 and name and all(v.isdecimal() and len(v) < 4 and int(v) < 256 for v in values):
            words = [word for word in name if not word.isdecimal()]
            if words:
                red, green, blue = map(int, values)
                return packed(red, green, blue), clean(" ".join(words))
    return None


def natural(text: str) -> tuple[Any, ...]:
    """A sorting key: numbers first, by value; then text in which runs of digits count by their value."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return (0, float(text), text)
    pieces = (piece for piece in re.split(r"([0-9]+)", text.casefold()) if piece)
    return (
        1,
        *((0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p) for p in pieces),
        (-1, 0, text),
    )
