"""Numbers that say what they stand on, and sentences that are checked against them."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One number with its interval, the number of examples behind it and how the interval was made.

    `of` narrows it (a class, a group); `note` says what the reader must know (why an interval is missing).
    `low` and `high` are NaN where no interval can be given, and then `note` says why.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    method: str
    of: str = ""
    confidence: float = 0.95
    unit: str = "share"
    seeds: tuple[int, ...] = ()
    note: str = ""

    def record(self) -> dict[str, Any]:
        """As JSON keeps it: NaN becomes null, because JSON has no NaN."""
        entry = asdict(self) | {"seeds": list(self.seeds)}
        return {key: None if value != value else value for key, value in entry.items()}

    @staticmethod
    def from_record(entry: dict[str, Any]) -> "Measured":
        numbers = {
            key: float("nan") if entry[key] is None else float(entry[key]) for key in ("value", "low", "high")
        }
        return Measured(**(entry | numbers | {"seeds": tuple(entry.get("seeds", ()))}))

    def __str__(self) -> str:
        interval = f" [{self.low:.3f}, {self.high:.3f}]" if self.low == self.low else ""
        return f"{self.value:.3f}{interval} (n={self.n})"


class Verdict(StrEnum):
    """What a bound and an interval say together."""

    STANDS = "stands"
    FAILS = "fails"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Claim:
    """A sentence with a bound: `name >= bound` or `name <= bound`."""

    name: str
    at_least: bool
    bound: float

    def verdict(self, measured: Measured) -> Verdict:
        """*stands* if the whole interval is inside the bound, *fails* if it is all outside, else *cannot tell*."""
        if measured.low != measured.low or measured.high != measured.high:
            return Verdict.CANNOT_TELL
        inside = measured.low >= self.bound if self.at_least else measured.high <= self.bound
        outside = measured.high < self.bound if self.at_least else measured.low > self.bound
        return Verdict.STANDS if inside else Verdict.FAILS if outside else Verdict.CANNOT_TELL
