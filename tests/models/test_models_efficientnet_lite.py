"""EfficientNet-Lite is timm's, to the last bit; its packaged weights are checked."""

import pytest
import torch

from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.vision import timm
from vidi.models import efficientnet_lite
from vidi.ops import costs


def test_with_the_same_weights_it_is_timms_network():
    ours = efficientnet_lite.build(classes=1000, imagenet_head=True).eval()
    theirs = timm().create_model("tf_efficientnet_lite0").eval()
    theirs.load_state_dict(
        dict(zip(theirs.state_dict(), efficientnet_lite._packaged_weights().values(), strict=True))
    )
    for side in (128, 224, 97):  # an odd side pads otherwise
        image = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=seeded(side))
        with torch.no_grad():
            wanted = theirs((image.float() - 127) / 128)
            torch.testing.assert_close(ours(image), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("variant", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3, 4))])
def test_every_variant_has_the_weights_and_multiply_adds_of_timms(variant):
    with torch.device("meta"):
        ours = efficientnet_lite.build(classes=1000, variant=variant, pretrained=False)
        theirs = timm().create_model(f"tf_efficientnet_lite{variant}")
    shape = (1, 3, 128, 128)
    assert costs.weights(ours) == costs.weights(theirs)
    assert costs.multiply_adds(ours, shape) == costs.multiply_adds(theirs, shape)
    own = [tuple(value.shape) for value in ours.state_dict().values()]
    assert own == [tuple(value.shape) for value in theirs.state_dict().values()]


def test_pretrained_stages_come_with_a_new_head_for_other_classes():
    seven = efficientnet_lite.build(classes=7, generator=seeded())
    thousand = efficientnet_lite.build(classes=1000, imagenet_head=True, generator=seeded())
    assert all(map(torch.equal, seven.stages.state_dict().values(), thousand.stages.state_dict().values()))
    assert seven.head.weight.shape == (7, 1280) and len(seven.stages) == 18


def test_a_changed_file_of_weights_is_refused(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "PACKAGE_SHA256", "0" * 64)
    with pytest.raises(UsageError, match="reinstall"):
        efficientnet_lite.build(classes=2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"variant": 5, "pretrained": False}, "variant is 0 to 4"),
        ({"variant": 1}, "pretrained=False"),
        ({"imagenet_head": True}, "classes=1000"),
    ],
)
def test_what_cannot_be_had_is_refused(options, sentence):
    with pytest.raises(UsageError, match=sentence):
        efficientnet_lite.build(classes=2, **options)


def test_same_padding_by_hand():
    pad = efficientnet_lite.SamePadding(3, 2)
    assert pad._sides(4) == (0, 1) and pad._sides(5) == (1, 1)
    assert efficientnet_lite.SamePadding(5, 2)._sides(4) == (1, 2)
