import pytest
import torch
from torch import Tensor, nn

import known_networks as networks
from vidi.core.device import seeded
from vidi.ops.canvas import OPPONENT, Canvas, ascend, in_bytes, looked_at, total_variation
from vidi.ops.quick import Moments, Remembered, outputs, quick


def test_the_three_colours_are_uncorrelated_and_of_length_1():
    axes = torch.tensor(OPPONENT)
    torch.testing.assert_close(axes @ axes.T, torch.eye(3))


def test_without_waves_it_is_grey_and_one_wave_is_that_wave():
    canvas = Canvas(1, 16, generator=seeded(0))
    still = canvas.picture(torch.zeros_like(canvas.waves))
    torch.testing.assert_close(still, torch.full_like(still, 127.5))
    waves = torch.zeros_like(canvas.waves)
    waves[0, 0, 0, 2, 0] = 0.1  # two periods across, in light alone
    picture = canvas.picture(waves)[0]
    torch.testing.assert_close(picture[0], picture[1])
    torch.testing.assert_close(picture[:, 0], picture[:, 9])
    torch.testing.assert_close(picture[..., 0], picture[..., 8])
    assert picture[0, 0].std() > 1


def test_ascent_climbs_and_is_repeatable():
    def judge(picture, step):
        return -(picture[:, 0] - 200).square().mean() / 255

    def run():
        return ascend(Canvas(2, 12, generator=seeded(1)), judge, steps=60, rate=0.1)

    picture = run()
    assert (picture[:, 0] - 200).abs().mean() < 15 and torch.equal(picture, run())
    assert in_bytes(picture).dtype == torch.uint8 and not picture.requires_grad


def test_a_window_that_neither_moves_nor_turns_is_the_picture():
    pictures = 255 * torch.rand((2, 3, 9, 9), generator=seeded(2))
    same = looked_at(pictures, size_px=9, generator=seeded(0), smallest=1.0, turn_deg=0.0)
    torch.testing.assert_close(same, pictures, atol=1e-3, rtol=1e-5)
    other = looked_at(pictures, size_px=9, generator=seeded(0), smallest=0.5)
    assert other.shape == pictures.shape and not torch.allclose(other, pictures, atol=1)
    assert other.min() >= pictures.min() and other.max() <= pictures.max()


def test_a_mirrored_window_shows_left_and_right_swapped_and_no_more():
    pictures = 255 * torch.rand((16, 3, 9, 9), generator=seeded(2))
    seen = looked_at(pictures, size_px=9, generator=seeded(0), smallest=1.0, turn_deg=0.0, mirror=True)
    plain, swapped = (
        [torch.allclose(a, b, atol=1e-3) for a, b in zip(seen, pictures.flip(turned), strict=True)]
        for turned in ((), (3,))
    )
    assert any(plain) and any(swapped) and all(a != b for a, b in zip(plain, swapped, strict=True))


def test_windows_that_go_past_the_edges_see_them_as_often_as_the_middle():
    def seen_at(beyond: float) -> Tensor:
        pictures = torch.ones((400, 3, 8, 8), requires_grad=True)
        look = {"size_px": 8, "generator": seeded(4), "smallest": 0.5, "turn_deg": 0.0}
        looked_at(pictures, **look, beyond=beyond).sum().backward()
        return pictures.grad.mean(dim=(0, 1))

    inside, past = seen_at(0.0), seen_at(0.5)
    assert past[0].mean() / past[4].mean() > 2 * inside[0].mean() / inside[4].mean()


def test_total_variation_by_hand():
    picture = torch.zeros((1, 3, 2, 3))
    picture[..., 2] = 6.0  # one of two steps to the right in each row is 6; none down
    assert total_variation(picture).tolist() == [3.0]


def test_a_quick_copy_is_the_same_function_and_nothing_works_in_place():
    network = networks.paintable()
    copied, images = quick(network), networks.images(2).float().requires_grad_()
    torch.testing.assert_close(copied(images), network(images))
    slopes = [torch.autograd.grad(net(images)[:, 0].sum(), images)[0] for net in (copied, network)]
    torch.testing.assert_close(*slopes, atol=1e-6, rtol=1e-4)
    assert not any(getattr(module, "inplace", False) for module in copied.modules())
    assert any(getattr(module, "inplace", False) for module in network.modules())


def test_outputs_are_the_layers_own_and_what_comes_after_is_not_run():
    network = networks.paintable()
    network.stages[3].register_forward_pre_hook(lambda *_: pytest.fail("it was run"))
    images = networks.images(2)
    found = outputs(network, ["stages.1", "stages.0"], images)
    torch.testing.assert_close(found["stages.1"], network.part(0, 2)(network.normalise(images)))


def test_what_norms_remember_is_0_for_what_they_were_made_from_and_counts_deviations():
    norm, one = nn.BatchNorm2d(4, momentum=1.0), 3 + 2 * torch.randn((1, 4, 40, 40), generator=seeded(3))
    norm(one)
    norm.eval()
    memory = Remembered(norm)
    norm(torch.cat([one, one + one.std()]))
    same, moved = memory.distance().tolist()
    assert same < 1e-4 and abs(moved - 1) < 0.05  # one deviation from the mean, squared
    memory.forget()
    norm(one)
    assert memory.distance() == 0.0


def test_moments_and_their_slopes_are_those_of_mean_and_variance():
    x = 3 + 2 * torch.randn((2, 4, 5, 6), generator=seeded(5), dtype=torch.float64)
    for found, truth in zip(Moments.apply(x), (x.mean((2, 3)), x.var((2, 3), unbiased=False)), strict=True):
        torch.testing.assert_close(found, truth)
    assert torch.autograd.gradcheck(Moments.apply, x.requires_grad_())
