"""Each map's own truth, and agreement with Captum where it has the method."""

import copy

import captum.attr
import pytest
import torch
from torch import nn

import known_networks as networks
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing
from vidi.explanations.maps import (
    attention_rollout,
    deconvnet,
    grad_cam,
    gradient,
    gradient_x_input,
    guided_backprop,
    hires_cam,
    integrated_gradients,
    occlusion,
    rise,
    smoothgrad,
)
from vidi.ops.attribution import blank, contrast, one_class, score
from vidi.ops.layer_maps import map_at_layer
from vidi.ops.layers import chain, grid_of, last_grid

IMAGES = networks.images(2)
LABEL = torch.tensor([1, 2])
TARGET = one_class(LABEL, networks.CLASSES)


def found(method, network=None, target=TARGET, images=IMAGES, **options):
    network = networks.convolutional() if network is None else network
    return method.explain(network, images, target, generator=seeded(0), **options)


def with_zero_of_its_own(network: Classifier) -> tuple[nn.Module, torch.Tensor]:
    """The network behind its normalisation and the images as it sees them: Captum's blank is then ours."""
    return nn.Sequential(*network.stages, network.head), network.normalise(IMAGES).requires_grad_()


# Captum


def test_gradients_are_captums():
    network, pixels = networks.convolutional(), IMAGES.float().requires_grad_()
    oracle = captum.attr.Saliency(network).attribute(pixels, LABEL, abs=True).amax(1)
    torch.testing.assert_close(found(gradient), oracle)
    behind, inputs = with_zero_of_its_own(network)
    oracle = captum.attr.InputXGradient(behind).attribute(inputs, LABEL).sum(1)
    torch.testing.assert_close(found(gradient_x_input), oracle, atol=1e-5, rtol=1e-4)


def test_integrated_gradients_are_captums():
    behind, inputs = with_zero_of_its_own(networks.convolutional())
    oracle = captum.attr.IntegratedGradients(behind).attribute(
        inputs, target=LABEL, n_steps=20, method="gausslegendre"
    )
    torch.testing.assert_close(
        found(integrated_gradients, steps=20), oracle.sum(1).float(), atol=1e-5, rtol=1e-3
    )


@pytest.mark.parametrize(
    ("method", "oracle"),
    [(guided_backprop, captum.attr.GuidedBackprop), (deconvnet, captum.attr.Deconvolution)],
)
@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
def test_rectified_gradients_are_captums(method, oracle):
    network = networks.convolutional(inplace=False)
    network.stages[1][2] = nn.ReLU()  # Captum knows ReLU alone, and not in place
    expected = oracle(copy.deepcopy(network)).attribute(IMAGES.float().requires_grad_(), LABEL).abs().amax(1)
    torch.testing.assert_close(found(method, network), expected)


def test_grad_cam_is_captums():
    network = networks.convolutional(inplace=False)
    oracle = captum.attr.LayerGradCam(network, network.stages[0])
    small = oracle.attribute(IMAGES.float().requires_grad_(), LABEL, relu_attributions=True)
    expected = captum.attr.LayerAttribution.interpolate(
        small, (networks.SIZE, networks.SIZE), interpolate_mode="bilinear"
    )
    torch.testing.assert_close(found(grad_cam, network, layer="stages.0"), expected[:, 0])


@pytest.mark.parametrize(("window", "stride"), [(4, 2), (5, 3), (16, 1)])
def test_occlusion_is_captums(window, stride):
    network = networks.convolutional()
    oracle = captum.attr.Occlusion(network).attribute(
        IMAGES.float(),
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        baselines=blank(network, IMAGES),
        target=LABEL,
    )
    mine = found(occlusion, network, window_px=window, stride_px=stride)
    torch.testing.assert_close(mine, oracle[:, 0], atol=1e-5, rtol=1e-4)


# Their own laws


def test_integrated_gradients_add_up_to_the_scores_rise():
    network = networks.convolutional()
    with torch.no_grad():
        rise_of_score = score(network(IMAGES) - network(blank(network, IMAGES)), TARGET)
    total = found(integrated_gradients, network, steps=200).sum((1, 2))
    torch.testing.assert_close(total, rise_of_score, atol=0.01 * float(rise_of_score.abs().max()), rtol=0)


def test_hires_cam_adds_up_to_the_score_without_its_bias_behind_a_mean():
    network = networks.averaged()
    with torch.no_grad():
        expected = score(network(IMAGES) - network.head.bias, TARGET)
    torch.testing.assert_close(found(hires_cam, network).sum((1, 2)), expected)


def test_smoothgrad_without_noise_is_the_gradient():
    torch.testing.assert_close(found(smoothgrad, noise=0.0, copies=3), found(gradient))


@pytest.mark.parametrize("method", [gradient_x_input, integrated_gradients, hires_cam, occlusion, rise])
def test_why_this_and_not_that_is_the_difference_of_two_maps(method):
    network = networks.convolutional()
    both = contrast(LABEL, (LABEL + 1) % 3, networks.CLASSES)
    first, second = (found(method, network, one_class((LABEL + step) % 3, 3)) for step in (0, 1))
    torch.testing.assert_close(found(method, network, both), first - second, atol=1e-4, rtol=1e-3)


def test_rise_is_the_covariance_of_the_score_with_what_is_seen():
    network = networks.linear()
    masks = rise.drawn(50, (16, 16), 7, 0.5, seeded(0))(0, 50)
    empty = blank(network, IMAGES)
    with torch.no_grad():
        scores = torch.stack(
            [score(network(empty + mask * (IMAGES - empty)), TARGET) for mask in masks], dim=1
        )
    seen = masks - masks.mean(0)
    expected = torch.einsum("nk,khw->nhw", scores - scores.mean(1, keepdim=True), seen) / (50 * 0.5)
    torch.testing.assert_close(found(rise, network, masks=50), expected, atol=1e-4, rtol=1e-3)


def test_masks_show_their_share_and_are_shifted_within_a_cell():
    masks = rise.drawn(400, (40, 30), 5, 0.3, seeded(0))(0, 400)
    assert masks.shape == (400, 40, 30) and masks.min() >= 0 and masks.max() <= 1
    assert abs(float(masks.mean()) - 0.3) < 0.02


# Layers


def test_the_layer_is_the_last_with_positions_that_count():
    assert last_grid(networks.averaged(), (16, 16)) == "stages.0"
    network = networks.convolutional()
    assert chain(network)[:3] == ["stages.0.0", "stages.0.1", "stages.0.2"]
    assert last_grid(network, (16, 16)) == "stages.1.3"  # pooled to 2 x 2, which the head reads
    lite = catalog.network("lite0", classes=3, size_px=64, pretrained=False, generator=seeded(0))
    assert last_grid(lite, (64, 64)) == "stages.17.0.2"  # the rectifier after the last convolution
    resnet = catalog.network("resnet18", classes=3, size_px=64, pretrained=False, generator=seeded(0))
    assert last_grid(resnet, (64, 64)) == f"stages.{len(resnet.stages) - 1}.0"


def test_after_the_last_block_of_a_vision_transformer_nobody_reads_the_patches():
    network = networks.transformer()
    assert len(network.stages) == 14 and last_grid(network, (32, 32)) == "stages.11"


@pytest.mark.slow
def test_a_network_that_is_no_chain_is_looked_for_among_all_its_modules():
    mixer = catalog.network(
        "mixer_s32_224", classes=3, size_px=224, pretrained=False, generator=seeded(0)
    )  # its head starts at zero, which must not matter
    assert len(mixer.stages) == 1 and last_grid(mixer, (224, 224)) == "stages.0.net.norm"


@pytest.mark.parametrize(
    ("shape", "image", "prefix", "expected"),
    [
        ((1, 512, 7, 7), (224, 224), 0, ("channels first", 7, 7, 0)),
        ((1, 7, 7, 768), (224, 224), 0, ("channels last", 7, 7, 0)),
        ((1, 197, 192), (224, 224), 1, ("tokens", 14, 14, 1)),
        ((1, 201, 192), (224, 224), 5, ("tokens", 14, 14, 5)),
        ((1, 64, 8, 4), (256, 128), 0, ("channels first", 8, 4, 0)),
        ((1, 33, 64), (256, 128), 1, ("tokens", 8, 4, 1)),
        ((1, 512, 1, 1), (224, 224), 0, None),
        ((1, 3, 197, 64), (224, 224), 1, None),  # queries of three heads
        ((1, 512), (224, 224), 0, None),
        ((1, 198, 192), (224, 224), 1, None),
    ],
)
def test_grids(shape, image, prefix, expected):
    grid = grid_of(shape, image, prefix=prefix)
    assert (grid and (grid.layout, grid.height, grid.width, grid.prefix)) == expected


def test_a_layer_that_is_not_there_or_has_no_positions():
    network = networks.convolutional()
    with pytest.raises(UsageError, match=r"no layer 'stages.0.4'.*did you mean .*stages\.0\.2"):
        found(grad_cam, network, layer="stages.0.4")
    with pytest.raises(UsageError, match=r"positions was wanted; stages.1.4 gives \(32,\)"):
        found(grad_cam, network, layer="stages.1.4")
    with pytest.raises(UsageError, match=r"this network has none .*Flatten.*; use gradient"):
        found(grad_cam, catalog.network("mlp", classes=3, size_px=16))


def test_nothing_below_the_layer_is_differentiated():
    network, seen = networks.convolutional(), []
    network.stages[0][0].register_forward_hook(lambda module, given, output: seen.append(output))
    map_at_layer(network, IMAGES, TARGET, layer="stages.0.2", combine=lambda output, slope: slope.sum(1))
    assert len(seen) == 1 and not seen[0].requires_grad


# Networks without what a method needs


def test_what_a_network_does_not_have():
    transformer, images = networks.transformer(), networks.images(2, 32)
    with pytest.raises(UsageError, match="rectifier, and the network has none"):
        found(guided_backprop, transformer, images=images)
    with pytest.raises(UsageError, match="attention was wanted"):
        found(attention_rollout)
    neighbours = catalog.network("nearest", classes=3, size_px=16, examples=6)
    neighbours.head.remember(torch.randn(6, 768, generator=seeded(0)), torch.arange(6) % 3)
    with pytest.raises(UsageError, match=r"k-NN counts votes\); use occlusion or rise"):
        found(gradient, neighbours)
    assert found(occlusion, neighbours).isfinite().all()


# Attention


def uniform(network: Classifier) -> Classifier:
    """Every token attends to all alike."""
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "qkv" in name or "in_proj" in name:
                weight.zero_()
    return network


@pytest.mark.parametrize(
    "name", ["vit_tiny_patch16_224", pytest.param("torchvision/vit_b_32", marks=pytest.mark.slow)]
)
def test_rollout_of_uniform_attention_by_hand(name):
    size_px = 32 if name.startswith("vit") else 64
    network = uniform(
        catalog.network(name, classes=3, size_px=size_px, pretrained=False, generator=seeded(0))
    )
    share, layers = 1 / 5, 12  # five tokens: the class and four patches
    kept = 0.5**layers  # what never left its own token
    rows = found(attention_rollout, network, images=networks.images(2, size_px))
    torch.testing.assert_close(rows, torch.full_like(rows, (1 - kept) * share), atol=1e-6, rtol=1e-5)


def test_rollout_by_multiplication_of_what_the_layers_attended_to():
    network, images = networks.transformer(), networks.images(1, 32)
    with attention_rollout.attended(network) as layers, torch.no_grad():
        switched = network(images)
    with torch.no_grad():
        torch.testing.assert_close(network(images), switched, atol=1e-4, rtol=1e-4)  # fused or not
    total = torch.eye(5)
    for attention in layers:
        torch.testing.assert_close(attention.sum(-1), torch.ones(1, 5))
        total = (attention[0] + torch.eye(5)) / 2 @ total
    corners = attention_rollout.explain(network, images, TARGET[:1], generator=seeded(0))[0, ::31, ::31]
    torch.testing.assert_close(corners, total[0, 1:].reshape(2, 2))


@pytest.mark.slow
def test_attention_within_windows_is_refused():
    swin = catalog.network(
        "swin_tiny_patch4_window7_224", classes=3, size_px=224, pretrained=False, generator=seeded(0)
    )
    with pytest.raises(UsageError, match="within windows"):
        found(attention_rollout, swin, images=networks.images(2, 224))
    cam = found(grad_cam, swin, images=networks.images(2, 224))
    assert cam.shape == (2, 224, 224) and cam.isfinite().all()


def test_a_grey_network_is_explained_in_pixels():
    grey = Classifier(
        stages=[nn.Flatten()],
        head=nn.Linear(256, 3),
        width=256,
        preprocessing=Preprocessing(16, mean=(100.0,), std=(50.0,)),
    )
    weight = grey.head.weight[LABEL].detach().reshape(2, 16, 16)
    torch.testing.assert_close(found(gradient, grey), (weight * 0.587 / 50).abs())
    assert blank(grey, IMAGES).unique().tolist() == [100.0]
