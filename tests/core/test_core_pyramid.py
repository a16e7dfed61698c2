import pytest
import torch

from dense_networks import backbone, images
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.pyramid import FeaturePyramid, freeze, of_classifier, of_timm


@pytest.fixture(scope="module")
def lite0():
    return catalog.network("lite0", classes=2, size_px=64, pretrained=True).eval()


def test_maps_of_a_classifier_are_its_own_stages(lite0):
    pyramid = of_classifier(lite0, strides=(2, 4, 8, 16, 32))
    assert pyramid.channels == (16, 24, 40, 112, 320)
    image = images(2, side=64)
    with torch.no_grad():
        maps = pyramid(image)
        x = lite0.part(0, pyramid.ends[2] + 1)(lite0.normalise(image))
    assert [m.shape[2] for m in maps] == [32, 16, 8, 4, 2] and torch.equal(maps[2], x)
    assert len(pyramid.stages) == len(lite0.stages) - 1  # the head's convolution pools: no map


def test_odd_sizes_give_maps_rounded_up(lite0):
    with torch.no_grad():
        maps = of_classifier(lite0)(torch.zeros(1, 3, 180, 240))
    assert [tuple(m.shape[2:]) for m in maps] == [(23, 30), (12, 15), (6, 8)]


def test_a_network_without_maps_is_refused():
    with pytest.raises(ValueError, match=r"strides 8, 16, 32 are wanted; this network has none"):
        of_classifier(catalog.network("linear", classes=2, size_px=32))


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224"])
def test_any_network_of_timm_gives_maps_of_the_strides_asked_for(name):
    pyramid = of_timm(name, size_px=64, generator=seeded())
    with torch.no_grad():
        maps = pyramid.eval()(images(1, side=64))
    assert [tuple(m.shape) for m in maps] == [
        (1, c, 64 // s, 64 // s) for c, s in zip(pyramid.channels, (8, 16, 32), strict=True)
    ]


def test_a_network_without_features_is_a_sentence():
    with pytest.raises(ValueError, match="can't give maps of features"):
        of_timm("no_such_network")


@pytest.mark.parametrize("extra", ["convolutions", "pool"])
def test_a_feature_pyramid_has_one_width_and_coarser_maps(extra):
    pyramid = FeaturePyramid(backbone(), width=16, extra=extra)
    with torch.no_grad():
        maps = list(pyramid(images(1)).values())
    assert [m.shape[1] for m in maps] == [16] * len(maps) and len(maps) == len(pyramid.strides)
    assert [m.shape[2] for m in maps] == [-(-96 // stride) for stride in pyramid.strides]


def test_frozen_stages_keep_their_weights_and_only_they():
    pyramid = backbone()
    freeze(pyramid, stride=16)
    still = [name for name, weight in pyramid.named_parameters() if not weight.requires_grad]
    assert {name.split(".")[1] for name in still} == {"0", "1", "2", "3"}
    assert all(weight.requires_grad for weight in pyramid.stages[4].parameters())
    other = of_timm("resnet18", size_px=64, generator=seeded())
    freeze(other, stride=8)
    assert all(weight.requires_grad for weight in other.parameters())
    freeze(other, stride=32)
    assert not any(weight.requires_grad for weight in other.parameters())


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_the_maps_go_on_from_the_early_ones(stride):
    pyramid, image = backbone(), images(2)
    early, maps = pyramid.early(image, stride=stride), pyramid(image)
    assert len(early) == [8, 16, 32].index(stride) + 1
    assert all(torch.equal(a, b) for a, b in zip(pyramid.onward(early), maps, strict=True))


def test_nothing_is_early_where_the_stride_is_finer_than_all():
    assert backbone().early(images(1), stride=4) == ()
    assert of_timm("resnet18", size_px=64, generator=seeded()).early(images(1, side=64), stride=16) == ()
