"""The shape every classification network has here: normalise, stages, head."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn


@dataclass(frozen=True)
class NetworkSpec:
    """A network by name and plain options: enough for `catalog` to build it again."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes a network's input: squared to `size_px`, then (x - mean) / std with x in 0..255.

    `fit` is `squash` (aspect ratio given up, nothing cut), `crop` (centre square) or `pad` (grey borders).
    One number in `mean` and `std` means grey images, three mean RGB.
    """

    size_px: int
    mean: tuple[float, ...] = (127.5, 127.5, 127.5)
    std: tuple[float, ...] = (127.5, 127.5, 127.5)
    fit: str = "squash"

    def __post_init__(self) -> None:
        if not 1 <= self.size_px <= 4096:
            raise ValueError(f"size_px is an image's side, 1 to 4096; got {self.size_px}")
        if len(self.mean) != len(self.std) or len(self.mean) not in (1, 3):
            raise ValueError(
                f"mean and std have one or three numbers; got {len(self.mean)} and {len(self.std)}"
            )
        if self.fit not in ("squash", "crop", "pad"):
            raise ValueError(f"fit is squash, crop or pad; got {self.fit!r}")

    @property
    def channels(self) -> int:
        return len(self.mean)

    def record(self) -> dict[str, Any]:
        return asdict(self)


class Normalise(nn.Module):
    """(x - mean) / std as one multiply-add; takes uint8 or float in 0..255; three channels become grey if asked."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
        self.register_buffer("scale", (1 / std)[:, None, None], persistent=False)
        self.register_buffer("shift", (-mean / std)[:, None, None], persistent=False)
        grey = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # ITU-R BT.601 luma
        self.register_buffer("grey", grey, persistent=False)
        self.channels = preprocessing.channels

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        scale, shift = cast(Tensor, self.scale), cast(Tensor, self.shift)
        image = image.to(scale.dtype)
        if self.channels == 1:
            image = (image * cast(Tensor, self.grey)).sum(dim=1, keepdim=True)
        return image * scale + shift


class Scorer(nn.Module, ABC):
    """Image in 0..255, shape (b, 3, h, w), to scores (b, k) of k things that can be asked about it.

    All that an explanation wants of a network: a classifier's logits are scores of its labels, a detector's of the
    boxes that somebody asks about.
    """

    preprocessing: Preprocessing

    @abstractmethod
    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]: ...

    @abstractmethod
    def parts(self) -> list[nn.Module]:
        """What was learned, one after the other; the last gives the scores."""


class Classifier(Scorer):
    """Image in 0..255, shape (b, 3, h, w), to logits (b, classes): normalise, stages one after the other, head.

    The last stage returns a vector of `width` numbers for each image: the features. A network that cannot be
    cut has one stage. `look(network, images)` is for layers that are set from training images, shape (n, 3, h, w)
    in 0..255, before training from random weights starts (whitening); most networks have none.
    """

    def __init__(
        self,
        *,
        stages: Sequence[nn.Module],
        head: nn.Module,
        width: int,
        preprocessing: Preprocessing,
        look: Callable[["Classifier", Tensor], None] | None = None,
    ) -> None:
        super().__init__()
        self.look = look
        self.preprocessing = preprocessing
        self.width = width
        self.normalise = Normalise(preprocessing)
        self.stages = nn.ModuleList(stages)
        self.head = head

    def prepare_with(self, preprocessing: Preprocessing) -> None:
        """Take images in another way from now on; raises ValueError for another number of channels."""
        if preprocessing.channels != self.preprocessing.channels:
            raise ValueError(
                f"images of {self.preprocessing.channels} channels were wanted; got {preprocessing.channels}"
            )
        if preprocessing != self.preprocessing:
            self.preprocessing, self.normalise = preprocessing, Normalise(preprocessing)

    def features(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        """What the head sees: (b, width)."""
        return cast(Tensor, self.part(0, len(self.stages))(self.normalise(image)))

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        return cast(Tensor, self.head(self.features(image)))

    def parts(self) -> list[nn.Module]:
        """The stages and the head."""
        return [*self.stages, self.head]

    def part(self, start: int, stop: int) -> nn.Sequential:
        """Stages `start` to `stop` (not included) as one module that shares their weights."""
        return nn.Sequential(*list(self.stages)[start:stop])


class Features(nn.Module):
    """A classifier without its head, for feature passes."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        return self.network.features(image)
