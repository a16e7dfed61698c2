"""Any timm or torchvision classification network by its own name; what was published of the best known."""

import functools
import socket
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from, seeded
from vidi.core.errors import UsageError, nearest_names
from vidi.core.network import Classifier, Preprocessing
from vidi.core.vision import timm, torchvision
from vidi.ops.pieces import ERRORS, grouped, pieces, same
from vidi.ops.published_costs import PAPERS, PUBLISHED, SOURCES

__all__ = ["CARD", "PAPERS", "PUBLISHED", "SOURCES", "build", "names"]

CARD = Card(
    title="Library network",
    idea="About 1,450 networks that timm and torchvision keep, cut into stages where that is exact.",
    paper="Wightman 2019, PyTorch Image Models; TorchVision maintainers 2016, TorchVision",
    differs="A classifier that is not one linear layer on a vector becomes one (SqueezeNet's, distilled ViTs').",
    at={"name": "resnet18", "classes": 1000},
    weights=11_689_512,
    multiply_adds=1_814_073_344,
)


@functools.cache
def _timm_names() -> frozenset[str]:
    return frozenset(timm().list_models())


@functools.cache
def _torchvision_names() -> frozenset[str]:
    models = torchvision().models
    return frozenset(models.list_models(module=models))


def names() -> list[str]:
    """Every name that `build` takes, sorted. `torchvision/NAME` and `timm/NAME` say which library is meant."""
    return sorted(_timm_names() | _torchvision_names())


def _resolved(name: str) -> tuple[str, str]:
    """Library and name in it; where both have it, timm's."""
    library, slash, short = name.rpartition("/")
    plain = short.partition(".")[0]  # timm writes the weights' tag behind a dot
    if library in ("", "timm") and plain in _timm_names():
        return "timm", short
    if library in ("", "torchvision") and short in _torchvision_names():
        return "torchvision", short
    close = nearest_names(short, names())
    raise UsageError(f"no network of {library if slash else 'timm or torchvision'} is named {short!r}{close}")


class _TimmFeatures(nn.Module):
    """What timm calls pre-logits, as a vector."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net: Any = net

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        vector: Tensor = self.net.forward_head(self.net.forward_features(x), pre_logits=True).flatten(1)
        return vector


class _Tokens(nn.Module):
    """A vision transformer up to its first block."""

    def __init__(self, net: nn.Module, tokens: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.net, self.tokens = net, tokens

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b t d"]:
        return self.tokens(self.net, x)


def _timm_tokens(net: Any, x: Tensor) -> Tensor:
    return cast(Tensor, net.norm_pre(net.patch_drop(net._pos_embed(net.patch_embed(x)))))


def _torchvision_tokens(net: Any, x: Tensor) -> Tensor:
    patches = net._process_input(x)
    tokens = torch.cat([net.class_token.expand(x.shape[0], -1, -1), patches], dim=1)
    return cast(Tensor, net.encoder.dropout(tokens + net.encoder.pos_embedding))


class _Pooled(nn.Module):
    """A vision transformer after its last block: norm, the class token or the patches' mean, norm."""

    def __init__(self, before: nn.Module, after: nn.Module, *, mean_from: int | None) -> None:
        super().__init__()
        self.before, self.after, self.mean_from = before, after, mean_from

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b d"]:
        x = self.before(x)
        pooled = x[:, 0] if self.mean_from is None else x[:, self.mean_from :].mean(dim=1)
        return cast(Tensor, self.after(pooled))


def _transformer_pieces(net: Any, image: Tensor, wanted: Tensor) -> list[nn.Module]:
    """Tokens, each block, pooling, for the plain vision transformers of both libraries; [] for other networks."""
    if type(net).__name__ != "VisionTransformer":
        return []
    if hasattr(net, "encoder"):
        holder, names = net.encoder, {"blocks": "layers", "norm": "ln"}
        tokens, mean_from, after = _Tokens(net, _torchvision_tokens), None, nn.Identity()
    elif getattr(net, "global_pool", "") in ("token", "avg") and net.attn_pool is None:
        holder, names = net, {"blocks": "blocks", "norm": "norm"}
        mean_from = net.num_prefix_tokens if net.global_pool == "avg" else None
        tokens, after = _Tokens(net, _timm_tokens), net.fc_norm
    else:
        return []
    blocks, norm = getattr(holder, names["blocks"]), getattr(holder, names["norm"])
    cut = [tokens, *blocks, _Pooled(norm, after, mean_from=mean_from)]
    if not same(cut, image, wanted):
        return []
    setattr(holder, names["blocks"], nn.Identity())  # they are stages of their own now
    setattr(holder, names["norm"], nn.Identity())
    if holder is net:
        net.fc_norm = nn.Identity()
    return cut


def _trial(net: nn.Module, name: str, size_px: int, *, fixed: bool) -> tuple[Tensor, Tensor]:
    """Two random images and the network's logits for them: small images where the network takes any size."""
    device = next(net.parameters()).device
    for side in (size_px,) if fixed else (min(size_px, 96), size_px):
        draw = torch.rand((2, 3, side, side), generator=seeded(side), device="cpu")
        try:
            return draw.to(device), net(draw.to(device))
        except ERRORS as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise UsageError(f"{name} can't take images of {size_px} px ({reason[:120]}); choose another --size")


def _assembled(
    net: nn.Module, whole: nn.Module, head: nn.Module, trial: tuple[Tensor, Tensor], classes: int
) -> tuple[list[nn.Module], nn.Linear]:
    """Stages and head. `net` has no classifier any more, `whole` gives its features, `head` was its last layer.

    On the meta device (for counting) there is nothing to compare, and the network stays whole.
    """
    image, logits = trial
    fits = isinstance(head, nn.Linear) and head.out_features == classes
    if fits and logits.is_meta:
        return [whole], cast(nn.Linear, head)
    features: Tensor = whole(image)
    if not (fits and same([head], features, logits)):
        head = nn.Linear(features.shape[1], classes)
    if features.is_meta:
        return [whole], cast(nn.Linear, head)
    cut = _transformer_pieces(net, image, features) or grouped(pieces(net, image, features))
    return cut or [whole], cast(nn.Linear, head)


def _from_timm(name: str, *, classes: int, size_px: int | None, pretrained: bool) -> Classifier:
    published = timm().get_pretrained_cfg(name)
    fixed = bool(published and published.fixed_input_size)
    if pretrained:
        _check_reachable(name, published)
    options = {"img_size": size_px} if fixed and size_px else {}
    try:
        net = timm().create_model(name, pretrained=pretrained, num_classes=classes, **options)
    except OSError as error:
        raise UsageError(_NO_WEIGHTS.format(name=name, error=str(error).splitlines()[0])) from error
    except (RuntimeError, TypeError, AssertionError) as error:
        raise UsageError(f"timm can't make {name} as asked: {str(error).splitlines()[0]}") from error
    about = net.pretrained_cfg
    if about["input_size"][0] != 3:
        raise UsageError(
            f"{name} wants {about['input_size'][0]} channels, images here have 3; choose another network"
        )
    side = size_px or about["input_size"][-1]
    with torch.no_grad():
        trial = _trial(net.eval(), name, side, fixed=fixed)
        head = net.get_classifier()
        net.reset_classifier(0)
        stages, own_head = _assembled(net, _TimmFeatures(net), head, trial, classes)
    preprocessing = _preprocessing(side, about["mean"], about["std"])
    return _classifier(stages, own_head, preprocessing)


def _from_torchvision(name: str, *, classes: int, size_px: int | None, pretrained: bool) -> Classifier:
    models = torchvision().models
    about = models.get_model_weights(name).DEFAULT.transforms()
    side = size_px or about.crop_size[0]
    options: dict[str, Any] = {} if pretrained else {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": True}
    fixed = name.startswith("vit_")
    if fixed:
        options["image_size"] = side
    try:
        net = models.get_model(name, weights="DEFAULT" if pretrained else None, **options)
    except OSError as error:
        raise UsageError(_NO_WEIGHTS.format(name=name, error=error)) from error
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"torchvision can't make {name} as asked: {str(error).splitlines()[0]}") from error
    with torch.no_grad():
        trial = _trial(net.eval(), name, side, fixed=fixed)
        place, head = [
            (path, module)
            for path, module in net.named_modules()
            if isinstance(module, nn.Linear)
            or (isinstance(module, nn.Conv2d) and path.startswith("classifier"))
        ][-1]
        net.set_submodule(place, nn.Identity())
        stages, own_head = _assembled(net, nn.Sequential(net, nn.Flatten(1)), head, trial, classes)
    return _classifier(stages, own_head, _preprocessing(side, about.mean, about.std))


_NO_WEIGHTS = (
    "the pretrained weights of {name} could not be had ({error}); go online once so that they are kept, or take "
    "lite0, whose weights are installed, or pretrained=False"
)


def _check_reachable(name: str, published: Any) -> None:
    """Refuses at once what the hub's client would try ten times: no weights in its store and no way to the hub."""
    if published is None or not published.hf_hub_id or urllib.request.getproxies():
        return
    from huggingface_hub import constants, try_to_load_from_cache

    for file in ("model.safetensors", "pytorch_model.bin"):
        if isinstance(try_to_load_from_cache(published.hf_hub_id, file), str):
            return
    host = urllib.parse.urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection((host.hostname, host.port or 443), timeout=5).close()
    except OSError as error:
        raise UsageError(
            _NO_WEIGHTS.format(name=name, error=f"{host.hostname}: {error.strerror or error}")
        ) from error


def _preprocessing(size_px: int, mean: Sequence[float], std: Sequence[float]) -> Preprocessing:
    return Preprocessing(
        size_px,
        mean=tuple(255 * float(value) for value in mean),
        std=tuple(255 * float(value) for value in std),
    )


def _classifier(stages: list[nn.Module], head: nn.Linear, preprocessing: Preprocessing) -> Classifier:
    network = Classifier(stages=stages, head=head, width=head.in_features, preprocessing=preprocessing)
    return network.train()


def build(
    *,
    name: str,
    classes: int,
    size_px: int | None = None,
    generator: torch.Generator | None = None,
    pretrained: bool = False,
) -> Classifier:
    """The network that timm (else torchvision) calls `name`, with `classes` outputs, at its own size or `size_px`.

    `pretrained` weights come from the libraries' hubs and are kept on this machine; with 1,000 classes ImageNet's
    head stays. Stages are the top-level layers where they, one after the other, are the network: this is
    computed while it is built. Otherwise there is one stage.
    """
    library, short = _resolved(name)
    make = _from_timm if library == "timm" else _from_torchvision
    with drawn_from(generator):
        return make(short, classes=classes, size_px=size_px, pretrained=pretrained)
