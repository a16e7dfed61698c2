"""attack.html: what survives an attack, whether the attack is to be believed, and images before and after."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from vidi.core.measured import Measured
from vidi.documents.explain_page import Shown, listed_images
from vidi.documents.frame import page
from vidi.documents.panels import Row


@runtime_checkable
class Rule(Protocol):
    """One thing that an attack must keep on any network."""

    @property
    def rule(self) -> str: ...
    @property
    def holds(self) -> bool: ...
    @property
    def seen(self) -> str: ...


def render(
    *,
    run: str,
    attack: str,
    norm: str,
    epsilon: float,
    target: str | None,
    what: str,
    measured: Sequence[Measured],
    rules: Sequence[Rule],
    rows: Sequence[Row],
) -> str:
    """The whole page as HTML; `epsilon` is in grey levels."""
    images, refused = listed_images([Shown(row.said, (row,)) for row in rows])
    return page(
        "attack.html",
        run=run,
        how=f"{attack}, {norm} ≤ {epsilon:g}/255{f', towards {target}' if target else ''}",
        what=what,
        measured=measured,
        rules=rules,
        broken=[rule for rule in rules if not rule.holds],
        images=images,
        refused=refused,
    )
