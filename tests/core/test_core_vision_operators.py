import sys

import pytest
import torch

from vidi.core import vision
from vidi.core.vision_operators import roi_align

RAMP = torch.arange(25.0).reshape(1, 1, 5, 5)
REGION = torch.tensor([[0.0, 1, 1, 3, 3]])


@pytest.mark.parametrize("samples", [0, 2, 4])
def test_a_ramp_by_hand(samples):
    # Detectron2's tests/layers/test_roi_align.py holds these two
    old, new = (roi_align(RAMP, REGION, 1.0, 4, 4, samples, aligned)[0, 0] for aligned in (False, True))
    step = torch.arange(4) * 0.5 + 5 * torch.arange(4)[:, None] * 0.5
    torch.testing.assert_close(old, 7.5 + step)
    torch.testing.assert_close(new, 4.5 + step)


def test_nothing_is_found_outside_and_the_border_reaches_a_pixel_further():
    ones = torch.ones(1, 1, 4, 4)
    outside, border = (
        roi_align(ones, torch.tensor([[0.0, low, 0, low + 0.5, 2]]), 1.0, 1, 1, 1, True)
        for low in (-3.0, -0.5)
    )
    assert outside.item() == 0 and border.item() == 1
    assert roi_align(ones, torch.tensor([[0.0, 3, 3, 1, 1]]), 1.0, 2, 2, 0, True).abs().sum() == 0  # inverted
    assert roi_align(ones, torch.zeros(0, 5), 1.0, 3, 2, 2, True).shape == (0, 1, 3, 2)


@pytest.mark.parametrize("samples", [2, -1])
@pytest.mark.parametrize("aligned", [True, False])
def test_the_same_as_torchvisions_own_that_is_written_in_python(samples, aligned):
    vision.torchvision()
    theirs = sys.modules["torchvision.ops.roi_align"]._roi_align.__wrapped__
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(2, 3, 12, 17, generator=generator, requires_grad=True)
    corner = torch.rand(9, 2, generator=generator) * 8
    size = torch.rand(9, 2, generator=generator) * 4  # inside: it does not zero what is beyond
    regions = torch.cat([torch.arange(9)[:, None] % 2, corner, corner + size], dim=1)
    ours, expected = (
        function(image, regions, 0.9, 4, 3, samples, aligned) for function in (roi_align, theirs)
    )
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        *(torch.autograd.grad(found.square().sum(), image)[0] for found in (ours, expected)),
        atol=1e-4,
        rtol=1e-4,
    )


def test_torchvision_calls_them():
    ops = vision.torchvision().ops
    corners = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 9], [20.0, 0, 30, 10]])
    assert ops.nms(corners, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]
    kept = ops.batched_nms(corners, torch.tensor([0.5, 0.9, 0.1]), torch.tensor([0, 1, 0]), 0.5)
    assert kept.tolist() == [1, 0, 2]
    pooled = ops.roi_align(RAMP, [REGION[:, 1:]], 4, sampling_ratio=2, aligned=True)
    torch.testing.assert_close(pooled, roi_align(RAMP, REGION, 1.0, 4, 4, 2, True))


@pytest.mark.slow
def test_a_detector_finds_and_learns():
    detection = vision.torchvision().models.detection
    torch.manual_seed(0)
    backbone = torch.nn.Conv2d(3, 8, 8, stride=8)
    backbone.out_channels = 8
    model = detection.MaskRCNN(
        backbone,
        num_classes=3,
        rpn_anchor_generator=detection.rpn.AnchorGenerator(((16, 32),), ((1.0,),)),
        min_size=64,
        max_size=64,
        box_score_thresh=0.0,
    )
    box = torch.tensor([[10.0, 10, 50, 40]])
    target = {"boxes": box, "labels": torch.tensor([1]), "masks": torch.ones(1, 64, 64, dtype=torch.uint8)}
    losses = model([torch.rand(3, 64, 64)], [target])
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert backbone.weight.grad.abs().sum() > 0
    with torch.inference_mode():
        found = model.eval()([torch.rand(3, 64, 64)])[0]
    assert len(found["boxes"]) and found["masks"].shape == (len(found["boxes"]), 1, 64, 64)
