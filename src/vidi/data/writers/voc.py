"""Pascal VOC: JPEGImages/, an XML file for each image in Annotations/, lists of the splits in ImageSets/Main/."""

from pathlib import Path
from xml.sax.saxutils import escape

from vidi.core.annotations import Instance
from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.progress import Say
from vidi.data.exporting import Lost, Placed, drawn, number, placed, write_bytes, write_text

CARD = Card(
    title="Pascal VOC XML",
    idea="Boxes, difficult flags, poses and single outlines in an XML file for each image.",
    paper="Everingham et al. 2010, The Pascal Visual Object Classes (VOC) challenge, IJCV 88",
    differs="Coordinates are edges of pixels, with fractions where they have some, as labelling tools write them.",
)
KEPT = ("pose", "truncated", "occluded")


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`; what VOC cannot hold, counted."""
    lost, lists = Lost(), dict[str, list[str]]()
    width, height = dataset.column("width"), dataset.column("height")
    for place in placed(dataset, say):
        annotation = drawn(dataset, place.row, "Pascal VOC XML")
        lost.add("class maps", annotation.mask is not None)
        for each in annotation.objects:
            losses(each, lost)
        write_bytes(out / "JPEGImages" / place.name, place.content)
        text = document(place, annotation.objects, int(width[place.row]), int(height[place.row]))
        write_text(out / "Annotations" / f"{place.stem}.xml", text)
        if place.split:
            lists.setdefault(place.split, []).append(place.stem)
    for split, stems in lists.items():
        write_text(out / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{stem}\n" for stem in stems))
    if dataset.scheme is not None:
        seen = {label for target in dataset.column("target") for label in str(target).split("|")}
        lost.add("classes that are never drawn", len(set(dataset.labels) - seen))
        lost.add("names of keypoints", sum(bool(each.keypoints) for each in dataset.scheme.categories))
        lost.add(
            "classes' upper categories", sum(each.above is not None for each in dataset.scheme.categories)
        )
    lost.add("columns of metadata", len(dataset.attributes))
    return lost


def losses(each: Instance, lost: Lost) -> None:
    lost.add("crowd flags", each.crowd)
    lost.add("objects' keypoints", bool(each.keypoints))
    lost.add("objects' masks (only boxes are kept)", each.has_mask and len(each.polygons) != 1)
    lost.add("further values of objects", len(set(each.more) - {*KEPT, "area"}))


def document(place: Placed, objects: tuple[Instance, ...], width: int, height: int) -> str:
    lines = [
        "<annotation>",
        f"  <filename>{clean(place.name)}</filename>",
        "  <source><database>vidi</database></source>",
        f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>",
        "  <segmented>0</segmented>",
    ]
    for each in objects:
        lines += ["  <object>", f"    <name>{clean(each.label)}</name>"]
        lines += [f"    <{key}>{clean(str(each.more[key]))}</{key}>" for key in KEPT if key in each.more]
        lines += [f"    <difficult>{int(each.difficult)}</difficult>"]
        corners = zip(("xmin", "ymin", "xmax", "ymax"), each.box, strict=True)
        lines += [
            "    <bndbox>" + "".join(f"<{name}>{number(v)}</{name}>" for name, v in corners) + "</bndbox>"
        ]
        if len(each.polygons) == 1:
            points = each.polygons[0]
            pairs = [
                f"<x{n}>{points[2 * n - 2]!r}</x{n}><y{n}>{points[2 * n - 1]!r}</y{n}>"
                for n in range(1, len(points) // 2 + 1)
            ]
            lines += ["    <polygon>" + "".join(pairs) + "</polygon>"]
        lines += ["  </object>"]
    return "\n".join([*lines, "</annotation>"]) + "\n"


def clean(text: str) -> str:
    """Text as XML holds it: without the control characters that no XML may have."""
    return escape("".join(letter for letter in text if letter.isprintable()))
