"""Blurs, zooms, clouds and displacements by their laws, and against scipy."""

import numpy as np
import pytest
from scipy import ndimage

from vidi.ops.field import grid, plasma, sampled, smooth_noise
from vidi.ops.kernels import disk, filtered, motion, splatted
from vidi.ops.separable import gaussian_blurred, gaussian_matrix, luma, zoom_matrix
from vidi.ops.severity import relative_side, to_uint8, unit


def picture(height=30, width=41, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


@pytest.mark.parametrize("border", ["nearest", "reflect"])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 6.0, 30.0])
def test_gaussian_is_scipys(border, sigma):
    image = picture()
    theirs = ndimage.gaussian_filter(image.astype(float), (sigma, sigma, 0), mode=border)
    assert np.abs(gaussian_blurred(image, sigma_px=sigma, border=border) - theirs).max() < 1e-5


def test_no_blur_is_no_change_and_rows_sum_to_one():
    assert np.array_equal(gaussian_blurred(picture(), sigma_px=0.0), picture())
    assert np.allclose(gaussian_matrix(50, sigma_px=9.0).sum(axis=1), 1, atol=1e-6)
    with pytest.raises(ValueError, match="border"):
        gaussian_matrix(50, sigma_px=1.0, border="wrap")
    with pytest.raises(ValueError, match="sigma_px"):
        gaussian_matrix(50, sigma_px=-1.0)


@pytest.mark.parametrize("factor", [1.0, 1.11, 1.3, 3.0, 4.5])
def test_zoom_is_scipys_on_the_middle(factor):
    side = 64
    line = np.random.default_rng(0).random(side)
    part = int(np.ceil(side / factor))
    top = (side - part) // 2
    large = ndimage.zoom(line[top : top + part], factor, order=1)
    trim = (len(large) - side) // 2
    assert np.abs(zoom_matrix(side, factor) @ line - large[trim : trim + side]).max() < 1e-5


def test_zoom_cannot_shrink():
    with pytest.raises(ValueError, match="factor"):
        zoom_matrix(20, 0.5)


@pytest.mark.parametrize("radius", [0.2, 1.0, 3.0, 10.0])
def test_a_disk_has_a_disks_variance(radius):
    kernel = disk(radius_px=radius)
    along = np.arange(len(kernel)) - len(kernel) // 2
    variance = (kernel.sum(axis=1) * along**2).sum()
    assert kernel.sum() == pytest.approx(1, abs=1e-5) and np.allclose(kernel, kernel.T, atol=1e-6)
    assert radius**2 / 4 - 0.01 * radius**2 <= variance <= radius**2 / 4 + 1 / 4


def test_motion_by_hand_and_in_all_directions():
    weight = np.exp(-0.5 * (np.arange(5) / 2) ** 2)
    right = motion(radius=2, sigma=2.0, angle_deg=0.0)
    assert np.allclose(right[1, 5:10], weight / weight.sum(), atol=1e-6) and right[1, :5].sum() == 0
    down = motion(radius=2, sigma=2.0, angle_deg=90.0)
    middle = down.shape[1] // 2
    assert np.allclose(down[:, middle], right[1], atol=1e-6) and down[:, middle].sum() > 0.999
    half = motion(radius=2, sigma=2.0, angle_deg=0.0, scale=0.5)
    centre = np.arange(half.shape[1]) - half.shape[1] // 2
    assert (half.sum(axis=0) * centre).sum() == pytest.approx(
        0.5 * (weight * np.arange(5)).sum() / weight.sum(), rel=1e-5
    )


def test_splatted_shares_a_point_among_four():
    kernel = splatted(np.array([0.25]), np.array([-0.5]), np.array([7.0]))
    middle_y, middle_x = (side // 2 for side in kernel.shape)
    assert kernel[middle_y : middle_y + 2, middle_x - 1 : middle_x + 1] == pytest.approx(
        np.array([[0.375, 0.375], [0.125, 0.125]])
    )


@pytest.mark.parametrize(("border", "theirs"), [("reflect", "mirror"), ("edge", "nearest")])
def test_filtered_is_a_correlation(border, theirs):
    image, kernel = picture(), np.random.default_rng(1).random((5, 9), dtype=np.float32)
    wanted = ndimage.correlate(image.astype(float), kernel[..., None], mode=theirs)
    assert np.abs(filtered(image, kernel, border=border) - wanted).max() < 1e-4
    with pytest.raises(ValueError, match="odd"):
        filtered(image, kernel[:4])


def test_plasma_fills_its_range_and_wraps():
    cloud = plasma(64, 64, decay=2.0, generator=np.random.default_rng(0))
    assert cloud.min() == 0 and cloud.max() == 1
    inside = np.abs(np.diff(cloud, axis=1)).mean()
    assert np.abs(cloud[:, 0] - cloud[:, -1]).mean() < 4 * inside
    rough = plasma(64, 64, decay=1.2, generator=np.random.default_rng(0))
    assert np.abs(np.diff(rough, axis=1)).mean() > 2 * inside
    assert plasma(20, 50, decay=2.0, generator=np.random.default_rng(0)).shape == (20, 50)


def test_plasma_at_corners_is_a_mean_without_noise():
    """With a decay that silences all but the first doubling, points between are means of four around them."""
    cloud = plasma(8, 8, decay=1e6, generator=np.random.default_rng(0)).astype(float)
    corners = cloud[::4, ::4]
    assert cloud[2, 2] == pytest.approx(corners.mean(), abs=1e-6)


def test_smooth_noise_has_unit_variance():
    noise = smooth_noise(200, 200, sigma_px=3.0, generator=np.random.default_rng(0))
    assert noise[20:-20, 20:-20].std() == pytest.approx(1, abs=0.1)


def test_sampled_at_the_pixels_is_the_image_and_between_them_the_mean():
    image = picture()
    y, x = grid(30, 41)
    assert np.allclose(sampled(image, y, x), image, atol=1e-6)
    assert np.allclose(sampled(image, y[:-1] + 0.5, x[:-1]), (image[:-1] + image[1:]) / 2, atol=1e-5)
    assert np.allclose(sampled(image, -y - 1, x)[:28], image[1:29], atol=1e-5)
    assert np.allclose(sampled(image, y - 100, x, border="edge")[:5], image[0], atol=1e-5)
    with pytest.raises(ValueError, match="border"):
        sampled(image, y, x, border="wrap")


def test_bytes_there_and_back():
    image = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
    assert np.array_equal(to_uint8(unit(image)), image)
    assert relative_side(np.zeros((112, 300, 3), dtype=np.uint8)) == 0.5
    assert np.allclose(luma(np.ones((2, 2, 3), dtype=np.float32)), 1)
