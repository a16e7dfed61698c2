"""Library networks compute what the libraries compute, and cost what was published."""

import urllib.request

import pytest
import torch
from torch import nn

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.vision import timm, torchvision
from vidi.models import library
from vidi.ops import costs

CASES = (  # name, fewest stages; VGG is slow because its 128 million weights are drawn twice
    ("resnet18", 9),
    ("torchvision/resnet18", 9),
    ("mobilenet_v2", 19),
    ("mobilenetv3_small_050", 10),
    ("vit_tiny_patch16_224", 14),
    pytest.param("torchvision/alexnet", 7, marks=pytest.mark.slow),
    pytest.param("torchvision/vgg11", 9, marks=pytest.mark.slow),
    ("torchvision/efficientnet_b0", 16),
    ("googlenet", 10),
)


def plain(name: str, classes: int) -> nn.Module:
    """The network as the library makes it."""
    short = name.rpartition("/")[2]
    if name in timm().list_models():
        return timm().create_model(short, num_classes=classes)
    extra = {"aux_logits": False, "init_weights": True} if short == "googlenet" else {}
    return torchvision().models.get_model(short, num_classes=classes, **extra)


@pytest.mark.parametrize(("name", "stages"), CASES)
def test_it_is_the_librarys_network(name, stages):
    ours = library.build(name=name, classes=7, generator=seeded(0)).eval()
    with torch.random.fork_rng(devices=[]):
        theirs = plain(name, 7).eval()
    own, wanted = dict(ours.named_parameters()), dict(theirs.named_parameters())
    assert sum(w.numel() for w in own.values()) == sum(w.numel() for w in wanted.values())
    copy_in_order(theirs, ours)
    side = 224 if "vit" in name else 64
    image = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=seeded(1))
    with torch.no_grad():
        scaled = image.float() / 255
        mean, std = (
            torch.tensor(v)[:, None, None] / 255 for v in (ours.preprocessing.mean, ours.preprocessing.std)
        )
        torch.testing.assert_close(ours(image), theirs((scaled - mean) / std), atol=1e-4, rtol=1e-4)
    assert len(ours.stages) >= stages


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Copies tensors by shape and order, which both have alike; a vision transformer's by name, as its tokens moved."""
    given, taken = source.state_dict(), target.state_dict()
    if any("pos_embed" in key for key in given):
        return copy_transformer(source, target)
    pairs = zip(given.values(), taken.values(), strict=True)
    for value, place in pairs:
        assert value.shape == place.shape
        place.copy_(value)
    return None


def copy_transformer(source: nn.Module, target: nn.Module) -> None:
    count = len(source.blocks)
    target.stages[0].net.load_state_dict(source.state_dict(), strict=False)
    for number in range(count):
        target.stages[1 + number].load_state_dict(source.blocks[number].state_dict())
    target.stages[-1].before.load_state_dict(source.norm.state_dict())
    target.head.load_state_dict(source.head.state_dict())


def test_a_transformers_weights_are_counted_once():
    network = library.build(name="vit_tiny_patch16_224", classes=1000)
    assert costs.weights(network) == 5_717_416
    assert len(set(map(id, network.parameters()))) == len(network.state_dict())


def test_a_transformer_takes_another_size_when_it_is_built_for_it():
    network = library.build(name="vit_tiny_patch16_224", classes=3, size_px=64).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


def test_what_cannot_be_cut_is_one_stage():
    network = library.build(name="xcit_nano_12_p8_224", classes=3, size_px=64)
    assert len(network.stages) == 1 and network.head.out_features == 3


# torchvision can't make RegNets without drawing their weights; of each other family some are counted in the fast set.
LARGE = (
    "efficientnet_b1",
    "efficientnet_b3",
    "efficientnet_b7",
    "resnet152",
    "vit_l_16",
    "regnet_x_8gf",
    "regnet_y_8gf",
    "efficientnet_b2",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b0",
    "googlenet",
    "mobilenet_v3_large",
    "regnet_y_400mf",
    "resnet101",
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LARGE)) for n in sorted(library.PUBLISHED)]
)
def test_costs_are_as_published(name):
    weights, multiply_adds, size_px, source = library.PUBLISHED[name]
    with torch.device("cpu" if "regnet" in name else "meta"):
        network = library.build(name=f"torchvision/{name}", classes=1000, size_px=size_px)
    assert source in library.SOURCES
    assert costs.weights(network) == weights
    counted = costs.multiply_adds(network, (1, 3, size_px, size_px))
    assert abs(counted - multiply_adds) <= 500_000  # printed in billions with three decimals
    check_paper(name, weights, counted)


def check_paper(name: str, weights: int, counted: int) -> None:
    """Within a twentieth of the paper's figures, or with a reason beside them."""
    millions, billions, where, reason = library.PAPERS[name]
    ratios = [w for w in (millions and weights / 1e6 / millions, billions and counted / 1e9 / billions) if w]
    assert where and ratios
    assert all(0.95 < ratio < 1.05 for ratio in ratios) == (reason == "")


def test_the_tables_name_the_same_networks_and_torchvision_says_the_same():
    assert library.PUBLISHED.keys() == library.PAPERS.keys()
    models = torchvision().models
    for name, (weights, multiply_adds, size_px, _) in library.PUBLISHED.items():
        first = next(iter(models.get_model_weights(name)))
        assert first.meta["num_params"] == weights
        assert round(first.meta["_ops"] * 1000) * 1_000_000 == multiply_adds
        assert first.transforms().crop_size == [size_px]


def test_where_both_have_a_name_timm_is_meant():
    assert library._resolved("resnet18") == ("timm", "resnet18")
    assert library._resolved("torchvision/resnet18") == ("torchvision", "resnet18")
    assert library._resolved("vgg11_bn") == ("timm", "vgg11_bn")
    assert library._resolved("alexnet") == ("torchvision", "alexnet")
    assert library._resolved("vit_base_patch16_224.augreg_in21k")[0] == "timm"
    assert {"resnet18", "alexnet"} <= set(library.names()) and len(library.names()) > 1000


@pytest.mark.parametrize("name", ["resnet81", "torchvision/vit_tiny_patch16_224", "elsewhere/resnet18"])
def test_an_unknown_name_is_refused_with_names_like_it(name):
    with pytest.raises(UsageError, match=r"no network of .* is named .*did you mean"):
        library.build(name=name, classes=2)


def test_images_too_small_for_a_network_are_refused():
    with pytest.raises(UsageError, match="can't take images of 8 px"):
        library.build(name="torchvision/alexnet", classes=2, size_px=8)


@pytest.mark.parametrize("name", ["resnet18", "torchvision/resnet18"])
def test_pretrained_weights_without_a_way_to_them_are_refused_with_a_way_out(name, monkeypatch, tmp_path):
    def nowhere(*arguments: object, **options: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(library.socket, "create_connection", nowhere)
    monkeypatch.setattr(urllib.request, "urlopen", nowhere)
    monkeypatch.setattr(torch.hub, "urlopen", nowhere)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *a, **k: None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="go online once"):
        library.build(name=name, classes=2, pretrained=True)


def test_weights_that_nobody_published_are_refused():
    with pytest.raises(UsageError, match="No pretrained weights"):
        library.build(name="efficientnet_b7", classes=2, pretrained=True)
