"""Each corruption by its own formula."""

import colorsys
import io

import numpy as np
import pytest
from PIL import Image

from vidi.audits.corruptions import (
    brightness,
    contrast,
    fog,
    gaussian_noise,
    glass_blur,
    impulse_noise,
    jpeg_compression,
    pixelate,
    saturate,
    shot_noise,
    speckle_noise,
    zoom_blur,
)

SEVERITIES = range(1, 6)
# imagecorruptions 1.1.2, which keeps the reference's formulas, on `ramp()`:
# corrupt(ramp(), corruption_name=..., severity=...)[[3, 16, 29], [20, 11, 5]].tolist()
THEIRS = {
    brightness: {
        1: [[90, 106, 244], [163, 159, 229], [243, 217, 231]],
        3: [[94, 110, 255], [181, 177, 255], [255, 228, 242]],
    },
    contrast: {
        1: [[112, 126, 170], [138, 145, 164], [167, 166, 165]],
        5: [[131, 145, 141], [134, 147, 140], [138, 150, 140]],
    },
    saturate: {
        1: [[177, 181, 219], [186, 185, 204], [218, 211, 214]],
        3: [[0, 22, 219], [85, 80, 204], [218, 171, 196]],
        5: [[0, 22, 219], [9, 0, 204], [218, 0, 113]],
    },
    zoom_blur: {
        1: [[80, 95, 216], [141, 139, 201], [211, 190, 204]],
        3: [[82, 96, 216], [141, 139, 202], [209, 188, 205]],
        5: [[85, 98, 216], [142, 139, 203], [206, 186, 205]],
    },
    pixelate: {
        1: [[87, 99, 224], [141, 139, 200], [220, 196, 210]],
        3: [[84, 97, 218], [154, 148, 210], [228, 202, 216]],
        5: [[76, 91, 224], [152, 147, 200], [224, 199, 212]],
    },
}


def seeded(seed=0):
    return np.random.default_rng(seed)


def flat(level, side=224):
    return np.full((side, side, 3), level, dtype=np.uint8)


def colours(side=16, low=0, high=256):
    return seeded(9).integers(low, high, size=(side, side, 3), dtype=np.uint8)


def ramp():
    """The image that the literals below were made from."""
    y, x = np.mgrid[:32, :32]
    channels = [(7 * y + 3 * x) % 256, (5 * y + 2 * x + 40) % 256, (3 * y + 6 * x + 90) % 256]
    return np.stack(channels, axis=2).astype(np.uint8)


@pytest.mark.parametrize("member", THEIRS, ids=lambda member: member.__name__.split(".")[-1])
def test_it_agrees_with_the_reference_within_its_cutting_off(member):
    for severity, wanted in THEIRS[member].items():
        new = member.corrupt(ramp(), severity=severity, generator=seeded())[[3, 16, 29], [20, 11, 5]]
        above = new.astype(int) - np.array(wanted)
        assert above.min() >= 0 and above.max() <= 1  # we round, they cut off


@pytest.mark.parametrize("severity", [1, 2])  # stronger ones are clipped
def test_gaussian_noise_has_the_tables_deviation(severity):
    new = gaussian_noise.corrupt(flat(128), severity=severity, generator=seeded())
    assert new.std() / 255 == pytest.approx((0.08, 0.12)[severity - 1], rel=0.02)
    assert new.mean() == pytest.approx(128, abs=0.5)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_shot_noise_counts_photons(severity):
    photons = (60, 25, 12, 5, 3)[severity - 1]
    new = shot_noise.corrupt(flat(26), severity=severity, generator=seeded()) / 255
    assert new.mean() == pytest.approx(26 / 255, rel=0.02)
    assert new.var() == pytest.approx(26 / 255 / photons, rel=0.03)
    assert len(np.unique(new)) <= photons + 1


@pytest.mark.parametrize("severity", SEVERITIES)
def test_impulse_noise_is_salt_and_pepper_in_equal_parts(severity):
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    new = impulse_noise.corrupt(flat(100), severity=severity, generator=seeded())
    assert set(np.unique(new)) == {0, 100, 255}
    assert (new == 0).mean() == pytest.approx(share / 2, rel=0.05)
    assert (new == 255).mean() == pytest.approx(share / 2, rel=0.05)


def test_speckle_noise_grows_with_the_light():
    for level in (40, 80):
        new = speckle_noise.corrupt(flat(level), severity=2, generator=seeded())
        assert new.std() == pytest.approx(0.2 * level, rel=0.02)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_brightness_adds_to_the_value_of_hsv(severity):
    image = colours()
    new = brightness.corrupt(image, severity=severity, generator=seeded())
    for before, after in zip(image.reshape(-1, 3), new.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(before / 255))
        wanted = colorsys.hsv_to_rgb(hue, saturation, min(1, value + 0.1 * severity))
        assert np.abs(np.array(wanted) * 255 - after).max() <= 0.51
    assert (brightness.corrupt(flat(0, 16), severity=2, generator=seeded()) == 51).all()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_saturate_changes_the_saturation_of_hsv(severity):
    factor, added = ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))[severity - 1]
    image = colours()
    image[0, :3] = [[7, 7, 7], [0, 0, 0], [255, 255, 255]]
    new = saturate.corrupt(image, severity=severity, generator=seeded())
    for before, after in zip(image.reshape(-1, 3), new.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(before / 255))
        wanted = colorsys.hsv_to_rgb(hue, min(1, saturation * factor + added), value)
        assert np.abs(np.array(wanted) * 255 - after).max() <= 0.52


@pytest.mark.parametrize("severity", SEVERITIES)
def test_contrast_shrinks_each_channel_around_its_mean(severity):
    kept = (0.4, 0.3, 0.2, 0.1, 0.05)[severity - 1]
    image = colours()
    new = contrast.corrupt(image, severity=severity, generator=seeded())
    mean = image.mean(axis=(0, 1))
    assert np.abs(mean + kept * (image - mean) - new).max() <= 0.51


def test_fog_keeps_black_and_the_brightest_as_a_bound():
    assert not fog.corrupt(flat(0, 32), severity=5, generator=seeded()).any()
    image = colours(high=201)
    assert fog.corrupt(image, severity=5, generator=seeded()).max() <= image.max()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_pixelate_leaves_that_many_rows(severity):
    rows = (60, 50, 40, 30, 25)[severity - 1]
    new = pixelate.corrupt(colours(100), severity=severity, generator=seeded())
    assert (new[1:] != new[:-1]).any(axis=(1, 2)).sum() + 1 == rows


@pytest.mark.parametrize("severity", SEVERITIES)
def test_jpeg_has_the_tables_quality(severity):
    image, file = colours(40), io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=(25, 18, 15, 10, 7)[severity - 1])
    new = jpeg_compression.corrupt(image, severity=severity, generator=seeded())
    assert np.array_equal(new, np.array(Image.open(file)))


def test_glass_is_the_references_loop():
    """Pixel by pixel from the last to the first, each takes what its neighbour has by then."""
    side, reach = 24, 3
    image = seeded(1).random((side, side, 3), dtype=np.float32)
    new = glass_blur.stirred(image, reach=reach, scale=1.0, generator=seeded(2))
    rng, inner = seeded(2), side - 2 * reach
    down, right = (rng_steps(rng, reach, inner) for _ in range(2))
    wanted = image.copy()
    for y in range(side - reach, reach, -1):
        for x in range(side - reach, reach, -1):
            step = y - reach - 1, x - reach - 1
            wanted[y, x] = wanted[y + down[step], x + right[step]]
    assert np.array_equal(new, wanted)


def rng_steps(rng, reach, inner):
    steps = rng.integers(-reach, reach, size=(inner, inner))
    rng.random((inner, inner))  # what rounds steps between whole pixels
    return steps


@pytest.mark.parametrize("scale", [0.07, 0.3, 0.57, 1.9])
def test_glass_at_other_sizes_stays_inside_and_reaches_in_proportion(scale):
    side = 40
    where = np.stack([*np.mgrid[:side, :side], np.zeros((side, side))], axis=2).astype(np.float32)
    moved = glass_blur.stirred(where, reach=4, scale=scale, generator=seeded(3)) - where
    assert np.abs(moved[..., :2]).max() > 0
    assert np.abs(moved[:4]).max() <= 4 * 4 * scale + 8
