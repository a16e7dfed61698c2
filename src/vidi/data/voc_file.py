"""One Pascal VOC XML file: its image, and its objects as far as they can be used."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from vidi.core.annotations import Instance
from vidi.data.annotated import clean
from vidi.data.listing import Remarks
from vidi.data.parsing import Malformed

CORNERS = ("xmin", "ymin", "xmax", "ymax")
MORE = ("pose", "truncated", "occluded")
KNOWN = frozenset({"name", "bndbox", "difficult", "polygon", *MORE})


@dataclass(frozen=True)
class VocFile:
    """The image that it names, that image's size if stated, and its objects."""

    filename: str
    size: tuple[int, int] | None
    objects: tuple[Instance, ...]


def parsed(root: Element, name: str, remarks: Remarks) -> VocFile:
    """The file's content; raises Malformed if it is none of VOC's."""
    if root.tag != "annotation":
        raise Malformed(f"its root is <{root.tag[:40]}>, not <annotation>")
    # The devkit counts pixels from 1 and includes both ends; everybody else writes edges.
    shift = 1.0 if re.search(r"\bVOC(\b|20)", text(root, "source/database")) else 0.0
    objects = []
    for place, each in enumerate(root.findall("object")):
        made = instance(each, f"{name}, object {place + 1}", remarks, shift=shift)
        if made is not None:
            objects.append(made)
    return VocFile(text(root, "filename"), size_of(root), tuple(objects))


def text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def size_of(root: Element) -> tuple[int, int] | None:
    """Width and height where both are stated; labelling tools write 0 for not known."""
    try:
        width, height = (int(float(text(root, f"size/{side}"))) for side in ("width", "height"))
    except (ValueError, OverflowError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def instance(each: Element, where: str, remarks: Remarks, *, shift: float) -> Instance | None:
    """An object; None, and why, if it has no name or no box."""
    label = clean(text(each, "name"))
    if not label:
        remarks.add("annotation", where, "has no name; left out")
        return None
    corners = [text(each, f"bndbox/{corner}") for corner in CORNERS]
    try:
        x1, y1, x2, y2 = map(float, corners)
    except ValueError:
        what = (
            "has no box"
            if each.find("bndbox") is None
            else f"has a box that is not four numbers: {corners}"[:120]
        )
        remarks.add("annotation", where, f"{what}; left out")
        return None
    more = {key: text(each, key) for key in MORE if text(each, key) not in ("", "0", "Unspecified")}
    others = sorted({child.tag for child in each} - KNOWN)
    if others:
        remarks.add("annotation", where, f"has {', '.join(others)[:100]}, which is not read")
    return Instance(
        label,
        (x1 - shift, y1 - shift, x2, y2),
        difficult=text(each, "difficult") not in ("", "0", "false", "False"),
        polygons=polygon(each),
        more=more,
    )


def polygon(each: Element) -> tuple[tuple[float, ...], ...]:
    """The outline x1, y1, x2, y2, … that some tools add; nothing if there is none or it is not of numbers."""
    found = each.find("polygon")
    if found is None:
        return ()
    points: list[float] = []
    try:
        for place in range(1, len(found) // 2 + 1):
            points += [float(text(found, f"x{place}")), float(text(found, f"y{place}"))]
    except ValueError:
        return ()
    return (tuple(points),) if points else ()
