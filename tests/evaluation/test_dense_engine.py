"""The fast engine says what torch says of the same image."""

import numpy as np
import pytest
import torch

from dense_networks import SIDE, backbone, images
from vidi import catalog
from vidi.core.dense import OnePass
from vidi.core.device import seeded
from vidi.evaluation.dense_engine import dense_engine


def made(kind, name):
    module = catalog.load(kind, name)
    strides = getattr(module, "STRIDES", (8, 16, 32))
    return module.build(classes=3, backbone=backbone(strides), generator=seeded()).eval()


SLOW = ("fcos", "retinanet", "faster_rcnn", "mask_rcnn")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=[pytest.mark.slow] * (name in SLOW))
        for kind in ("detectors", "segmenters")
        for name in catalog.cards(kind)
    ],
)
def test_it_is_torch_and_one_by_one_is_together(kind, name):
    network = made(kind, name)
    some = images(2, side=SIDE).permute(0, 2, 3, 1).contiguous().numpy()
    run = dense_engine(network, precision="fp32")
    together = list(run(some))
    for image, found in zip(some, together, strict=True):
        with torch.inference_mode():
            wanted = network(torch.from_numpy(image)[None].permute(0, 3, 1, 2))
        [alone] = run(image[None])
        for (_, a), (_, b), (_, c) in zip(leaves(found), leaves(wanted), leaves(alone), strict=True):
            assert torch.equal(a, c)
            torch.testing.assert_close(a.float(), b.float(), atol=2e-3, rtol=2e-3)


def leaves(outputs):
    """The tensors that decode looks at."""
    if isinstance(outputs, torch.Tensor):
        return [("", outputs)]
    return [(key, value) for key, value in sorted(outputs.items()) if isinstance(value, torch.Tensor)]


def test_what_one_tensor_cannot_say_torch_runs():
    assert not isinstance(made("detectors", "faster_rcnn"), OnePass)
    assert isinstance(made("detectors", "yolo"), OnePass)


def test_no_images_no_answers():
    assert (
        list(
            dense_engine(made("detectors", "yolo"), precision="fp32")(np.zeros((0, SIDE, SIDE, 3), np.uint8))
        )
        == []
    )
