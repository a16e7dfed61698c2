"""Images and what is drawn on them move together: a box follows its pixels, a mask lies on them."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.data.targets import torchvision_tensors
from vidi.training.moved import Moves, transformed

SIDE = 48


def drawn(x, y, w, h):
    """A white patch on black with its box and mask, and a second box elsewhere."""
    tv = torchvision_tensors()
    image = torch.zeros(3, SIDE, SIDE, dtype=torch.uint8)
    image[:, y : y + h, x : x + w] = 255
    boxes = torch.tensor([[x, y, x + w, y + h], [0, 0, 5, 5]], dtype=torch.float32)
    masks = torch.zeros(2, SIDE, SIDE, dtype=torch.bool)
    masks[0, y : y + h, x : x + w], masks[1, :5, :5] = True, True
    target = {
        "boxes": tv.BoundingBoxes(boxes, format="XYXY", canvas_size=(SIDE, SIDE)),
        "labels": torch.tensor([7, 3]),
        "masks": tv.Mask(masks),
    }
    return tv.Image(image), target


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(8, 16), st.integers(8, 16)),
    st.sampled_from([(1.0, 1.0), (0.0, 0.3), (0.5, 0.5)]),
    st.integers(0, 2**31),
)
def test_a_box_follows_its_pixels(patch, how, seed):
    flip, scale = how
    torch.manual_seed(seed)
    image, target = transformed(Moves(flip, scale, 0.0), size_px=SIDE)(*drawn(*patch))
    assert len(target["boxes"]) == len(target["labels"]) == len(target["masks"])
    if 7 not in target["labels"].tolist():  # a crop left too little of it
        return
    place = target["labels"].tolist().index(7)
    inside = image[0] > 127
    rows, columns = torch.nonzero(inside.any(dim=1)), torch.nonzero(inside.any(dim=0))
    around = [columns[0].item(), rows[0].item(), columns[-1].item() + 1, rows[-1].item() + 1]
    np.testing.assert_allclose(target["boxes"][place].numpy(), around, atol=1.5)
    apart = (target["masks"][place] != inside).float().sum()
    assert apart <= 3 * (around[2] - around[0] + around[3] - around[1])  # its edge, after a resize


def test_off_is_off_exactly():
    image, target = drawn(3, 4, 8, 9)
    moved, told = transformed(Moves(0.0, 1.0, 0.0), size_px=SIDE)(image, target)
    assert torch.equal(moved, image) and all(torch.equal(told[key], target[key]) for key in target)


def test_flipped_by_hand():
    image, target = drawn(2, 4, 8, 9)
    moved, told = transformed(Moves(1.0, 1.0, 0.0), size_px=SIDE)(image, target)
    assert told["boxes"][0].tolist() == [SIDE - 10, 4, SIDE - 2, 13]
    assert torch.equal(moved, image.flip(-1)) and torch.equal(told["masks"], target["masks"].flip(-1))
