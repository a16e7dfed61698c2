"""Maps as colours: what is 0 leaves the photo, scale doesn't matter, signs do; panels as one picture."""

import io

import numpy as np
import pytest
from PIL import Image

from vidi.documents.overlays import legend, overlay, scaled
from vidi.documents.panels import Panel, Row, figure

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)
MAP = RANDOM.normal(size=(20, 30)).astype(np.float32)


@pytest.mark.parametrize("signed", [True, False])
def test_nothing_leaves_the_photo_in_grey(signed):
    found = overlay(PHOTO, np.zeros((20, 30), np.float32), signed=signed)
    assert np.abs(np.diff(found.astype(int), axis=2)).max() == 0  # no colour anywhere
    assert np.corrcoef(found[:, :, 0].ravel(), (PHOTO @ [0.299, 0.587, 0.114]).ravel())[0, 1] > 0.999


@pytest.mark.parametrize("signed", [True, False])
def test_the_scale_of_a_map_does_not_matter(signed):
    np.testing.assert_array_equal(
        overlay(PHOTO, MAP, signed=signed), overlay(PHOTO, 1000 * MAP, signed=signed)
    )


def test_signs_are_red_and_blue_and_without_signs_nothing_is_below_0():
    grey = np.full((20, 30, 3), 128, np.uint8)
    values = np.where(np.arange(30) < 15, -1.0, 1.0) * np.ones((20, 1))
    left, right = overlay(grey, values, signed=True)[0, [0, 29]].astype(int)
    assert left[2] > left[0] + 50 and right[0] > right[2] + 50
    assert (scaled(values, signed=False)[:, :15] == 0).all()
    np.testing.assert_allclose(scaled(values, signed=True), 1 - scaled(-values, signed=True))


def test_what_every_place_has_is_not_shown_without_signs():
    above = np.abs(MAP)
    np.testing.assert_allclose(
        scaled(above + 7, signed=False), scaled(above - above.min(), signed=False), atol=1e-5
    )
    assert (scaled(np.full((20, 30), 7.0), signed=False) == 0).all()


def test_a_change_of_sign_is_no_line():
    grey, values = np.full((1, 201, 3), 128, np.uint8), np.linspace(-1, 1, 201)[None]
    light = overlay(grey, values, signed=True)[0].astype(float) @ [0.299, 0.587, 0.114]
    assert light[100] >= light[80] - 12 and light[100] >= light[120] - 12


def test_where_nobody_looked_the_photo_is_dark():
    values = np.where(np.arange(30) < 15, np.nan, 0.0) * np.ones((20, 1))
    found = overlay(np.full((20, 30, 3), 200, np.uint8), values, signed=False)
    assert found[0, 0, 0] < 0.6 * found[0, 29, 0]


def test_a_figure_is_a_png_as_wide_as_its_panels_and_holds_any_text():
    panel = Panel("$a^$ \n bad", PHOTO, "why " * 300, struck=True)

    def size(count: int) -> tuple[int, int]:
        with Image.open(
            io.BytesIO(figure([Row("says $x$", [panel] * count, [legend(signed=True)])], columns=2))
        ) as made:
            assert made.format == "PNG"
            return made.size

    (one, low), (three, high) = size(1), size(3)  # the third goes on in the next line
    assert 1.8 < three / one < 2 and 1.5 < high / low < 2
