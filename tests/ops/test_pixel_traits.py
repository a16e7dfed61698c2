"""Traits of pixels by hand, and what they must and must not depend on."""

import numpy as np
import pytest

from vidi.ops.clusters import clusters, how_many
from vidi.ops.pixel_traits import TRAITS, brightness, colourfulness, contrast, pixel_traits, sharpness


def plain(colour, side=6):
    return np.full((1, side, side, 3), colour, dtype=np.uint8)


def test_by_hand():
    halves = plain((0, 0, 0))
    halves[:, :, 3:] = 200
    assert brightness(halves)[0] == 100 and contrast(halves)[0] == 100
    assert colourfulness(halves)[0] == pytest.approx(0)
    # a grey edge between columns 2 and 3: the Laplacian there is +200 and -200, elsewhere inside 0
    assert sharpness(halves)[0] == pytest.approx(200**2 / 2)
    # one colour: no spread, opponents of pure red are 255 and 127.5
    assert colourfulness(plain((255, 0, 0)))[0] == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_laws():
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3)).astype(np.uint8)
    for name, trait in TRAITS.items():
        np.testing.assert_allclose(
            trait(images[:, ::-1]), trait(images), rtol=1e-6, err_msg=name
        )  # upside down
    assert pixel_traits(images).shape == (5, 4)
    assert sharpness(plain((9, 9, 9), side=2))[0] == 0
    smooth = (images[:, :-1].astype(int) + images[:, 1:]) // 2
    assert (sharpness(smooth.astype(np.uint8)) < sharpness(images)).all()


def test_clusters_are_found_whatever_the_order():
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1, 2], [30, 20, 10])
    features = np.eye(3)[truth] + 0.05 * rng.standard_normal((60, 3))
    ids = np.arange(60)
    number, central = clusters(features, ids=ids, k=3)
    assert np.array_equal(number, truth)  # the largest first
    assert number[central].tolist() == [0, 1, 2]
    order = rng.permutation(60)
    turned, _ = clusters(features[order], ids=ids[order], k=3)
    assert np.array_equal(turned, number[order])
    assert [how_many(n) for n in (10, 300, 10_000)] == [2, 5, 12]
    assert set(clusters(np.ones((4, 2)), ids=ids[:4], k=2)[0]) == {0}
    with pytest.raises(ValueError, match="1 <= k <= n"):
        clusters(features, ids=ids, k=61)
