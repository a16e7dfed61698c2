"""Where a network looked, on the picture it was shown."""

import numpy as np
import pytest

from vidi.ops.placement import placed
from vidi.ops.resize import resize


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize("image_hw", [(40, 80), (80, 40), (64, 64), (41, 67)])
def test_what_is_seen_at_a_place_comes_back_to_it(fit, image_hw):
    height, width = image_hw
    y, x = np.mgrid[:height, :width]
    picture = np.stack([255 * y / height, 255 * x / width, 0 * x], axis=2).astype(np.uint8)
    for channel in (0, 1):  # a ramp down, a ramp to the right
        seen = resize(picture, size_px=32, fit=fit)[:, :, channel].astype(np.float32)
        back = placed(seen, image_hw, fit=fit)
        assert back.shape == image_hw
        inside = np.isfinite(back)
        error = np.abs(back - picture[:, :, channel])[inside]
        assert np.percentile(error, 90) < 8, (fit, image_hw)
        assert inside.mean() == pytest.approx(min(image_hw) ** 2 / (height * width) if fit == "crop" else 1.0)


def test_a_square_of_its_own_size_is_itself():
    values = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    for fit in ("squash", "crop", "pad"):
        np.testing.assert_allclose(placed(values, (16, 16), fit=fit), values, atol=1e-6)
