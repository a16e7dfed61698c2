"""explanations.html: maps over photos as a page that needs nothing but itself; what failed its checks is struck out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vidi.documents import text
from vidi.documents.frame import page
from vidi.documents.overlays import Legend, jpeg
from vidi.documents.panels import Row
from vidi.documents.pictures import Album

SIGNS = {"passes": ("stands", "✓"), "fails": ("fails", "✗"), "not for this network": ("doubt", "–")}


@dataclass(frozen=True)
class Shown:
    """One image of the page: its name, and its rows of panels."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Judged:
    """A method's title, what the checks came to in a word or two, and why."""

    title: str
    kind: str
    reason: str

    @property
    def classes(self) -> str:
        return SIGNS.get(self.kind, ("doubt", "?"))[0]

    @property
    def sign(self) -> str:
        return SIGNS.get(self.kind, ("doubt", "?"))[1]


def render(*, run: str, shown: Sequence[Shown], judged: Sequence[Judged], images: int) -> str:
    """The whole page as HTML; every text from outside is escaped, every picture is inside."""
    found, refused = listed_images(shown)
    order = ("passes", "cannot tell", "not checked", "fails", "not for this network")
    return page(
        "explain.html",
        run=run,
        images=found,
        more=images - len(shown),
        judged=sorted(judged, key=lambda one: order.index(one.kind)),
        said=summary(judged),
        refused=refused,
    )


def summary(judged: Sequence[Judged]) -> str:
    """How many methods pass on this model, in a sentence."""
    passing = [one.title for one in judged if one.kind == "passes"]
    failing = sum(one.kind == "fails" for one in judged)
    told = (
        f"{text.listed(passing)} {'pass' if len(passing) > 1 else 'passes'} every check on this model"
        if passing
        else ("No method passes every check on this model")
    )
    return (
        f"{told}; {text.counted(failing, 'method')} {'fail' if failing > 1 else 'fails'}."
        if failing
        else f"{told}."
    )


def listed_images(shown: Sequence[Shown]) -> tuple[list[dict[str, Any]], int]:
    """Each image's rows with their pictures inside, and how many pictures found no room."""
    kept: dict[str, bytes] = {}
    album = Album(kept.get)
    return [_image(place, one, kept, album) for place, one in enumerate(shown)], album.refused


def _image(place: int, one: Shown, kept: dict[str, bytes], album: Album) -> dict[str, Any]:
    rows = []
    for number, row in enumerate(one.rows):
        panels = []
        for column, panel in enumerate(row.panels):
            name = f"{place}-{number}-{column}"
            kept[name] = jpeg(panel.image)
            panels.append({"panel": panel, "source": album(name), "id": name})
        rows.append({"said": row.said, "panels": panels, "legends": [_legend(each) for each in row.legends]})
    return {"name": one.name, "rows": rows}


def _legend(legend: Legend) -> dict[str, str]:
    """The bar as a gradient of a few colours, between its words."""
    steps = legend.bar[0, :: max(1, legend.bar.shape[1] // 16)]
    colours = ", ".join(f"rgb({red},{green},{blue})" for red, green, blue in steps.tolist())
    return {"low": legend.low, "high": legend.high, "colours": f"linear-gradient(90deg, {colours})"}
