"""A backbone as maps of several strides: what networks that answer for places stand on."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.device import drawn_from
from vidi.core.network import Classifier, Normalise, Preprocessing
from vidi.core.vision import timm, torchvision


class Pyramid(nn.Module):
    """Image in 0..255, shape (b, 3, h, w), to a map (b, c, h / stride, w / stride) for each stride, finest first.

    `stages` run one after the other; the map of a stride is what the stage with the number in `ends` gives.
    """

    def __init__(
        self,
        *,
        stages: Sequence[nn.Module],
        ends: Sequence[int],
        channels: Sequence[int],
        strides: Sequence[int],
        preprocessing: Preprocessing,
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.normalise = Normalise(preprocessing)
        self.stages = nn.ModuleList(list(stages)[: max(ends) + 1])
        self.ends, self.channels, self.strides = tuple(ends), tuple(channels), tuple(strides)

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> tuple[Tensor, ...]:
        return self._through(self.normalise(image), (), range(len(self.stages)))

    def early(self, image: Shaped[Tensor, "b 3 h w"], *, stride: int) -> tuple[Tensor, ...]:
        """The maps up to this stride, finest first; none where it is finer than all."""
        return self._through(self.normalise(image), (), range(self.until(stride)))

    def onward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """All maps from the `early` ones, of which there must be one at least: the coarsest is gone on from."""
        return self._through(maps[-1], tuple(maps), range(self.ends[len(maps) - 1] + 1, len(self.stages)))

    def _through(self, x: Tensor, maps: tuple[Tensor, ...], stages: range) -> tuple[Tensor, ...]:
        for number in stages:
            x = self.stages[number](x)
            maps += (x,) * self.ends.count(number)
        return maps

    def until(self, stride: int) -> int:
        """How many stages there are up to the end of this stride; 0 where it is finer than all."""
        known = [end + 1 for end, own in zip(self.ends, self.strides, strict=True) if own <= stride]
        return max(known, default=0)


def of_classifier(network: Classifier, *, strides: Sequence[int] = (8, 16, 32), side: int = 128) -> Pyramid:
    """The classifier's own stages; of each stride the last map. The weights are shared, the head is not used.

    Raises ValueError for a network that has no map of one of the strides, naming those it has.
    """
    x = network.normalise(torch.zeros(1, 3, side, side))
    found: dict[int, tuple[int, int]] = {}
    training = network.training
    network.eval()
    with torch.no_grad():
        for number, stage in enumerate(network.stages):
            x = stage(x)
            if x.ndim != 4 or x.shape[2] < 2:
                break
            found[round(side / x.shape[2])] = (number, x.shape[1])
    network.train(training)
    missing = [stride for stride in strides if stride not in found]
    if missing:
        raise ValueError(
            f"maps of the strides {', '.join(map(str, strides))} are wanted; this network has "
            f"{', '.join(map(str, sorted(found))) or 'none'}: choose a convolutional one, or `of_timm`"
        )
    return Pyramid(
        stages=list(network.stages),
        ends=[found[stride][0] for stride in strides],
        channels=[found[stride][1] for stride in strides],
        strides=strides,
        preprocessing=network.preprocessing,
    )


class _Library(nn.Module):
    """timm's features at several strides, in the order of `places`; where a stride is none of its own, resampled."""

    def __init__(self, net: nn.Module, places: Sequence[int], scales: Sequence[float]) -> None:
        super().__init__()
        self.net, self.places, self.scales = net, tuple(places), tuple(scales)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = self.net(x)
        return [_resampled(maps[n], scale) for n, scale in zip(self.places, self.scales, strict=True)]


def _resampled(x: Tensor, scale: float) -> Tensor:
    """Coarser by maxima, finer by bilinear interpolation (Li et al. 2022, arXiv:2203.16527, do it by convolutions)."""
    if scale == 1:
        return x
    if scale < 1:
        return functional.max_pool2d(x, round(1 / scale))
    return functional.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)


class LibraryPyramid(nn.Module):
    """As `Pyramid`, of a timm network that is not cut into stages."""

    def __init__(
        self, net: _Library, *, channels: Sequence[int], strides: Sequence[int], preprocessing: Preprocessing
    ) -> None:
        super().__init__()
        self.preprocessing, self.normalise, self.net = preprocessing, Normalise(preprocessing), net
        self.channels, self.strides = tuple(channels), tuple(strides)

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> tuple[Tensor, ...]:
        return tuple(self.net(self.normalise(image)))

    def early(self, image: Shaped[Tensor, "b 3 h w"], *, stride: int) -> tuple[Tensor, ...]:
        """All maps, or none where the stride is finer than the coarsest: it is not cut into stages."""
        return self(image) if stride >= self.strides[-1] else ()

    def onward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The same maps."""
        return tuple(maps)


def of_timm(
    name: str,
    *,
    strides: Sequence[int] = (8, 16, 32),
    size_px: int = 320,
    pretrained: bool = False,
    generator: torch.Generator | None = None,
) -> LibraryPyramid:
    """Any timm network that gives features; a transformer's one map is resampled to the other strides.

    `pretrained` weights come from the hub and are kept on this machine. Raises ValueError for a network without maps.
    """
    options: dict[str, Any] = {"features_only": True, "pretrained": pretrained}
    published = timm().get_pretrained_cfg(name)
    if published is not None and published.fixed_input_size:
        options["img_size"] = size_px
    with drawn_from(generator):
        try:
            net = timm().create_model(name, **options)
        except (RuntimeError, AttributeError, AssertionError, TypeError) as error:
            raise ValueError(
                f"timm's {name} can't give maps of features ({str(error).splitlines()[0][:120]}); choose another"
            ) from error
    own = [int(stride) for stride in net.feature_info.reduction()]
    places, scales = [], []
    for stride in strides:
        place = min(range(len(own)), key=lambda n: (abs(own[n] - stride), -n))
        places.append(place)
        scales.append(own[place] / stride)
    channels = [int(net.feature_info.channels()[place]) for place in places]
    about = published.to_dict() if published is not None else {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    preprocessing = Preprocessing(
        size_px,
        mean=tuple(255 * float(value) for value in about["mean"]),
        std=tuple(255 * float(value) for value in about["std"]),
    )
    return LibraryPyramid(
        _Library(net, places, scales), channels=channels, strides=strides, preprocessing=preprocessing
    )


AnyPyramid = Pyramid | LibraryPyramid


def pyramid_of(network: Any) -> AnyPyramid:
    """The backbone of a network that answers for places."""
    found: AnyPyramid = network.backbone if hasattr(network, "backbone") else network.net.backbone.pyramid
    return found


class FeaturePyramid(nn.Module):
    """Maps of one width at every stride, with coarser knowledge added to finer, as torchvision's detectors want them.

    Lin et al. 2017, arXiv:1612.03144. `extra` coarser maps are made by strided convolutions (Lin et al. 2017,
    arXiv:1708.02002) or, where it is "pool", one by taking every second place.
    """

    def __init__(self, pyramid: AnyPyramid, *, width: int, extra: str = "convolutions") -> None:
        super().__init__()
        ops = torchvision().ops.feature_pyramid_network
        more = ops.LastLevelMaxPool() if extra == "pool" else ops.LastLevelP6P7(width, width)
        self.pyramid = pyramid
        self.fpn = ops.FeaturePyramidNetwork(list(pyramid.channels), width, extra_blocks=more)
        self.out_channels = width
        last = pyramid.strides[-1]
        self.strides = (*pyramid.strides, *((2 * last,) if extra == "pool" else (2 * last, 4 * last)))

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> "OrderedDict[str, Tensor]":
        return self.of_maps(self.pyramid(image))

    def of_maps(self, maps: Sequence[Tensor]) -> "OrderedDict[str, Tensor]":
        """From the backbone's own maps, finest first."""
        named = OrderedDict((str(n), x) for n, x in enumerate(maps))
        return cast("OrderedDict[str, Tensor]", self.fpn(named))


def freeze(pyramid: AnyPyramid, *, stride: int) -> None:
    """The stages up to this stride keep their weights; all of a network that is not cut into stages if it is 32."""
    parts = pyramid.stages[: pyramid.until(stride)] if isinstance(pyramid, Pyramid) else [pyramid.net]
    if isinstance(pyramid, LibraryPyramid) and stride < pyramid.strides[-1]:
        return
    for part in parts:
        part.requires_grad_(False)
