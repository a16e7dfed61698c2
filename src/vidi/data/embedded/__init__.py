"""The data sets that come with vidi."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Embedded:
    """A data set to try things out on: where it is, how it is read, and what may surprise of a run on it."""

    name: str
    path: Path
    read: Mapping[str, Any] = field(default_factory=dict)
    remark: str = ""


def sign_digits() -> Path:
    """A Parquet file: 2,062 photos of hands that show the digits 0 to 9 (columns image, digit, student)."""
    return HERE / "sign_digits.parquet"


def blood_cells() -> Path:
    """A folder of Parquet files, one a split: 160 photos of blood smears with boxes around red cells, white cells and
    platelets."""
    return HERE / "blood_cells"


DEMOS = {
    "classification": Embedded(
        "sign-digits",
        sign_digits(),
        {"target": "digit", "group": "student"},
        "The photos are split by student, so that no hand is on both sides. (Here a careless, random split would\n"
        "flatter nothing; on most data with people in it, it does.)",
    ),
    "detection": Embedded(
        "blood-cells",
        blood_cells(),
        {"task": "detection"},
        "Red cells at the edge and under others are often not drawn in this set: some of what counts as a false alarm\n"
        "is a cell.",
    ),
}
