"""Questions to networks that find things: scores by hand, and maps that stay where the answer comes from."""

import pytest
import torch

import known_finders as finders
from dense_networks import backbone, images
from vidi import catalog
from vidi.core.dense import Answer
from vidi.core.device import seeded
from vidi.explanations.believing import known_method
from vidi.explanations.questions import FLOOR, Boxes, FindingBoxes, FindingPixels, Regions, similarity
from vidi.ops.layer_maps import last_maps
from vidi.ops.randomised import randomised

LEFT = Boxes(finders.BOXES[:1], torch.tensor([0]))
LEFT_AND_RIGHT = Boxes(finders.BOXES, torch.tensor([0, 1]))


def test_similarity_is_overlap_times_score_of_the_same_label():
    answer = Answer(finders.BOXES, torch.tensor([0, 1]), torch.tensor([0.8, 0.6]))
    half = torch.tensor([[0.0, 0.0, 4.0, 16.0]])
    asked = Boxes(torch.cat([finders.BOXES[:1], half, finders.BOXES]), torch.tensor([0, 0, 1, 1]))
    torch.testing.assert_close(similarity(answer, asked), torch.tensor([0.8, 0.4, 0.0, 0.6]))
    nothing = Answer(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))
    assert similarity(nothing, asked).tolist() == [0, 0, 0, 0]


def test_scores_are_log_odds_of_the_shares_and_each_image_has_its_own_question():
    network = FindingBoxes(finders.KnownDetector(), LEFT_AND_RIGHT)
    some = torch.stack([finders.picture(), finders.picture(red=100)])
    scores, shares = network(some), network.shares(some)
    torch.testing.assert_close(scores.sigmoid(), shares)
    by_hand = torch.sigmoid(8 * (some[:, 0, :, :8].float().mean(dim=(1, 2)) / 127.5 - 1))
    torch.testing.assert_close(shares[:, 0], by_hand)
    assert shares[0, 1] == shares[1, 1]


def test_where_nothing_is_found_the_score_is_the_floor_and_its_map_is_empty():
    network, black = FindingBoxes(finders.KnownDetector(), LEFT), torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    torch.testing.assert_close(network(black).sigmoid(), torch.full((1, 1), FLOOR))
    assert not known_method("gradient").maps(network, black, torch.ones(1, 1)).any()


@pytest.mark.parametrize("name", ["gradient", "hires_cam", "grad_cam", "occlusion", "integrated_gradients"])
@pytest.mark.parametrize("kind", ["boxes", "pixels"])
def test_only_what_the_answer_hangs_on_gets_something(name, kind):
    left = torch.zeros(1, 16, 16, dtype=torch.bool)
    left[:, :, :8] = True
    if kind == "boxes":
        network = FindingBoxes(finders.KnownDetector(), LEFT)
    else:
        network = FindingPixels(finders.KnownSegmenter(), Regions(left, torch.tensor([0])))
    if name == "grad_cam" and kind == "boxes":
        return  # it weighs whole channels: every red place counts, in the box or not
    map_ = known_method(name).maps(network, finders.picture(green=0)[None], torch.ones(1, 1))[0].abs()
    assert map_[:, :8].mean() > 0 and map_[:, 13:].max() <= 1e-5 * map_.max()


def test_mean_logits_and_probabilities_of_pixels_by_hand():
    masks = torch.zeros(2, 16, 16, dtype=torch.bool)
    masks[0, :, :8], masks[1, 4:6, 10:12] = True, True
    network = FindingPixels(finders.KnownSegmenter(), Regions(masks, torch.tensor([0, 2])))
    some = finders.picture(red=255, green=255)[None]
    torch.testing.assert_close(network(some), torch.tensor([[1.0, 0.0]]))
    logits = torch.tensor([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]]).softmax(dim=1)
    torch.testing.assert_close(network.shares(some), torch.stack([logits[0, 0], logits[1, 2]])[None])


@pytest.mark.parametrize(
    ("name", "layer"), [("yolo", "network.neck"), ("retinanet", "network.net.backbone.fpn")]
)
def test_the_layer_is_the_pyramid_that_heads_read_and_everything_can_be_forgotten(name, layer):
    network = catalog.load("detectors", name).build(
        classes=3, backbone=backbone(), width=64, generator=seeded(0)
    )
    asked = FindingBoxes(network.eval(), Boxes(torch.tensor([[4.0, 6.0, 30.0, 28.0]]), torch.tensor([0])))
    assert last_maps(asked, (96, 96)) == layer
    *stages, above = asked.parts()
    assert len(stages) == 5
    weights = {id(w) for part in (*stages, above) for w in part.parameters()}
    assert weights == {id(w) for w in network.parameters()}
    other = randomised(asked, images(), share=1.0, generator=seeded(1))
    changed = [
        not torch.equal(a, b)
        for a, b in zip(other.parameters(), asked.parameters(), strict=True)
        if a.ndim > 1
    ]
    assert all(changed)
