"""Robustness by hand, and what it must not depend on."""

import numpy as np
import pytest

from vidi.audits import elephant, robustness
from vidi.core.errors import UsageError
from vidi.ops.pasting import transplanted


def brightness_model(images):
    """Says 1 if the mean is above 128."""
    share = np.clip((images.mean(axis=(1, 2, 3)) - 128) / 100 + 0.5, 0, 1)
    return np.stack([1 - share, share], axis=1)


def greys(n=24, side=16):
    rng = np.random.default_rng(0)
    level = np.linspace(60, 200, n)
    noise = rng.integers(-3, 4, size=(n, side, side, 3))
    images = np.clip(level[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    return images, (level > 128).astype(np.int64)


def measured(**options):
    images, truth = greys()
    return robustness.audit(
        brightness_model, images, truth, **({"corruptions": ["brightness", "contrast"]} | options)
    )


def test_by_hand():
    """Light turns dark images into bright ones for this model; contrast does nothing to it."""
    found = measured(severities=(1, 5))
    images, truth = greys()
    assert found.clean.value == 1
    wrong = [float(((images.mean(axis=(1, 2, 3)) + added > 128) != truth).mean()) for added in (25.5, 127.5)]
    names = [measured.of for measured in found.accuracy]
    assert names[0] == "brightness, severity 1" and len(names) == 4
    assert [m.value for m in found.accuracy] == pytest.approx([1 - wrong[0], 1 - wrong[1], 1, 1])
    assert found.corruption_error[0].value == pytest.approx(np.mean(wrong))
    assert found.mean_corruption_error.value == pytest.approx(np.mean(wrong) / 2)
    assert "not normalised" in found.mean_corruption_error.note
    assert (
        found.mean_corruption_error.low < found.mean_corruption_error.value < found.mean_corruption_error.high
    )


def test_a_baseline_divides():
    plain = measured()
    against = measured(baseline={"brightness": 0.5, "contrast": 0.25})
    assert against.corruption_error[0].value == pytest.approx(2 * plain.corruption_error[0].value)
    assert against.mean_corruption_error.unit == "times the baseline"


def test_severity_0_is_the_clean_accuracy():
    found = measured(severities=(0,), corruptions=["fog", "viewpoint"])
    assert [m.value for m in found.accuracy] == [found.clean.value] * 2


def test_neither_order_nor_block_matters():
    images, truth = greys()
    options = {"corruptions": ["gaussian_noise", "occlusion"], "severities": (3,), "seed": 4}
    one = robustness.audit(brightness_model, images, truth, **options)
    back = robustness.audit(brightness_model, images[::-1], truth[::-1], block=5, **options)
    assert one.accuracy == back.accuracy and one.mean_corruption_error == back.mean_corruption_error
    assert np.array_equal(one.right, back.right[:, :, ::-1])


def test_groups_widen_the_interval():
    group = np.arange(24) // 8
    assert "groups" in measured(group=group).corruption_error[0].method


def test_what_cannot_be_honoured_is_refused():
    images, truth = greys(6)
    with pytest.raises(UsageError, match=r"did you mean .*brightness"):
        robustness.audit(brightness_model, images, truth, corruptions=["brightnes"])
    with pytest.raises(ValueError, match="baseline has an error above 0"):
        measured(baseline={"brightness": 0.5})
    with pytest.raises(ValueError, match="severity is 0 to 5"):
        measured(severities=(6,))
    with pytest.raises(ValueError, match="logits"):
        robustness.audit(lambda x: np.full((len(x), 2), np.nan), images, truth, corruptions=["fog"])
    with pytest.raises(ValueError, match="truth is a column"):
        robustness.audit(brightness_model, images, truth + 5, corruptions=["fog"])
    with pytest.raises(ValueError, match="one truth for each image"):
        robustness.audit(brightness_model, images[:0], truth[:0], corruptions=["fog"])


def white_square():
    return np.full((8, 8, 4), 255, dtype=np.uint8)


def test_transplanted_by_hand():
    images = np.zeros((2, 20, 20, 3), dtype=np.uint8)
    new = transplanted(images, white_square(), size=0.5, place=(1.0, 0.0))
    assert (new[:, 10:, :10] == 255).all() and new.sum() == 2 * 100 * 3 * 255 and not images.any()
    clear = white_square()
    clear[..., 3] = 0
    assert not transplanted(images, clear, size=0.5, place=(0.5, 0.5)).any()
    with pytest.raises(ValueError, match="size"):
        transplanted(images, clear, size=0.0, place=(0.5, 0.5))
    with pytest.raises(ValueError, match="place"):
        transplanted(images, clear, size=0.5, place=(0.5, 1.5))


def test_an_invisible_elephant_changes_nothing():
    clear = white_square()
    clear[..., 3] = 0
    images, _ = greys()
    found = elephant.audit(brightness_model, images, clear, places=(0.0, 1.0), sizes=(0.5,))
    assert len(found) == 2 * (4 + 1 + 4 + 1) and all(m.value == 0 for m in found)


def test_an_elephant_where_the_model_looks_and_where_it_does_not():
    """A model that sees the top left quarter only."""

    def corner(images):
        return brightness_model(images[:, :8, :8])

    images = np.full((10, 16, 16, 3), 60, dtype=np.uint8)
    found = {
        (m.name, m.of): m
        for m in elephant.audit(corner, images, white_square(), places=(0.0, 1.0), sizes=(0.5,))
    }
    seen, unseen = ("size 0.5, place (0, 0)", "size 0.5, place (1, 1)")
    assert found["prediction changed", seen].value == 1 and found["prediction changed", unseen].value == 0
    assert (
        found["confidence moved", seen].value == pytest.approx(1)
        and found["confidence moved", unseen].value == 0
    )
    assert found["prediction changed", ""].value == pytest.approx(0.25)
    assert found["prediction changed", "place (0, 0)"].n == 10
