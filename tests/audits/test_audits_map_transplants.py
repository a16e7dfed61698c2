"""A thing pasted into images whose pixels have classes: which pixels count as changed."""

import numpy as np
import pytest

from vidi.audits.map_transplants import audit, zones_of

CUTOUT = np.full((8, 8, 4), 255, np.uint8)
CUTOUT[:, :4, 3] = 0  # its left half is not there


def images(n=5):
    return np.random.default_rng(0).integers(0, 90, (n, 32, 32, 3)).astype(np.uint8)


def test_zones_hold_each_pixel_outside_the_box_once():
    beside, far, covered = zones_of(CUTOUT, 32, (0.25, 0.0, 0.0))
    assert not (beside & far).any() and (beside | far).sum() == 32 * 32 - 64
    assert beside[0, 15] and far[0, 16] and not far[:8, :8].any()
    assert covered.sum() == 32 and covered[:8, 4:8].all()


def test_only_the_pixels_of_the_thing_change_where_each_is_judged_alone():
    def alone(block):
        return list((block[..., 0] > 200).astype(np.uint8))

    numbers = {(m.name, m.of): m.value for m in audit(alone, images(), CUTOUT, label=1, replicates=20)}
    assert numbers["thing's pixels unseen", ""] < 0.15 and numbers["other pixels changed", ""] == 0


def test_a_model_that_looks_at_everything_changes_everywhere():
    def together(block):
        return [np.full((32, 32), int((image > 200).any()), np.uint8) for image in block]

    numbers = {(m.name, m.of): m.value for m in audit(together, images(), CUTOUT, replicates=20)}
    assert numbers["other pixels changed", "far from it"] == numbers["other pixels changed", "beside it"] == 1
    assert ("thing's pixels unseen", "") not in numbers
    with pytest.raises(ValueError, match="at least one image"):
        audit(together, images(0), CUTOUT)
