"""What each part alone promises."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from vidi.core.device import seeded
from vidi.models.parts import dropconnect, dropout, fractional_max_pool, stochastic_depth


def test_dropout_drops_numbers_alone_and_scales_the_rest():
    y = dropout.layer(probability=0.25, generator=seeded(0))(torch.ones(200, 100))
    torch.testing.assert_close(y.unique(), torch.tensor([0.0, 4 / 3]))
    assert abs((y == 0).float().mean() - 0.25) < 0.01


def test_stochastic_depth_drops_whole_images():
    y = stochastic_depth.layer(probability=0.5, generator=seeded(0))(torch.ones(400, 3, 4))
    flat = y.flatten(1)
    assert (flat == flat[:, :1]).all() and set(flat.unique().tolist()) == {0.0, 2.0}
    assert abs((flat[:, 0] == 0).float().mean() - 0.5) < 0.1


def test_dropconnect_drops_weights_and_keeps_the_bias():
    linear = nn.Linear(50, 40)
    layer = dropconnect.layer(linear=linear, probability=0.5, generator=seeded(0))
    rows = layer(torch.eye(50)) - linear.bias
    kept = rows.abs() > 1e-7
    torch.testing.assert_close(rows[kept], 2 * linear.weight.T[kept], rtol=1e-4, atol=1e-6)
    assert abs(kept.float().mean() - 0.5) < 0.05


@pytest.mark.parametrize(("side", "ratio"), [(32, 1.41), (15, 1.5), (14, 1.9), (5, 1.2), (2, 1.9)])
def test_fractional_regions_are_torchs(side, ratio):
    x = torch.randn(2, 3, side, side, generator=seeded(0))
    out = int(side / ratio)
    wanted = functional.fractional_max_pool2d(
        x, 2, output_size=out, _random_samples=torch.full((2, 3, 2), 0.5)
    )
    assert torch.equal(fractional_max_pool.layer(ratio=ratio).eval()(x), wanted)


def test_fractional_pooling_by_hand():
    assert fractional_max_pool.starts(5, 3, 0.0).tolist() == [0, 1, 3]
    assert fractional_max_pool.starts(5, 3, 0.5).tolist() == [0, 2, 3]


def test_regions_overlap_or_touch_begin_at_the_edge_and_end_at_it():
    for sample in torch.rand(20, generator=seeded(0)).tolist():
        first = fractional_max_pool.starts(25, 17, sample)
        step = first.diff()
        assert first[0] == 0 and first[-1] == 23 and step.min() >= 1 and step.max() <= 2


def test_all_channels_of_an_image_share_their_regions():
    x = torch.randn(4, 1, 20, 20, generator=seeded(0)).expand(-1, 3, -1, -1)
    y = fractional_max_pool.layer(ratio=1.41, generator=seeded(1))(x)
    assert torch.equal(y[:, 0], y[:, 1]) and torch.equal(y[:, 0], y[:, 2])
