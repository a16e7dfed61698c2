import pytest
import torch

from vidi.ops.boxes import (
    area,
    class_nms,
    clip,
    from_cxcywh,
    from_xywh,
    giou,
    iou,
    nms,
    to_cxcywh,
    to_xywh,
)


def boxes(n, seed, side=50.0):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(n, 2, generator=generator, dtype=torch.float64) * 100
    return torch.cat([corner, corner + torch.rand(n, 2, generator=generator, dtype=torch.float64) * side], 1)


def test_overlaps_by_hand():
    a = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    b = torch.tensor([[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 2.0], [4.0, 0.0, 6.0, 2.0]])
    torch.testing.assert_close(iou(a, b), torch.tensor([[1 / 7, 1.0, 0.0]]))
    # around the first 9, union 7; around the third 12, union 8
    torch.testing.assert_close(giou(a, b), torch.tensor([[1 / 7 - 2 / 9, 1.0, -4 / 12]]))
    torch.testing.assert_close(area(b), torch.tensor([4.0, 4.0, 4.0]))


@pytest.mark.parametrize("overlap", [iou, giou])
def test_overlaps_are_symmetric_and_do_not_move_with_the_picture(overlap):
    a, b = boxes(7, 0), boxes(9, 1)
    torch.testing.assert_close(overlap(a, b), overlap(b, a).T)
    torch.testing.assert_close(overlap(3 * a + 5, 3 * b + 5), overlap(a, b))


def test_an_empty_box_overlaps_nothing():
    empty = torch.tensor([[1.0, 1.0, 1.0, 1.0]])
    assert iou(empty, empty).item() == 0 and giou(empty, empty).item() == 0 and area(empty).item() == 0


def test_forms_go_there_and_back():
    corners = boxes(20, 2)
    for there, back in ((to_xywh, from_xywh), (to_cxcywh, from_cxcywh)):
        torch.testing.assert_close(back(there(corners)), corners)
    torch.testing.assert_close(
        to_cxcywh(torch.tensor([[1.0, 2.0, 5.0, 4.0]])), torch.tensor([[3.0, 3.0, 4.0, 2.0]])
    )


def test_a_clipped_box_is_its_part_inside():
    inside = clip(torch.tensor([[-5.0, 2.0, 30.0, 8.0], [50.0, 50.0, 60.0, 60.0]]), (10, 20))
    torch.testing.assert_close(inside, torch.tensor([[0.0, 2.0, 20.0, 8.0], [20.0, 10.0, 20.0, 10.0]]))


def greedy(corners, scores, threshold):
    """As Neubeck & Van Gool say it, one box after the other."""
    overlaps, kept = iou(corners, corners), []
    for place in scores.argsort(descending=True, stable=True).tolist():
        if not any(overlaps[place, other] > threshold for other in kept):
            kept.append(place)
    return torch.tensor(kept, dtype=torch.long)


@pytest.mark.parametrize(("n", "threshold"), [(0, 0.5), (1, 0.5), (300, 0.1), (300, 0.9), (1100, 0.3)])
def test_suppression_is_the_greedy_one(n, threshold):
    corners = boxes(n, n)
    scores = torch.rand(n, generator=torch.Generator().manual_seed(n)).mul(20).round()  # with ties
    assert torch.equal(nms(corners, scores, threshold), greedy(corners, scores, threshold))


def test_a_chain_of_overlaps_is_settled_one_by_one():
    # each overlaps the next alone: the first is kept, the second falls, so the third is kept again, ...
    left = torch.arange(40) * 5.0
    chain = torch.stack([left, torch.zeros(40), left + 10, torch.ones(40)], dim=1)
    scores = torch.arange(40, 0, -1).float()
    assert nms(chain, scores, 0.3).tolist() == list(range(0, 40, 2))


def test_classes_do_not_suppress_each_other():
    corners, scores = boxes(200, 3), torch.rand(200, generator=torch.Generator().manual_seed(3))
    labels = torch.arange(200) % 3
    kept = class_nms(corners, scores, labels, iou_threshold=0.2)
    alone = [
        (labels == c).nonzero()[:, 0][nms(corners[labels == c], scores[labels == c], 0.2)] for c in range(3)
    ]
    assert set(kept.tolist()) == set(torch.cat(alone).tolist())
    assert torch.equal(kept, kept[scores[kept].argsort(descending=True)])
    assert torch.equal(class_nms(corners, scores, labels, iou_threshold=0.2, most=5), kept[:5])
    with pytest.raises(ValueError, match="0 to 1; got 50"):
        class_nms(corners, scores, labels, iou_threshold=50.0)
