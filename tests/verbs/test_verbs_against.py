"""Class maps held against a segmenter that knows colours: a region painted over is found, and shown."""

import numpy as np
import pytest
import torch
from PIL import Image

import vidi
from dense_job import COLOURS, SIDE, drawn_image
from vidi import catalog
from vidi.core.network import NetworkSpec, Preprocessing
from vidi.core.progress import Quiet
from vidi.documents.pictures import picture
from vidi.evaluation.dense_model import DenseModel
from vidi.verbs.against import in_doubt
from vidi.verbs.doubtful import pictures
from vidi.verbs.doubtful_regions import doubted_regions
from vidi.verbs.witnesses import Witness

COUNT, SPOILED = 8, 3
LABELS = ("ground", "red", "blue")  # another order than the data's
RGB = torch.tensor([(128, 128, 128), COLOURS[1], COLOURS[0]], dtype=torch.float32)


class ByColour(torch.nn.Module):
    """Logits of each pixel by how near its colour, smoothed, is to that of each class."""

    preprocessing = Preprocessing(size_px=SIDE, fit="squash", mean=(0.0,) * 3, std=(1.0,) * 3)

    def forward(self, image):
        smooth = torch.nn.functional.avg_pool2d(image.float(), 3, 1, 1, count_include_pad=False)
        return -(smooth[:, None] - RGB[None, :, :, None, None]).square().sum(dim=2).sqrt() / 10


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root = tmp_path_factory.mktemp("maps")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    for number in range(COUNT):
        image, classes, _ = drawn_image(number)
        if number == SPOILED:
            classes[50:62, 40:60] = 0
        Image.fromarray(image).save(root / "images" / f"{number}.png")
        Image.fromarray(classes).save(root / "masks" / f"{number}.png")
    (root / "classes.txt").write_text("0 blue\n1 red\n2 ground\n")
    loaded = vidi.load(root)
    task = catalog.load("tasks", "segmentation").TASK
    model = DenseModel(ByColour(), NetworkSpec("none"), LABELS, task, precision="fp32")
    witness = Witness(root, model, np.arange(COUNT))
    return loaded, doubted_regions(loaded, [witness], seed=0, say=Quiet())


def test_the_painted_region_is_found_in_the_images_own_pixels(found):
    _, told = found
    first = told["suspects"][0]
    assert first["path"].endswith(f"{SPOILED}.png") and (first["given"], first["suggested"]) == (
        "blue",
        "ground",
    )
    assert np.abs(np.subtract(first["box"], [40, 50, 60, 62])).max() <= 2
    assert told["count"] == 1 == len(in_doubt(told))
    assert in_doubt(told)[0].what.startswith("drawn as blue, looks like ground")


def test_it_is_drawn_for_the_page(found):
    loaded, told = found
    made = pictures(loaded, {"region_errors": told})
    assert picture(made(told["suspects"][0]["picture"])).startswith("data:image/jpeg")
    assert made("nobody") is None
