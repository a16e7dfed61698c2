"""Box operators that torchvision has in compiled form only, in plain torch: for a torch build they do not load with.

`core.vision` registers them there, so that torchvision's detection models run. `ops.boxes` builds on them too.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import grid_sample

BLOCK = 192  # boxes that are compared with each other at once


def iou(a: Float[Tensor, "n 4"], b: Float[Tensor, "m 4"]) -> Float[Tensor, "n m"]:
    """Intersection over union of every box of `a` with every box of `b` (corners x1, y1, x2, y2), in [0, 1].

    An empty box scores 0 with everything, itself included: 0/0 would poison a mean.
    """
    top_left = torch.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    width, height = (bottom_right - top_left).clamp(min=0).unbind(dim=-1)
    overlap = width * height
    area_a, area_b = ((each[:, 2:] - each[:, :2]).prod(dim=1) for each in (a, b))
    union = area_a[:, None] + area_b[None, :] - overlap
    return torch.where(
        union > 0, overlap / union, torch.zeros((), dtype=overlap.dtype, device=overlap.device)
    )


def nms(
    boxes: Float[Tensor, "n 4"],
    scores: Float[Tensor, " n"],
    iou_threshold: float,
    *,
    labels: Int[Tensor, " n"] | None = None,
    most: int | None = None,
) -> Int[Tensor, " kept"]:
    """Numbers of the boxes that no kept box of a higher score overlaps by more than the threshold, best first; `most`
    of them at most. With `labels` only boxes of the same label exclude each other.

    Exactly the greedy algorithm; of equal scores the earlier row is ahead. Memory grows with the number kept, not
    with its square.
    """

    def excluding(a: Tensor, b: Tensor) -> Tensor:
        over = iou(ordered[a], ordered[b]) > iou_threshold
        return over if labels is None else over & (named[a][:, None] == named[b][None])

    order = scores.argsort(descending=True, stable=True)
    ordered = boxes.detach()[order]
    ordered = ordered if ordered.dtype == torch.float64 else ordered.float()
    named = order if labels is None else labels[order]
    kept = order[:0]
    for start in range(0, len(ordered), BLOCK):
        if most is not None and len(kept) >= most:
            break
        place = torch.arange(start, min(start + BLOCK, len(ordered)), device=boxes.device)
        if len(kept):
            place = place[~excluding(kept, place).any(dim=0)]
        kept = torch.cat([kept, place[unbeaten(excluding(place, place))]])
    return order[kept[:most]]


def unbeaten(overlaps: Tensor) -> Tensor:
    """Which rows a greedy pass keeps, given Bool (n, n) of who excludes whom, best first.

    A row is kept if no kept row before it excludes it. Starting from "all are kept", each round settles at least one
    more row and usually nearly all, and the only state that a round leaves as it is is the greedy one.
    """
    excludes = overlaps.triu(diagonal=1).float()
    keep = torch.ones(len(excludes), device=excludes.device)
    while True:
        again = (keep @ excludes == 0).float()
        if torch.equal(again, keep):
            return keep > 0
        keep = again


def roi_align(
    input: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Mean of bilinear samples in each bin of each region: (n, c, h, w) and (k, 5) to (k, c, pooled h, pooled w).

    Rows of `rois` are the image's number and corners in pixels of the input; `sampling_ratio` samples each way in a
    bin, or as many as the bin is pixels wide where it is 0 or less. Samples more than a pixel outside count 0.
    Gradients go to `input` alone. He et al. 2017, arXiv:1703.06870, section 3; `aligned` as in Detectron2.
    """
    corners = rois.detach()[:, 1:].float() * spatial_scale - (0.5 if aligned else 0.0)
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    size = size if aligned else size.clamp(min=1.0)
    bins = torch.tensor([pooled_width, pooled_height], device=rois.device)
    samples = (
        torch.full_like(size, sampling_ratio) if sampling_ratio > 0 else (size / bins).ceil().clamp(min=0)
    )
    key = torch.cat([rois.detach()[:, :1].float(), samples], dim=1).long()
    pooled = [input.new_zeros((0, input.shape[1], pooled_height, pooled_width))]
    places = [key[:0, 0]]
    for image, across, down in key.unique(dim=0).tolist():
        place = (key == key.new_tensor([image, across, down])).all(dim=1).nonzero()[:, 0]
        x = points(start[place, 0], size[place, 0], pooled_width * across)
        y = points(start[place, 1], size[place, 1], pooled_height * down)
        shape = (len(place), input.shape[1], pooled_height, pooled_width)
        found = (
            sampled(input[image], x, y)
            .reshape(shape[1], shape[0], pooled_height, down, pooled_width, across)
            .mean(dim=(3, 5))
            .transpose(0, 1)
            if across and down
            else input.new_zeros(shape)
        )
        pooled.append(found.to(input.dtype))
        places.append(place)
    return torch.cat(pooled)[torch.cat(places).argsort()]


def points(start: Float[Tensor, " k"], size: Float[Tensor, " k"], count: int) -> Float[Tensor, "k s"]:
    """`count` coordinates for each region, in the middle of as many equal parts."""
    middle = (torch.arange(count, device=start.device) + 0.5) / max(count, 1)
    return start[:, None] + middle * size[:, None]


def sampled(image: Tensor, x: Float[Tensor, "k s"], y: Float[Tensor, "k t"]) -> Tensor:
    """The image (c, h, w) at every (y, x) of each region: (c, k, t, s); near the border the nearest value."""
    height, width = image.shape[1:]
    inside = ((y >= -1) & (y <= height))[:, :, None] & ((x >= -1) & (x <= width))[:, None, :]
    grid = torch.stack(
        [
            ((2 * x + 1) / width - 1)[:, None, :].expand(inside.shape),
            ((2 * y + 1) / height - 1)[:, :, None].expand(inside.shape),
        ],
        dim=-1,
    )
    found = grid_sample(
        image[None].float(), grid.reshape(1, -1, x.shape[1], 2), padding_mode="border", align_corners=False
    )
    return found[0].reshape(len(image), *inside.shape) * inside
