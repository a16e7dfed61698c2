"""Resize: identity, what each fit keeps, agreement with Pillow."""

import warnings

import numpy as np
import pytest
from PIL import Image

from vidi.ops.resize import GREY, resize


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
def test_right_size_is_left_alone(fit):
    image = noise(24, 24)
    assert resize(image, size_px=24, fit=fit) is image


@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize("shape", [(7, 50), (64, 1), (31, 17)])
def test_flat_stays_flat(fit, shape):
    image = np.full((*shape, 3), (10, 200, 77), dtype=np.uint8)
    assert (resize(image, size_px=16, fit=fit) == (10, 200, 77)).all()


@pytest.mark.parametrize("shape", [(100, 100), (75, 40), (20, 33), (375, 500)])
def test_squash_is_pillows_bilinear_to_one_grey_level(shape):
    image = noise(*shape)
    theirs = Image.fromarray(image).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(resize(image, size_px=32).astype(int) - np.asarray(theirs).astype(int)).max() <= 1


def test_mirror_image_of_the_result_is_the_result_of_the_mirror_image():
    image = noise(60, 90)
    ours, theirs = resize(image[:, ::-1], size_px=30), resize(image, size_px=30)[:, ::-1]
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_crop_keeps_the_middle():
    image = np.zeros((20, 60, 3), dtype=np.uint8)
    image[:, 20:40] = 255
    assert (resize(image, size_px=20, fit="crop") == 255).all()


def test_pad_keeps_everything_between_grey_borders():
    padded = resize(np.zeros((10, 40, 3), dtype=np.uint8), size_px=20, fit="pad")
    black = (padded == 0).all(axis=(1, 2))
    assert black.sum() == 5
    assert (padded[~black] == GREY).all()


@pytest.mark.parametrize("shape", [(1, 900), (900, 1), (1, 1)])
@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
def test_extreme_shapes(shape, fit):
    assert resize(noise(*shape), size_px=8, fit=fit).shape == (8, 8, 3)


def test_takes_images_that_may_not_be_written():
    image = noise(9, 9)
    image.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resize(image, size_px=4).flags.c_contiguous


def test_unknown_fit():
    with pytest.raises(ValueError, match="squash, crop or pad; got 'stretch'"):
        resize(noise(4, 4), size_px=4, fit="stretch")
