"""Where points go when an image is made square."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.ops.placing import placing
from vidi.ops.resize import FITS, resize


def test_by_hand():
    box = np.array([[10.0, 0.0, 30.0, 20.0]])
    assert placing((20, 40), size_px=10).boxes(box).tolist() == [[2.5, 0, 7.5, 10]]
    assert placing((20, 40), size_px=10, fit="crop").boxes(box).tolist() == [[0, 0, 10, 10]]
    assert placing((20, 40), size_px=8, fit="pad").boxes(box).tolist() == [[2, 2, 6, 6]]
    with pytest.raises(ValueError, match="squash, crop or pad"):
        placing((20, 40), size_px=8, fit="fill")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 30), st.sampled_from(FITS))
def test_there_and_back(height, width, size_px, fit):
    placed = placing((height, width), size_px=size_px, fit=fit)
    box = np.array([[0.0, 0.0, width, height], [1.5, 2.5, 3.25, 7.0]])
    np.testing.assert_allclose(placed.back(placed.boxes(box)), box, atol=1e-9)


@pytest.mark.parametrize("fit", FITS)
def test_a_box_follows_its_pixels(fit):
    """A white patch on black is found in the square where the box went."""
    image = np.zeros((40, 64, 3), np.uint8)
    image[12:24, 20:36] = 255
    box = placing((40, 64), size_px=96, fit=fit).boxes(np.array([[20.0, 12.0, 36.0, 24.0]]))[0]
    inside = resize(image, size_px=96, fit=fit)[:, :, 0] > 127
    inside &= ~((resize(np.zeros_like(image), size_px=96, fit=fit)[:, :, 0]) > 0)  # the borders' grey
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    np.testing.assert_allclose(found, box, atol=1)
