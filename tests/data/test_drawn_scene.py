"""Drawn scenes: areas, symmetries and occlusion in the pixels, and a truth that agrees with them."""

from dataclasses import replace

import numpy as np
import pytest

from vidi.data.drawn.draw import coverage, draw, foreground, ground
from vidi.data.drawn.scene import BACKGROUNDS, Background, Scene, Shape, from_text, to_text
from vidi.data.drawn.shapes import AREAS, COLOURS, GROUNDS, HALF_SQUARE, SHAPES, TEXTURES
from vidi.data.drawn.truth import truth
from vidi.data.drawn.world import World, random_scene

SYMMETRIC_AFTER = {
    "square": 90.0,
    "triangle": 120.0,
    "star": 72.0,
    "cross": 90.0,
    "semicircle": 360.0,
    "hexagon": 60.0,
}
CROWD = World(
    shapes=SHAPES, colours=tuple(COLOURS), count=(2, 6), size=(0.1, 0.25), overlap=0.6, inside=False
)


def crowds(count: int, **changed) -> list[Scene]:
    world = replace(CROWD, **changed)
    return [random_scene(np.random.default_rng([7, number]), world) for number in range(count)]


def alike(one: np.ndarray, other: np.ndarray, *, most: float = 0.005) -> bool:
    """Equal but for a few samples that lie on an edge, where rounding decides."""
    return one.shape == other.shape and float((one != other).mean()) <= most


def test_by_hand():
    square = Shape("square", "red", x=0.5, y=0.25, size=0.125 / HALF_SQUARE)  # 16 of 64 pixels wide
    image = draw(Scene((square,), Background("plain", "moss")), 64)
    assert (image[8:24, 24:40] == COLOURS["red"]).all()
    image[8:24, 24:40] = GROUNDS["moss"]
    assert (image == GROUNDS["moss"]).all()
    known = truth(Scene((square,)), 64)
    assert known.boxes.tolist() == [[24, 8, 40, 24]] and known.visible.sum() == 256
    np.testing.assert_allclose(known.whole_boxes, known.boxes)


@pytest.mark.parametrize("kind", SHAPES)
def test_area(kind):
    for angle_deg in (0.0, 17.0, 200.0):
        shape = Shape(kind, "red", x=0.49, y=0.52, size=0.4, angle_deg=angle_deg)
        assert coverage(shape, 96).sum() == pytest.approx(AREAS[kind] * (0.4 * 96) ** 2, rel=0.01)


@pytest.mark.parametrize("kind", SHAPES)
def test_rotation_by_its_symmetry_changes_nothing_and_by_half_of_that_much(kind):
    shape = Shape(kind, "red", x=0.51, y=0.47, size=0.4, angle_deg=13.0)
    drawn = coverage(shape, 64)
    turn = SYMMETRIC_AFTER.get(kind, 41.0)
    assert np.abs(drawn - coverage(replace(shape, angle_deg=13 + turn), 64)).sum() < 1
    if kind in SYMMETRIC_AFTER:
        assert np.abs(drawn - coverage(replace(shape, angle_deg=13 + turn / 2), 64)).sum() > 50


@pytest.mark.parametrize("background", [kind for kind in BACKGROUNDS if kind != "noise"])
def test_a_turned_scene_is_the_turned_picture(background):
    scene = replace(crowds(1)[0], background=Background(background, "sand", "slate", 20.0), grain=0.0)
    shapes = tuple(
        replace(shape, x=1 - shape.y, y=shape.x, angle_deg=shape.angle_deg + 90) for shape in scene.shapes
    )
    turned = replace(scene, shapes=shapes, background=replace(scene.background, angle_deg=110.0))
    one, other = np.rot90(draw(scene, 64), -1).astype(int), draw(turned, 64).astype(int)
    assert alike(one // 4, other // 4, most=0.02) and np.abs(one - other).mean() < 0.2


@pytest.mark.parametrize("texture", TEXTURES)
def test_a_moved_shape_is_the_moved_picture(texture):
    shape = Shape("star", "blue", texture, x=0.4, y=0.5, size=0.2, angle_deg=31.0)
    moved = replace(shape, x=shape.x + 5 / 64, y=shape.y - 9 / 64)
    one, other = draw(Scene((shape,)), 64), draw(Scene((moved,)), 64)
    assert alike(np.roll(one, (-9, 5), axis=(0, 1)), other)
    assert truth(Scene((moved,)), 64).boxes[0] == pytest.approx(
        truth(Scene((shape,)), 64).boxes[0] + [5, -9, 5, -9]
    )


def test_a_larger_picture_shows_the_same():
    for scene in crowds(4, textures=("plain",), backgrounds=("plain", "gradient", "noise"), grain=0.0):
        small = draw(scene, 64)
        large = draw(scene, 128).reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
        assert np.abs(small - large).mean() < 0.7


def test_what_is_drawn_later_is_in_front():
    behind = Shape("disc", "red", x=0.4, size=0.3)
    before = Shape("square", "blue", x=0.6, size=0.3)
    one, other = Scene((behind, before)), Scene((before, behind))
    assert draw(one, 32)[16, 16].tolist() == list(COLOURS["blue"])
    assert draw(other, 32)[16, 16].tolist() == list(COLOURS["red"])
    hidden = truth(one, 32).whole[0] & ~truth(one, 32).visible[0]
    assert (hidden == (truth(one, 32).whole[0] & truth(one, 32).whole[1])).all() and hidden.any()
    assert truth(one, 32).label == "square" and truth(other, 32).label == "disc"
    assert truth(one, 32).boxes[0, 2] < truth(one, 32).whole_boxes[0, 2]


def test_light_multiplies_and_grain_is_noise_of_that_size():
    scene = Scene((Shape("disc", "green"),))
    np.testing.assert_allclose(draw(replace(scene, light=0.5), 32), draw(scene, 32) * 0.5, atol=1)
    noise = draw(replace(scene, grain=6.0, seed=3), 96).astype(float) - draw(scene, 96)
    assert noise.std() == pytest.approx(6, rel=0.05) and abs(noise.mean()) < 0.2
    assert (draw(replace(scene, light=0.0), 8) == 0).all()


def test_the_same_scene_gives_the_same_bytes():
    for scene in crowds(3):
        assert (draw(scene, 48) == draw(from_text(to_text(scene)), 48)).all()
        assert (draw(scene, 48) != draw(replace(scene, seed=scene.seed + 1), 48)).any()


def test_masks_say_what_the_pixels_show():
    for scene in crowds(12, textures=("plain",), grain=0.0):
        scene = replace(scene, light=1.0)
        image, known = draw(scene, 64), truth(scene, 64)
        for shape, mask in zip(scene.shapes, known.visible, strict=True):
            front = scene.shapes[scene.shapes.index(shape) + 1 :]
            alone = (coverage(shape, 64) == 1) & (foreground(Scene(front), 64) == 0)
            assert (mask[alone]).all() and (image[alone] == COLOURS[shape.colour]).all()
        nothing = foreground(scene, 64) == 0
        assert (known.semantic[nothing] == 0).all()
        assert np.abs(image[nothing] - ground(scene, 64)[nothing]).max() <= 0.5


def test_every_pixel_belongs_to_one_thing():
    for scene in crowds(12):
        known = truth(scene, 64)
        assert known.visible.sum(axis=0).max() <= 1
        assert (known.visible.any(axis=0) == known.whole.any(axis=0)).all()
        for shape, mask in zip(scene.shapes, known.visible, strict=True):
            assert (known.semantic[mask] == 1 + SHAPES.index(shape.kind)).all()
        assert ((known.semantic > 0) == known.visible.any(axis=0)).all()


def test_boxes_are_tight():
    for scene in crowds(12):
        known = truth(scene, 64)
        for (x1, y1, x2, y2), mask in zip(known.boxes.astype(int), known.visible, strict=True):
            inside = mask[y1:y2, x1:x2]
            assert inside.sum() == mask.sum() > 0
            assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


@pytest.mark.parametrize("kind", SHAPES)
def test_the_box_of_the_outline_follows_the_pixels(kind):
    for angle_deg in np.arange(0.0, 360.0, 25.0).tolist():
        shape = Shape(kind, "red", x=0.53, y=0.48, size=0.35, angle_deg=angle_deg)
        rows, columns = np.nonzero(coverage(shape, 128))
        touched = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        outline = truth(Scene((shape,)), 128).whole_boxes[0]
        assert np.abs(outline - touched).max() <= 1


def test_beyond_the_image():
    half = Shape("disc", "red", x=0.0, y=0.5, size=0.25)
    gone = Shape("star", "blue", x=1.5, y=-0.7, size=0.25)
    known = truth(Scene((half, gone)), 64)
    np.testing.assert_allclose(known.whole_boxes[0], [-16, 16, 16, 48])
    assert known.boxes.tolist() == [[0, 16, 16, 48], [0, 0, 0, 0]]
    assert known.shape_counts == {"disc": 1} and known.colour_counts == {"red": 1}
    assert known.caption == "A red disc on a plain mist background."
    empty = truth(Scene(), 16)
    assert empty.label is None and empty.caption == "Nothing on a plain mist background."
    assert empty.visible.shape == (0, 16, 16) and empty.boxes.shape == (0, 4) and not empty.semantic.any()


def test_captions_by_hand():
    star, cross = Shape("star", "orange", x=0.2, size=0.1), Shape("cross", "red", "stripes", x=0.8, size=0.1)
    stripes = Background("stripes", "sand", "moss")
    assert (
        truth(Scene((star,), stripes), 64).caption == "An orange star on a striped sand and moss background."
    )
    assert truth(Scene((star, cross)), 64).caption.startswith(
        "A striped red cross to the right of an orange star"
    )
    below = replace(star, x=0.8, y=0.9)
    assert truth(Scene((cross, below)), 64).caption.startswith("An orange star below a striped red cross on")
    three = (cross, star, replace(cross, y=0.2))
    assert truth(Scene(three), 64).caption.startswith("Two striped red crosses and an orange star on a plain")


def test_counts_and_caption_tell_all_that_is_seen():
    for scene in crowds(20):
        known = truth(scene, 64)
        seen = [shape for shape, mask in zip(scene.shapes, known.visible, strict=True) if mask.any()]
        assert sum(known.shape_counts.values()) == sum(known.colour_counts.values()) == len(seen)
        for shape in seen:
            assert known.shape_counts[shape.kind] == sum(other.kind == shape.kind for other in seen)
            assert f"{shape.colour} {shape.kind}" in known.caption.lower()
        absent = set(COLOURS) - {shape.colour for shape in seen}
        assert not any(f" {colour} " in known.caption.lower() for colour in absent)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Shape("blob", "red"), "kind is one of disc"),
        (lambda: Shape("disc", "mauve"), "colour is one of red"),
        (lambda: Shape("disc", "red", size=0.0), "above 0; got 0"),
        (lambda: Shape("disc", "red", x=float("nan")), "finite; got nan"),
        (lambda: Background("marble"), "kind is one of plain"),
        (lambda: Scene(light=-1.0), "0 or more; got -1"),
        (lambda: Scene(grain=float("inf")), "0 or more; got inf"),
        (lambda: Scene().main, "no main shape"),
        (lambda: draw(Scene(), 0), "1 or more; got 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
