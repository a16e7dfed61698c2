"""Targets at any size: they lie where their pixels lie."""

import numpy as np
import pytest
import torch
from drawn_rows import dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vidi.core.annotations import IGNORE, Annotation, Category, Instance, Scheme
from vidi.core.errors import UsageError
from vidi.core.vision import torchvision
from vidi.data.label_maps import classes_of, read_map
from vidi.data.targets import Targets, torchvision_tensors
from vidi.ops import masks
from vidi.ops.resize import FITS, resize

CAT = Instance("cat", (2, 1, 8, 5), polygons=((2, 1, 8, 1, 8, 5, 2, 5),), keypoints=(3, 2, 2, 0, 0, 0))
FULL = np.zeros((10, 20), bool)
FULL[3:9, 5:15] = True
DOG = Instance("dog", (5, 3, 15, 9), rle=masks.encode(FULL).counts, difficult=True)
CROWD = Instance("cat", (0, 0, 4, 4), crowd=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    numbers = np.zeros((10, 20), np.uint16)
    numbers[2:4, 2:4], numbers[6:8, 6:9] = 300, 7
    Image.fromarray(numbers).save(root / "map.png")
    mapped = tuple(
        Instance("cat", box, file="map.png", value=value)
        for box, value in (((2, 2, 4, 4), 300), ((6, 6, 9, 8), 7))
    )
    return dataset(
        root, [Annotation((CAT, DOG)), Annotation(), Annotation(mapped), Annotation((DOG, CAT, CROWD))]
    )


def test_by_hand(data):
    targets = Targets(data)
    assert targets.image_hw(0) == (10, 20)
    assert targets.boxes(0).tolist() == [[2, 1, 8, 5], [5, 3, 15, 9]] and targets.boxes(0).dtype == np.float32
    assert targets.labels(0).tolist() == [0, 1] and targets.difficult(0).tolist() == [False, True]
    assert targets.crowd(3).tolist() == [False, False, True]
    drawn = targets.masks(0)
    assert drawn.shape == (2, 10, 20) and (drawn[1] == FULL).all()
    assert drawn[0][1:5, 2:8].all() and drawn[0].sum() == 24
    assert targets.keypoints(0).tolist() == [[[3, 2, 2], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]
    assert targets.boxes(1).shape == (0, 4) and targets.masks(1).shape == (0, 10, 20)
    found = targets.masks(2)
    assert found[0][2:4, 2:4].all() and found[0].sum() == 4 and found[1].sum() == 6


def test_objects_as_a_class_map(data):
    """Later objects lie over earlier ones; a crowd counts for nothing."""
    found = Targets(data).semantic(3)
    assert found[7, 10] == 1 and found[4, 6] == 0 and found[0, 0] == IGNORE and found[2, 3] == IGNORE
    assert found[9, 19] == IGNORE


@pytest.mark.parametrize("fit", FITS)
def test_in_the_square_they_lie_on_their_pixels(data, fit):
    """Mask and box of an object against the picture of its mask, resized as images are."""
    targets = Targets(data, size_px=40, fit=fit)
    picture = np.repeat(FULL[:, :, None], 3, axis=2).astype(np.uint8) * 255
    wanted = resize(picture, size_px=40, fit=fit)[:, :, 0] > 127
    found = targets.masks(0)[1]
    assert targets.image_hw(0) == (40, 40) and found.shape == (40, 40)
    assert (found != wanted).sum() <= 0.1 * wanted.sum()
    x1, y1, x2, y2 = targets.boxes(0)[1].clip(0, 40)
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    np.testing.assert_allclose(
        [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], [x1, y1, x2, y2], atol=1.01
    )
    if fit == "pad":
        assert (targets.semantic(0)[[0, -1]] == IGNORE).all()


def test_tensors_are_torchvisions(data):
    tv = torchvision_tensors()
    told = Targets(data, size_px=16).tensors(0, with_masks=True, with_keypoints=True)
    assert isinstance(told["boxes"], tv.BoundingBoxes) and told["boxes"].canvas_size == (16, 16)
    assert isinstance(told["masks"], tv.Mask) and told["masks"].shape == (2, 16, 16)
    assert isinstance(told["keypoints"], tv.KeyPoints) and told["visibility"].tolist() == [[2, 0], [0, 0]]
    assert told["labels"].dtype == torch.int64 and told["iscrowd"].dtype == torch.bool
    assert isinstance(Targets(data).map_tensor(0), tv.Mask)


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(st.integers(0, 20), st.integers(0, 12)),
    st.tuples(st.integers(4, 10), st.integers(4, 10)),
    st.sampled_from(["flip", "vertical", "resize", "crop", "pad"]),
)
def test_a_box_follows_its_pixels(corner, size, change):
    """torchvision's geometry on image, box and mask together: the box stays around the patch, the mask on it."""
    torchvision()
    from torchvision.transforms import v2

    tv = torchvision_tensors()
    (x, y), (w, h) = corner, size
    image = torch.zeros(3, 24, 32, dtype=torch.uint8)
    image[:, y : y + h, x : x + w] = 255
    box = tv.BoundingBoxes([[x, y, x + w, y + h]], format="XYXY", canvas_size=(24, 32), dtype=torch.float32)
    transform = {
        "flip": v2.RandomHorizontalFlip(1.0),
        "vertical": v2.RandomVerticalFlip(1.0),
        "resize": v2.Resize((48, 48), antialias=True),
        "crop": v2.CenterCrop((20, 28)),
        "pad": v2.Pad([3, 1, 0, 2]),
    }[change]
    moved, boxes, mask = transform(tv.Image(image), box, tv.Mask(image[:1] > 0))
    inside = moved[0] > 127
    rows, columns = torch.nonzero(inside.any(dim=1)), torch.nonzero(inside.any(dim=0))
    if not len(rows):
        return
    around = [columns[0].item(), rows[0].item(), columns[-1].item() + 1, rows[-1].item() + 1]
    np.testing.assert_allclose(boxes[0].numpy(), around, atol=1)
    assert (mask[0].bool() != inside).float().mean() < 0.02


def test_class_maps_by_value_and_colour(tmp_path):
    numbers = np.array([[0, 5], [9, 255]], np.uint8)
    Image.fromarray(numbers).save(tmp_path / "index.png")
    found, told = read_map(tmp_path, "index.png")
    scheme = Scheme((Category("road", 5), Category("sky", 0)), ("segmentation",), mask="index", ignore=(255,))
    assert told == "index" and classes_of(found, scheme).tolist() == [[1, 0], [IGNORE, IGNORE]]
    colours = np.array([[[255, 0, 0], [0, 1, 2]]], np.uint8)
    Image.fromarray(colours).save(tmp_path / "colour.png")
    found, told = read_map(tmp_path, "colour.png")
    assert told == "colour" and found.tolist() == [[0xFF0000, 0x000102]]
    palette = Image.fromarray(np.array([[0, 3]], np.uint8), "P")
    palette.putpalette([9] * 768)
    palette.save(tmp_path / "palette.png")
    assert read_map(tmp_path, "palette.png")[0].tolist() == [[0, 3]]


def test_a_class_map_that_has_changed_is_refused(tmp_path):
    Image.fromarray(np.zeros((10, 20), np.uint8)).save(tmp_path / "mask.png")
    scheme = Scheme((Category("road", 0),), ("segmentation",), mask="index")
    data = dataset(tmp_path, [Annotation(mask="mask.png")] * 2, scheme=scheme, targets=["road"] * 2)
    assert (Targets(data).semantic(0) == 0).all() and Targets(data, size_px=8).semantic(0).shape == (8, 8)
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(UsageError, match="3 x 3 now"):
        Targets(data).semantic(0)
    (tmp_path / "mask.png").unlink()
    with pytest.raises(UsageError, match="missing"):
        Targets(data).semantic(0)
