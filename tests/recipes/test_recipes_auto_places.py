"""What auto chooses where answers lie on the image, by hand."""

import numpy as np
import pytest

from dense_job import dense_job
from vidi.recipes.auto import (
    DEEP_FROM,
    LARGER_PX,
    LARGER_SECONDS,
    SIDE_PX,
    SMALL_PX,
    object_side,
    options_for,
)


@pytest.mark.parametrize(
    ("name", "side", "images", "left", "wanted"),
    [
        ("yolo", 100.0, 200, 1e9, {}),
        ("yolo", SMALL_PX - 1, 200, LARGER_SECONDS + 1.0, {"size_px": LARGER_PX}),
        ("yolo", SMALL_PX - 1, 200, LARGER_SECONDS - 1.0, {}),  # no time for larger images
        ("yolo", SMALL_PX - 1, 2 * LARGER_SECONDS, LARGER_SECONDS + 1.0, {}),
        ("yolo", None, 200, 1e9, {}),  # nothing is drawn
        ("mask_rcnn", 3.0, 200, 1e9, {}),
        ("yolo", 100.0, DEEP_FROM, 1e9, {"frozen": 8}),
        ("lraspp", None, DEEP_FROM - 1, 1e9, {}),
        ("lraspp", None, DEEP_FROM, DEEP_FROM / 2, {}),
    ],
)
def test_options_by_hand(name, side, images, left, wanted):
    found = options_for(name, side, images, left)
    assert {option: value for option, value, _ in found} == wanted
    assert all(len(why) > 20 for _, _, why in found)


def test_the_side_is_that_of_the_squared_image(tmp_path):
    job = dense_job(tmp_path, "detection")
    rows = job.dataset.where("train")
    boxes = [
        job.dataset.annotations().boxes[job.dataset.annotations().of(int(row))]
        * SIDE_PX
        / np.tile([job.dataset.column("width")[row], job.dataset.column("height")[row]], 2)
        for row in rows
    ]
    sides = [np.sqrt((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])) for b in boxes]
    assert object_side(job, rows) == pytest.approx(np.quantile(np.concatenate(sides), 0.25))
    assert object_side(dense_job(tmp_path / "maps", "segmentation"), rows) is None
