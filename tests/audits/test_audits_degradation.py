"""What spoiling costs a number: by hand, in any order, and nothing where nothing is spoiled."""

import numpy as np
import pytest

from vidi.audits.degradation import audit
from vidi.core.scores import Scores
from vidi.data.drawn.fallible import greys
from vidi.ops.bootstrap import replicate_counts

N = 12
SCORES = Scores(np.zeros(N, np.int64), np.zeros((N, 1)), ("",), replicates=50)
COUNTS = replicate_counts(N, replicates=50, seed=0) / N


def darker(image, *, severity, generator):
    return (image // (1 + severity)).astype(np.uint8)


def unchanged(image, *, severity, generator):
    return image


def grained(image, *, severity, generator):
    return (image // 2 + generator.integers(0, 9 * severity, image.shape)).astype(np.uint8)


def brightness(images, name, severity):
    each = images.mean(axis=(1, 2, 3)) / 255
    return float(each.mean()), COUNTS @ each


def run(images, corruptions, severities=(1, 3)):
    return audit(
        brightness, images, metric="brightness", corruptions=corruptions, scores=SCORES, severities=severities
    )


def test_means_losses_and_shares_by_hand():
    images = np.full((N, 16, 16, 3), 240, np.uint8)
    images[0] = 120
    found = run(images, {"darker": darker, "unchanged": unchanged})
    clean = images.mean() / 255
    values = {m.of: m.value for m in (*found.measured, *found.by_corruption)}
    assert values["darker, severity 1"] == pytest.approx(clean / 2)
    assert values["darker"] == pytest.approx(clean * 3 / 8) and values["unchanged"] == pytest.approx(clean)
    assert found.mean.value == pytest.approx(clean * 11 / 16) and found.mean.of == "mean of 2"
    assert found.kept.value == pytest.approx(11 / 16) and found.kept.low == pytest.approx(11 / 16)
    lost = {m.of: m for m in found.lost}
    assert lost["darker"].value == pytest.approx(clean * 5 / 8) and lost["unchanged"].value == 0


def test_losses_are_paired():
    """Images differ much and each loses half: the clean number is unsure, the share kept is not."""
    images, _ = greys(N, seed=3)
    found = run(images, {"darker": darker}, severities=(1,))
    assert found.clean.high - found.clean.low > 0.1
    assert found.kept.high - found.kept.low < 0.01


def test_the_order_of_images_does_not_matter():
    images, _ = greys(N, seed=1)
    one, back = run(images, {"grained": grained}), run(images[::-1], {"grained": grained})
    assert [m.value for m in one.measured] == pytest.approx([m.value for m in back.measured], abs=1e-12)


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="at least one image, one corruption"):
        run(np.zeros((0, 16, 16, 3), np.uint8), {"darker": darker})
