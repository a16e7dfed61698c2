"""A table of errors by group that somebody has published, read as if its examples had been listed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vidi.audits import published
from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.data.published import read_published
from vidi.verbs.answered import Found


def published_answers(
    path: Path, *, counts: str | None, error: str | None, by: Sequence[str], others: Mapping[str, object]
) -> Found:
    """The answers that the table's cells count, by the reading that agrees best with its totals, and what to say of it.

    `others` are options by their flags: such a table has no place for them. Raises UsageError if one is given, and for
    what can't be used.
    """
    given = [flag for flag, value in others.items() if value]
    if given:
        raise UsageError(
            f"a published table (--counts, --error) has groups and no single examples; leave out {', '.join(given)}"
        )
    if counts is None or error is None:
        raise UsageError(
            "a published table wants both --counts and --error: the examples of each group, and its error"
        )
    if not path.is_file():
        raise UsageError(f"{path} is no file; --counts and --error name columns of a published table")
    table = read_published(path, counts=counts, error=error, by=by)
    found = published.readings(table.n, table.percent, table.stated)
    best = found[0]
    remarks = [
        Remark(
            "total",
            ", ".join(total.group) or "all",
            f"stated {total.stated:g} % of errors, the cells make {total.derived:.1f} %",
        )
        for total in best.totals
        if abs(total.apart) > published.TOLERANCE
    ]
    said = [published.sentence(found)] if table.stated else ["no totals are stated, so none could be checked"]
    return Found(table.answers(best.chosen), tuple(remarks), sentences=tuple(said), only_accuracy=True)
