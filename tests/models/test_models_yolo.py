"""What is drawn as a crowd is neither an object nor background to the small YOLO."""

from dataclasses import replace

import pytest
import torch

from dense_networks import backbone, images, targets
from vidi.core.device import seeded
from vidi.data.objects import collate_objects
from vidi.data.targets import torchvision_tensors
from vidi.models.detectors import yolo
from vidi.training.moved import Moves, transformed

CROWD = torch.tensor([[0.0, 0.0, 48.0, 96.0]])


@pytest.fixture(scope="module")
def network():
    return yolo.build(classes=3, backbone=backbone(), generator=seeded()).eval()


def gradient(network, wanted):
    outputs = network(images(3))
    outputs["logits"].retain_grad()
    network.loss(outputs, wanted)["classes"].backward()
    return outputs["logits"].grad, outputs["places"]


def test_places_in_a_crowd_learn_nothing_but_the_objects_they_answer_for(network):
    plain, where = gradient(network, targets())
    crowded, _ = gradient(network, [replace(each, ignored=CROWD) for each in targets()])
    inside = yolo.inside(where, CROWD).any(dim=1)
    assert torch.equal(crowded[:, ~inside], plain[:, ~inside])
    assert (crowded[1, inside] == 0).all() and (plain[1, inside] != 0).all()  # an image without objects
    answering = (crowded[0, inside] != 0).any(dim=1)
    assert answering.any() and torch.equal(crowded[0, inside][answering], plain[0, inside][answering])


def test_no_crowd_is_an_empty_crowd(network):
    losses = [
        network.loss(network(images(3)), [replace(each, ignored=none) for each in targets()])
        for none in (None, torch.zeros(0, 4))
    ]
    assert all(torch.equal(losses[0][key], losses[1][key]) for key in losses[0])


def test_a_crowd_is_moved_with_its_image():
    tv = torchvision_tensors()
    boxes = tv.BoundingBoxes(torch.tensor([[2.0, 4.0, 10.0, 13.0]]), format="XYXY", canvas_size=(48, 48))
    target = {
        "boxes": boxes,
        "labels": torch.tensor([1]),
        "ignored": tv.BoundingBoxes(CROWD / 2, format="XYXY", canvas_size=(48, 48)),
    }
    image = tv.Image(torch.zeros(3, 48, 48, dtype=torch.uint8))
    _, told = transformed(Moves(1.0, 1.0, 0.0), size_px=48)(image, target)
    assert collate_objects([told])[0].ignored.tolist() == [[24.0, 0.0, 48.0, 48.0]]
    _, cropped = transformed(Moves(0.0, 0.3, 0.0), size_px=48)(image, target)
    assert len(collate_objects([cropped])[0].ignored) == 1
