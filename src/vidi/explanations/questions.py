"""Networks whose answer lies on the image as networks that score: how well do you find this here?

A question is a column of the scores, so that each image of a batch can be asked its own.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from vidi.core.dense import Answer
from vidi.core.network import Scorer
from vidi.core.pyramid import LibraryPyramid, Pyramid
from vidi.ops.attribution import undisturbed
from vidi.ops.boxes import iou

FLOOR = 1e-4  # an overlap times a score below this counts as nothing found
AT_ONCE = 16  # images that are asked about in one pass: they are large
LEAST = 0.01  # scores that a detector still tells


@dataclass(frozen=True)
class Boxes:
    """Is there such a thing in this box? Corners in pixels of the network's square, and label numbers."""

    boxes: Float[Tensor, "q 4"]
    labels: Int[Tensor, " q"]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Regions:
    """Are these pixels of this class?"""

    masks: Bool[Tensor, "q h w"]
    labels: Int[Tensor, " q"]

    def __len__(self) -> int:
        return len(self.labels)


def similarity(answer: Answer, asked: Boxes) -> Float[Tensor, " q"]:
    """For each box the best detection of its label: its score times how much it overlaps the box, in [0, 1].

    Petsiuk et al. 2021, arXiv:2006.03204, eq. 5, with the label's own score where they compare all classes' scores.
    The overlap has no slope here: with the very box that was found it is 1, its highest, where it has none.
    """
    overlap = iou(answer.boxes, asked.boxes).detach() * (answer.labels[:, None] == asked.labels)
    nothing = overlap.new_zeros(1, len(asked))
    return torch.cat([nothing, overlap * answer.scores[:, None]]).max(dim=0).values


class Finding(Scorer):
    """A network that finds things, asked: `parts` are its backbone's stages and, as one, all that stands on them."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network, self.preprocessing = network, network.preprocessing

    def parts(self) -> list[nn.Module]:
        backbone = next(each for each in self.network.modules() if isinstance(each, Pyramid | LibraryPyramid))
        stages = list(backbone.stages) if isinstance(backbone, Pyramid) else [backbone.net]
        below = {id(each) for each in backbone.modules()}
        above = [
            each for each in self.network.modules() if not any(id(one) in below for one in each.modules())
        ]
        return [*stages, nn.ModuleList(above)]

    def shares(self, images: Shaped[Tensor, "n 3 h w"]) -> Float[Tensor, "n q"]:
        """The answer to each question as a share, in [0, 1], for any number of images."""
        with undisturbed(self), torch.no_grad():
            return torch.cat([self.probability(part) for part in images.split(AT_ONCE)])

    @abstractmethod
    def probability(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        """The answer to each question as a share, in [0, 1]."""


class FindingBoxes(Finding):
    """A detector's `similarity` to what is asked, as log-odds."""

    def __init__(self, network: Any, asked: Boxes) -> None:
        super().__init__(network)
        self.asked = asked

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        outputs = {
            key: value for key, value in self.network(image).items() if key != "masks"
        }  # dear, and not asked
        found = torch.stack(
            [similarity(each, self.asked) for each in self.network.decode(outputs, least=LEAST)]
        )
        return torch.logit(found.clamp(FLOOR, 1 - 1e-7)) + _no_change(outputs)

    def probability(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        return torch.sigmoid(self.forward(image))


def _no_change(outputs: Mapping[str, Any]) -> Tensor | float:
    """0, with a slope of 0 in what the network gave: where nothing is found there is a slope too."""
    given = [each for each in outputs.values() if isinstance(each, Tensor) and each.requires_grad]
    return 0 * given[0].flatten()[0] if given else 0.0


class FindingPixels(Finding):
    """A segmenter's mean logit of a class over the pixels asked about (Vinogradova et al. 2020, arXiv:2002.11434)."""

    def __init__(self, network: Any, asked: Regions) -> None:
        super().__init__(network)
        self.asked = asked

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        return self._mean(self.network(image))

    def probability(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        """The mean probability."""
        return self._mean(self.network(image).softmax(dim=1))

    def _mean(self, values: Float[Tensor, "b k h w"]) -> Float[Tensor, "b q"]:
        weight = self.asked.masks.flatten(1).to(values.dtype)
        weight = weight / weight.sum(dim=1, keepdim=True).clamp(min=1)
        means = torch.einsum("bkp,qp->bqk", values.flatten(2), weight)
        return means.gather(2, self.asked.labels[None, :, None].expand(len(values), -1, 1))[:, :, 0]
