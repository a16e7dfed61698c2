"""Predictions on images: what is drawn can be read, and stays where it belongs."""

import io
import itertools
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from drawn_objects import detected, right_and_sure
from vidi.core.measured import Measured
from vidi.documents import drawn, drawn_maps, found
from vidi.ops.average_precision import curve

PLAIN = np.full((120, 160, 3), 128, dtype=np.uint8)
BOX = (40.0, 30.0, 90.0, 80.0)


def test_every_name_can_be_read_on_its_plate():
    colours = [*drawn.palette(60), drawn.RIGHT, drawn.WRONG, drawn.MISSED]
    assert min(drawn.contrast(drawn.ink_on(colour), colour) for colour in colours) >= 4.5
    assert drawn.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def test_colours_differ():
    assert len(set(drawn.palette(60))) == 60
    first = np.array(drawn.palette(7), dtype=float)
    assert min(np.abs(a - b).sum() for a, b in itertools.combinations(first, 2)) > 60


@pytest.mark.parametrize("colour", [(0, 0, 0), (128, 128, 128), (255, 255, 255), drawn.PALETTE[0]])
def test_a_box_is_seen_on_any_background_its_own_colour_too(colour):
    image = np.full((480, 640, 3), colour, dtype=np.uint8)
    box = (100.0, 100.0, 400.0, 300.0)
    picture = drawn.draw_marks(image, [drawn.Mark(box, "", drawn.PALETTE[0])])
    across = {tuple(pixel) for pixel in picture[90:110, 250].tolist()}
    ways = [drawn.contrast(pixel, colour) for pixel in across]
    assert max(ways) > 3  # the line or its edge stands out
    assert (picture[200, 250] == colour).all() and (picture[50, 50] == colour).all()  # nothing elsewhere


def test_small_images_are_enlarged_and_marks_with_them():
    picture = drawn.draw_marks(PLAIN, [drawn.Mark(BOX, "", (255, 0, 0))])
    assert picture.shape == (360, 480, 3)  # three times
    red = (picture == (255, 0, 0)).all(axis=2)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert abs(rows[0] - 90) <= 2 and abs(rows[-1] - 240) <= 2
    assert abs(columns[0] - 120) <= 2 and abs(columns[-1] - 270) <= 2
    assert (drawn.draw_marks(PLAIN, [], least_px=1) == PLAIN).all()


def test_a_dashed_box_has_gaps():
    solid, dashed = (
        (drawn.draw_marks(PLAIN, [drawn.Mark(BOX, "", (255, 0, 0), dashed=d)]) == (255, 0, 0))
        .all(axis=2)
        .sum()
        for d in (False, True)
    )
    assert 0.3 * solid < dashed < 0.8 * solid


def test_a_mask_tints_its_pixels_alone():
    mask = np.zeros((120, 160), dtype=bool)
    mask[40:60, 50:80] = True
    picture = drawn.draw_marks(PLAIN, [drawn.Mark(BOX, "", (255, 0, 0), mask)], least_px=1)
    assert (picture[50, 65] == (178, 76, 76)).all() and (picture[20, 20] == 128).all()
    assert (picture[40, 65] == (255, 0, 0)).all() and (picture[39, 65] == drawn.DARK).all()


@pytest.mark.parametrize(
    "box", [(0, 0, 20, 20), (150, 110, 160, 120), (-50, -50, 300, 300), (30, 30, 30, 30)]
)
def test_names_stay_inside_whatever_the_box(box):
    picture = drawn.draw_marks(PLAIN, [drawn.Mark(tuple(map(float, box)), "Erythrozyt 0.93", (0, 158, 115))])
    plate = (picture == (0, 158, 115)).all(axis=2)
    assert plate.any(axis=0).sum() > 60 and plate.any(axis=1).sum() >= 10


def test_names_of_one_place_do_not_cover_each_other():
    marks = [
        drawn.Mark(BOX, "one", (255, 0, 0)),
        drawn.Mark((40.0, 30.0, 120.0, 100.0), "two", (0, 0, 255)),  # the same corner, where names stand
    ]
    alone = [drawn.draw_marks(PLAIN, [mark]) for mark in marks]
    both = drawn.draw_marks(PLAIN, marks)
    for picture, mark in zip(alone, marks, strict=True):
        colour = np.array(mark.colour)
        ink = (picture == colour).all(axis=2).sum()
        assert (both == colour).all(axis=2).sum() > 0.6 * ink  # the boxes share two sides


def test_a_map_has_a_legend_of_what_is_there_and_leaves_the_rest():
    classes = np.zeros((120, 160), dtype=np.uint8)
    classes[:, 80:] = 2
    classes[:30] = 255
    picture = drawn_maps.draw_map(PLAIN, classes, ("sky", "car", "road"), strength=0.5, least_px=1)
    assert picture.shape[0] > 120 and picture.shape[1] == 160
    assert (picture[10, 10] == 128).all()
    assert np.abs(picture[60, 20].astype(int) - (np.array(drawn.PALETTE[0]) + 128) // 2).max() <= 1
    legend = {tuple(pixel) for pixel in picture[120:].reshape(-1, 3).tolist()}
    assert drawn.PALETTE[0] in legend and drawn.PALETTE[2] in legend and drawn.PALETTE[1] not in legend
    with pytest.raises(ValueError, match="of one size"):
        drawn_maps.draw_map(PLAIN, classes[:5], ("a",))


def test_best_and_worst_share_nobody():
    assert drawn.best_and_worst([0.5, float("nan"), 0.9, 0.1, 0.7], 2) == ([2, 4], [3, 0])
    assert drawn.best_and_worst([0.5, 0.2, 0.3], 5) == ([0], [1])
    assert drawn.best_and_worst([], 3) == ([], [])


def test_pictures_are_written_as_png_and_jpeg():
    assert (np.array(Image.open(io.BytesIO(drawn.encoded(PLAIN)))) == PLAIN).all()
    assert Image.open(io.BytesIO(drawn.encoded(PLAIN, quality=80))).format == "JPEG"


def test_judged_marks_say_what_is_right_wrong_and_missed():
    objects = detected(images=6, seed=4)
    marks = [found.judged_marks(objects, image) for image in range(6)]
    every = [mark for each in marks for mark in each]
    assert {mark.colour for mark in every} == {drawn.RIGHT, drawn.WRONG, drawn.MISSED}
    assert all(mark.dashed == mark.text.endswith("missed") == (mark.colour == drawn.MISSED) for mark in every)
    perfect = right_and_sure(objects)
    assert all(m.colour == drawn.RIGHT for image in range(6) for m in found.judged_marks(perfect, image))
    quality = found.image_quality(perfect)
    assert (quality[~np.isnan(quality)] == 1).all()
    assert np.nanmean(found.image_quality(objects)) < 1


def test_marks_of_objects_carry_name_score_and_mask():
    objects = detected(images=2, seed=4, masks=True)
    marks = found.named_marks(objects.found, objects.labels, drawn.palette(3))
    assert len(marks) == len(objects.found) and all(mark.mask is not None for mark in marks)
    assert marks[0].text == f"{objects.labels[objects.found.label[0]]} {objects.score[0]:.2f}"


def test_curves_are_drawn_with_their_names_apart():
    objects = detected(images=20, seed=4)
    lines = {}
    for number, label in enumerate(objects.labels):
        points = curve(objects, number)
        lines[label] = list(zip(points.recall.tolist(), points.precision.tolist(), strict=True))
    figure = ElementTree.fromstring(found.precision_recall(lines))
    heights = sorted(float(n.attrib["y"]) for n in figure.iter("text") if (n.text or "").split()[0] in lines)
    assert len(heights) == 3 and all(b - a >= 14.9 for a, b in itertools.pairwise(heights))
    assert "cat: average precision" in figure.attrib["aria-label"]
    assert found.precision_recall({}) == ""


def test_bars_of_errors_are_as_long_as_what_they_cost():
    entries = [
        Measured("AP50 lost", value, value / 2, value * 1.5, 10, "bootstrap", of=sort, note="3 errors")
        for sort, value in (("class", 0.1), ("missed", 0.2))
    ]
    figure = ElementTree.fromstring(found.error_bars(entries))
    widths = [float(n.attrib["width"]) for n in figure.iter("rect")]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.02)
    assert "missed 20" in figure.attrib["aria-label"] and found.error_bars([]) == ""
