"""What a technique says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
