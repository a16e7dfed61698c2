"""What is true of a scene, for every task: label, boxes, masks, counts and a sentence."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vidi.data.drawn.draw import coverage
from vidi.data.drawn.scene import Background, Scene, Shape
from vidi.data.drawn.shapes import SHAPES, extremes

MOSTLY = 0.5  # a pixel belongs to a shape that covers at least half of it
ADJECTIVES = {"plain": "", "stripes": "striped ", "dots": "dotted ", "checks": "checked "}
NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


@dataclass(frozen=True)
class Truth:
    """The truth of one picture; row i of masks and boxes is the scene's shape i, hindmost first.

    A pixel belongs to a shape that covers at least half of it. `whole` is that as if each shape stood alone,
    `visible` without what shapes in front hide. `semantic` is 0 for background, else 1 + the place of the kind in
    SHAPES. Boxes are corners (x1, y1, x2, y2) in pixels: `boxes` fit the visible pixels (all 0 where there is
    none), `whole_boxes` fit the outline and may reach beyond the image.
    """

    whole: Bool[np.ndarray, "n s s"]
    visible: Bool[np.ndarray, "n s s"]
    semantic: UInt8[np.ndarray, "s s"]
    boxes: Float[np.ndarray, "n 4"]
    whole_boxes: Float[np.ndarray, "n 4"]
    label: str | None
    caption: str
    shape_counts: Mapping[str, int]
    colour_counts: Mapping[str, int]


def truth(scene: Scene, size_px: int) -> Truth:
    """All that is true of a scene drawn at `size_px`. Counts and caption speak of shapes with a visible pixel."""
    whole = np.zeros((len(scene.shapes), size_px, size_px), dtype=bool)
    for place, shape in enumerate(scene.shapes):
        whole[place] = coverage(shape, size_px) >= MOSTLY
    visible, semantic = whole.copy(), np.zeros((size_px, size_px), dtype=np.uint8)
    for place, shape in enumerate(scene.shapes):
        visible[:place] &= ~whole[place]
        semantic[whole[place]] = 1 + SHAPES.index(shape.kind)
    boxes = np.array([box_of(mask) for mask in visible], dtype=np.float64).reshape(-1, 4)
    outlines = np.array([whole_box(shape, size_px) for shape in scene.shapes]).reshape(-1, 4)
    seen = [shape for shape, mask in zip(scene.shapes, visible, strict=True) if mask.any()]
    return Truth(
        whole=whole,
        visible=visible,
        semantic=semantic,
        boxes=boxes,
        whole_boxes=outlines,
        label=scene.main.kind if scene.shapes else None,
        caption=caption(seen, scene.background),
        shape_counts=Counter(shape.kind for shape in seen),
        colour_counts=Counter(shape.colour for shape in seen),
    )


def box_of(mask: Bool[np.ndarray, "h w"]) -> tuple[float, float, float, float]:
    """The tight box around the true pixels; all 0 if there is none."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def whole_box(shape: Shape, size_px: int) -> tuple[float, float, float, float]:
    """The box around the outline in pixels, whatever hides it, also beyond the image."""
    left, top, right, bottom = extremes(shape.kind, shape.angle_deg)
    return (
        (shape.x + left * shape.size) * size_px,
        (shape.y + top * shape.size) * size_px,
        (shape.x + right * shape.size) * size_px,
        (shape.y + bottom * shape.size) * size_px,
    )


def caption(shapes: list[Shape], background: Background) -> str:
    """One sentence: alike shapes are counted together; of exactly two shapes it says where the first one is."""
    if not shapes:
        sentence = "nothing"
    elif len(shapes) == 2:
        first, second = shapes[::-1]
        sentence = f"{noun(first, 1)} {beside(first, second)} {noun(second, 1)}"
    else:
        alike = Counter((shape.texture, shape.colour, shape.kind) for shape in shapes)
        parts = [noun(Shape(kind, colour, texture), n) for (texture, colour, kind), n in alike.items()]
        sentence = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    sentence = f"{sentence} on {behind(background)}."
    return sentence[0].upper() + sentence[1:]


def noun(shape: Shape, count: int) -> str:
    """`a striped red disc`, `two crosses`."""
    name = f"{ADJECTIVES[shape.texture]}{shape.colour} {shape.kind}"
    if count == 1:
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    number = NUMBERS[count] if count < len(NUMBERS) else str(count)
    return f"{number} {name}{'es' if name.endswith('s') else 's'}"


def beside(one: Shape, other: Shape) -> str:
    """Where `one` is as seen from `other`, along the axis on which their centres are further apart."""
    right, down = one.x - other.x, one.y - other.y
    if abs(right) >= abs(down):
        return "to the right of" if right > 0 else "to the left of"
    return "below" if down > 0 else "above"


def behind(background: Background) -> str:
    """`a plain mist background`."""
    if background.kind == "plain":
        return f"a plain {background.colour} background"
    both = f"{background.colour} and {background.other}"
    words = {"gradient": "graded", "noise": "cloudy"}
    return f"a {words.get(background.kind, ADJECTIVES.get(background.kind, '').strip())} {both} background"
