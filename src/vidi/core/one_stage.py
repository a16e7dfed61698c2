"""Classes and boxes said at every place in one pass: torchvision's one-stage detectors with their steps apart.

Lin et al. 2017, arXiv:1708.02002; without anchors: Tian et al. 2019, arXiv:1904.01355.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from vidi.core.dense import Answer, Grids, Target, anchors, as_answers, empty_maps, grids_of


class OneStage(nn.Module, ABC):
    """A torchvision detector `net` on a feature pyramid; `heads` are its heads' names, and how many numbers each says.

    Outputs are the heads' by name, (b, n, c) each, the `anchors`, the `counts` of these on each map and the `image_hw`.
    """

    def __init__(self, net: Any, *, classes: int, heads: Mapping[str, int]) -> None:
        super().__init__()
        self.net, self.heads = net, dict(heads)
        self.classes, self.preprocessing = classes, self.net.backbone.pyramid.preprocessing

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> dict[str, Any]:
        return self.of_maps(self.net.backbone.pyramid(image), (int(image.shape[2]), int(image.shape[3])))

    def of_maps(self, maps: Sequence[Tensor], image_hw: tuple[int, int]) -> dict[str, Any]:
        """The outputs for images whose backbone's maps these are."""
        return self.outputs(*self.raw(maps), image_hw)

    def raw(self, maps: Sequence[Tensor]) -> tuple[Float[Tensor, "b n c"], Grids]:
        """What the heads say at each place, side by side."""
        mixed = list(self.net.backbone.of_maps(maps).values())
        said = self.net.head(mixed)
        return torch.cat([said[name] for name in self.heads], dim=2), grids_of(mixed)

    def outputs(self, raw: Float[Tensor, "b n c"], grids: Grids, image_hw: tuple[int, int]) -> dict[str, Any]:
        """The outputs of what the heads say."""
        said = dict(zip(self.heads, raw.split(tuple(self.heads.values()), dim=2), strict=True))
        return said | self.places(len(raw), grids, image_hw, raw.device)

    def places(
        self, images: int, grids: Grids, hw: tuple[int, int], device: torch.device | None = None
    ) -> dict[str, Any]:
        """The outputs that do not depend on what is seen: anchors, how many each map has, the images' size."""
        each = self.net.anchor_generator.num_anchors_per_location()[0]
        counts = [height * width * each for height, width in grids]
        return {"anchors": anchors(self.net, images, grids, hw, device), "counts": counts, "image_hw": hw}

    def decode(self, outputs: Mapping[str, Any], *, least: float = 0.01) -> list[Answer]:
        """The surest objects of each image, as many as `net` gives, after suppression in each class."""
        split = {name: outputs[name].float().split(outputs["counts"], dim=1) for name in self.heads}
        where = [each.split(outputs["counts"]) for each in outputs["anchors"]]
        self.net.score_thresh = least
        found = self.net.postprocess_detections(split, where, [outputs["image_hw"]] * len(where))
        return as_answers(found, least=least)

    def unsure(self, images: int, image_hw: tuple[int, int]) -> dict[str, Any]:
        """Outputs that find nothing for sure: what an ideal answer begins with."""
        maps = empty_maps(images, image_hw, self.net.backbone.strides)
        outputs = self.places(images, grids_of(maps), image_hw)
        for name, width in self.heads.items():
            start = 0.0 if name == "bbox_regression" else -20.0
            outputs[name] = torch.full((images, sum(outputs["counts"]), width), start)
        return outputs

    @abstractmethod
    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]: ...

    @abstractmethod
    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]: ...
