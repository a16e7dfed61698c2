import numpy as np
import pytest

from vidi.ops.views import VIEWS, background, border, corners, light


def grey(n=3, size=32, level=100):
    return np.full((n, size, size, 3), level, dtype=np.uint8)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("size", [2, 7, 32])
def test_a_view_is_a_row_of_finite_numbers_for_each_picture(name, size):
    images = np.random.default_rng(0).integers(256, size=(4, size, size, 3), dtype=np.uint8)
    found = VIEWS[name][1](images)
    assert found.shape[0] == 4 and np.isfinite(found).all()
    np.testing.assert_allclose(VIEWS[name][1](images[2:3])[0], found[2], rtol=1e-5)


def test_each_view_sees_its_own_part_only():
    plain, marked = grey(1), grey(1)
    marked[:, 12:20, 12:20] = 255  # the middle
    for view in (corners, border, background):
        np.testing.assert_array_equal(view(plain), view(marked))
    assert (light(marked) > light(plain)).all()
    marked = grey(1)
    marked[:, 30:, 30:, 0] = 200  # a red mark, lower right, a quarter of that corner's square
    changed = np.flatnonzero(corners(marked)[0] != corners(plain)[0])
    assert changed.tolist() == [45] and corners(marked)[0, 45] == 200
    assert not np.array_equal(border(plain), border(marked)) and not np.array_equal(
        background(plain), background(marked)
    )


def test_light_by_hand():
    images = grey(1, 4)
    images[0, :, :2] = (40, 0, 0)
    assert light(images)[0, :3].tolist() == [70, 50, 50] and light(images)[0, 3] == pytest.approx(
        (100 - 12) / 2
    )
