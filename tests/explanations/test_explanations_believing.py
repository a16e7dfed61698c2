"""The parts of checks by hand, and verdicts over all of them."""

import math

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg
import scipy.stats
import torch

import known_networks as networks
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.measured import Claim, Measured, Verdict
from vidi.explanations.believing import affordable, agreement, in_numbers, judge, known_method, wanted
from vidi.explanations.subject import Checked, rank_correlation
from vidi.ops.attribution import one_class
from vidi.ops.imputation import WEIGHTS, imputed
from vidi.ops.randomised import randomised
from vidi.ops.ranked import area, rank_masks, ranks


def solved(image: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """One channel by a sparse direct solver, equation by equation."""
    height, width = image.shape
    number = -np.ones(image.shape, dtype=int)
    number[missing] = np.arange(missing.sum())
    matrix = scipy.sparse.lil_matrix((missing.sum(), missing.sum()))
    right = np.zeros(missing.sum())
    for y, x in np.argwhere(missing):
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                other, weight = (y + down, x + across), WEIGHTS[down + 1][across + 1]
                if weight and 0 <= other[0] < height and 0 <= other[1] < width:
                    matrix[number[y, x], number[y, x]] += weight
                    if missing[other]:
                        matrix[number[y, x], number[other]] -= weight
                    else:
                        right[number[y, x]] += weight * image[other]
    filled = image.copy()
    filled[missing] = scipy.sparse.linalg.spsolve(matrix.tocsr(), right)
    return filled


def test_guessed_pixels_solve_the_linear_system():
    images = networks.images(2).double()
    missing = torch.rand((2, 16, 16), generator=seeded(0)) < torch.tensor([0.3, 0.8])[:, None, None]
    found = imputed(images, missing, tolerance=1e-6)
    for image, gone, filled in zip(images, missing, found, strict=True):
        for channel in range(3):
            expected = solved(image[channel].numpy(), gone.numpy())
            np.testing.assert_allclose(filled[channel].numpy(), expected, atol=1e-3)


def test_guessing_nothing_changes_nothing_and_guessing_all_gives_the_mean():
    images = networks.images(2).float()
    assert torch.equal(imputed(images, torch.zeros(2, 16, 16, dtype=torch.bool)), images)
    everything = imputed(images, torch.ones(2, 16, 16, dtype=torch.bool))
    torch.testing.assert_close(everything, images.mean((2, 3), keepdim=True).expand_as(images))
    ramp = torch.arange(16.0).double().expand(1, 3, 16, 16) * 10
    hole = torch.zeros(1, 16, 16, dtype=torch.bool)
    hole[:, 5:9, 5:9] = True
    torch.testing.assert_close(
        imputed(ramp, hole, tolerance=1e-4), ramp, atol=0.01, rtol=0
    )  # what is straight stays


def test_ranked_masks_and_areas_by_hand():
    maps = torch.tensor([[[3.0, 1.0], [2.0, 2.0]]])
    masks = rank_masks(maps, torch.tensor([0.0, 0.25, 0.5, 1.0]))[:, 0].int().tolist()
    assert masks == [[[0, 0], [0, 0]], [[1, 0], [0, 0]], [[1, 0], [1, 0]], [[1, 1], [1, 1]]]
    torch.testing.assert_close(
        area(torch.tensor([[1.0, 0.0], [0.5, 1.0], [0.0, 0.0]])), torch.tensor([0.5, 0.5])
    )


def test_ranks_are_an_order_and_equals_have_no_place_of_their_own():
    maps = torch.tensor([[3.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    found = ranks(maps, generator=seeded(0))
    assert found[0].tolist() == [2, 0, 1] and sorted(found[1].tolist()) == [0, 1, 2]
    flat = torch.zeros(1, 8, 8)
    first = torch.stack([ranks(flat, generator=seeded(seed))[0] for seed in range(64)]).mean(dim=0)
    assert first.std() < 5  # 63 / 2 on average, everywhere


def test_rank_correlation_is_spearmans_and_nothing_ranks_nothing():
    draws = torch.randn((2, 3, 8, 8), generator=seeded(0)).round(decimals=1)
    expected = [
        scipy.stats.spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(*draws, strict=True)
    ]
    np.testing.assert_allclose(rank_correlation(*draws).numpy(), expected, atol=1e-6)
    assert rank_correlation(torch.zeros(1, 8, 8), draws[0, :1]).tolist() == [0.0]
    table = agreement({"one": draws[0], "same": draws[0] * 2, "other": draws[1]})
    assert (
        table[0, 1] == pytest.approx(1)
        and table[0, 2] == table[2, 1]
        and np.diag(table).tolist() == [1, 1, 1]
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_what_is_unlearned_is_fresh_and_the_rest_as_it_was(share):
    network, images = networks.convolutional(), networks.images(4)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    fresh = randomised(network, images, share=share, generator=seeded(0))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    changed = {
        key.rpartition(".")[0]
        for key, value in fresh.state_dict().items()
        if not torch.equal(value, before[key])
    }
    expected = {"head"} | ({"stages.1.0", "stages.1.1"} if share >= 0.5 else set())
    assert changed == expected | ({"stages.0.0", "stages.0.1"} if share == 1 else set())
    again = randomised(network, images, share=share, generator=seeded(0)).state_dict()
    assert all(torch.equal(value, again[key]) for key, value in fresh.state_dict().items())
    with torch.no_grad():
        assert fresh(images).isfinite().all() and fresh(images).std() > 0


def test_a_transformers_tokens_are_drawn_anew_too():
    network = networks.transformer()
    fresh = dict(
        randomised(network, networks.images(2, 32), share=1.0, generator=seeded(0)).named_parameters()
    )
    same = [
        key
        for key, value in network.named_parameters()
        if torch.equal(value, fresh[key]) and value.unique().numel() > 1
    ]
    assert same == []


def judged(names, count=8):
    images = networks.images(count)
    network = networks.balanced(networks.convolutional(), images)
    with torch.no_grad():
        target = one_class(network(images).argmax(1), networks.CLASSES)

    def probability(pixels):
        with torch.no_grad():
            return network(pixels).softmax(1)

    methods = [known_method(name) for name in names]
    return {one.method: one for one in judge(methods, network, images, target, probability=probability)}


def test_every_method_gets_a_verdict_with_its_reason_and_its_numbers():
    found = judged(["gradient", "attention_rollout", "smoothgrad"])
    assert found["attention_rollout"].verdict is Verdict.FAILS
    assert "attention was wanted" in found["attention_rollout"].reason
    one = found["gradient"]
    assert {check.check for check in one.checks} == {
        *("deletion", "insertion", "road", "model_randomisation", "sensitivity")
    }
    assert one.reason and one.images == 8
    worst = {check.verdict for check in one.checks}
    assert one.verdict is next(v for v in (Verdict.FAILS, Verdict.CANNOT_TELL, Verdict.STANDS) if v in worst)
    record = one.record()
    assert record["checks"][0]["n"] == 8 and record["checks"][0]["bound"] == ">= 0"


def test_two_images_are_too_few_for_any_interval():
    one = judged(["gradient"], count=2)["gradient"]
    assert one.verdict is Verdict.CANNOT_TELL and "2 images are too few to tell" in one.reason


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.716, 0.66, 0.791, "0.72 [0.66, 0.79], wanted >= 0.5"),
        (-0.0003, -0.002, 0.0041, "-0.0003 [-0.0020, 0.0041], wanted >= 0.5"),
        (-0.001, -0.2, 0.3, "0.00 [-0.20, 0.30], wanted >= 0.5"),
        (0.0, math.nan, math.nan, "0.00, wanted >= 0.5"),
    ],
)
def test_numbers_have_the_digits_that_tell_them_from_0_and_no_0_is_negative(value, low, high, said):
    one = Checked("x", Measured("x", value, low, high, 3, "by hand"), Claim("x", True, 0.5), "")
    assert in_numbers(one) == said


def test_dear_methods_are_checked_on_fewer_images():
    counts = {
        name: affordable(known_method(name), 100) for name in ("gradient", "smoothgrad", "occlusion", "rise")
    }
    assert counts == {
        "gradient": 100,
        "smoothgrad": 96,
        "occlusion": 6,
        "rise": 6,
    }  # 96 + 4 x 16 maps of 25 passes
    with pytest.raises(UsageError, match=r"no map is named 'gradcam'; .*did you mean grad_cam"):
        known_method("gradcam")


def test_what_the_checks_ask_of_each_image_is_what_their_cards_say(monkeypatch):
    asked, guessed = [0], [0]
    images = networks.images(7)
    network = networks.balanced(networks.convolutional(), images)

    def probability(pixels):
        asked[0] += len(pixels)
        with torch.no_grad():
            return network(pixels).softmax(1)

    def counted(pixels, missing):
        guessed[0] += len(pixels)
        return imputed(pixels, missing)

    monkeypatch.setattr("vidi.explanations.checks.road.imputed", counted)
    with torch.no_grad():
        target = one_class(network(images).argmax(1), networks.CLASSES)
    judge([known_method("gradient")], network, images, target, probability=probability)
    assert (asked[0], guessed[0]) == (7 * wanted("answers"), 7 * wanted("guesses"))
