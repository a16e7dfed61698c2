"""Explanations as pictures: one PNG for each image, and a page that holds the first of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.files import atomic, cannot_write, write_json
from vidi.core.measured import Verdict
from vidi.documents import explain_page, overlays
from vidi.documents.panels import Panel, Row, figure
from vidi.explanations.believing import Method
from vidi.verbs.believed import Belief
from vidi.verbs.looking import Explanation

FILE, PAGE, PICTURES = "explanations.json", "explanations.html", "pictures"
ON_PAGE = 24


def checked_folder(path: Path, page: str) -> Path:
    """The folder, made if need be; raises UsageError if it holds anything but what wrote this `page` before."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out wants a folder; {path} is a file")
    if path.is_dir() and any(path.iterdir()) and not (path / page).exists():
        raise UsageError(
            f"--out wants a new folder or that of an earlier explanation; {path} holds other files"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


@dataclass
class Pictured:
    """Writes each explanation as it comes and remembers what the page is to show."""

    folder: Path
    methods: Mapping[str, Method]
    beliefs: Mapping[str, Belief]
    shown: list[explain_page.Shown] = field(default_factory=list)
    count: int = 0

    def add(self, found: Explanation) -> Explanation:
        """The same without its arrays, once they are on the disk."""
        self.count += 1
        if found.error or found.photo is None:
            return found
        rows = self.rows(found)
        name = f"{self.count:04}-{safe(found.name)}.png"
        with atomic(self.folder / PICTURES / name) as stream:
            stream.write(figure(rows))
        if len(self.shown) < ON_PAGE:
            self.shown.append(explain_page.Shown(found.name, tuple(rows)))
        return replace(found, photo=None, maps={}, contrasts={})

    def rows(self, found: Explanation) -> list[Row]:
        """The photo and its maps; below, why this label and not the other."""
        assert found.photo is not None
        probability = found.probabilities[found.label]
        says = (
            f"{found.what}: {found.label}"
            if found.what
            else f"the model says {found.prediction or 'no label'}"
        )
        of = "" if found.what or found.prediction == found.label else f"; explained is {found.label}"
        what = f"{Path(found.name).name}: {says}{of} ({probability:.0%})"
        photo = Panel("the photo", overlays.outlined(found.photo, found.outline))
        panels = [self._panel(name, found, found.maps[name]) for name in found.maps]
        rows = [Row(what, [photo, *panels], self._legends(list(found.maps)))]
        if found.contrasts and found.against is not None:
            other = f"{found.against} ({found.probabilities[found.against]:.0%})"
            against = [self._panel(name, found, values) for name, values in found.contrasts.items()]
            legend = overlays.legend(signed=True, words=(f"for {found.against}", f"for {found.label}"))
            rows.append(Row(f"Why {found.label} and not {other}", against, [legend]))
        return rows

    def _panel(self, name: str, found: Explanation, values: Any) -> Panel:
        assert found.photo is not None
        method, belief = self.methods[name], self.beliefs[name]
        image = overlays.overlay(found.photo, values, signed=bool(method.facts["signed"]))
        return Panel(method.title, overlays.outlined(image, found.outline), note(belief), struck=belief.fails)

    def _legends(self, names: Sequence[str]) -> list[overlays.Legend]:
        signed = {bool(self.methods[name].facts["signed"]) for name in names}
        return [overlays.legend(signed=kind) for kind in sorted(signed)]

    def finish(self, content: Mapping[str, Any], titles: Mapping[str, str], run: str) -> Path:
        """The page and what it stands on, beside the pictures; returns the page's path."""
        write_json(self.folder / FILE, {"schema": "vidi/explanation/1", **content})
        judged = [
            explain_page.Judged(titles[one.method], kind(one), one.reason) for one in self.beliefs.values()
        ]
        page = explain_page.render(run=run, shown=self.shown, judged=judged, images=self.count)
        with atomic(self.folder / PAGE, "w") as stream:
            stream.write(page)
        return self.folder / PAGE


def kind(belief: Belief) -> str:
    """`passes`, `fails`, `cannot tell`, `not checked` or `not for this network`."""
    if belief.impossible:
        return "not for this network"
    if not belief.checked:
        return "not checked"
    return {Verdict.STANDS: "passes", Verdict.FAILS: "fails"}.get(belief.verdict, "cannot tell")


def note(belief: Belief) -> str:
    """What stands below a map: the reason, and where the checks can't tell only that."""
    if belief.checked and belief.verdict is Verdict.CANNOT_TELL:
        return f"cannot tell yet: {belief.images} images are too few"
    return f"not checked: {belief.reason}" if kind(belief) == "not checked" else belief.reason


def safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", Path(name).stem, flags=re.UNICODE).strip("-.")[:60] or "image"
