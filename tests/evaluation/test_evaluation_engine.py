"""Engines give torch's own numbers, one image at a time, and torch itself runs what they cannot."""

import numpy as np
import pytest
import torch
from torch import nn

from vidi import catalog
from vidi.core.device import native_bf16, seeded
from vidi.evaluation.engine import ChannelsLast, best_precision, engine, torch_engine

NETWORKS = {"lenet": 32, "fast_residual": 32, "mlp": 32, "resnet18": 64, "lite0": 64}


def images(count: int, size_px: int) -> np.ndarray:
    shape = (count, size_px, size_px, 3)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=seeded(3)).numpy()


@pytest.fixture(scope="module", params=NETWORKS)
def made(request):
    size_px = NETWORKS[request.param]
    pretrained = {"pretrained": request.param == "lite0"}
    network = catalog.network(request.param, classes=7, size_px=size_px, **pretrained).eval()
    return network, images(9, size_px), engine(network, size_px=size_px, precision="fp32")


def test_fp32_is_torch(made):
    network, batch, run = made
    with torch.inference_mode():
        wanted = ChannelsLast(network)(torch.from_numpy(batch)).numpy()
    assert run.name == "openvino" and run.precision == "fp32"
    np.testing.assert_allclose(run(batch), wanted, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.slow)])
def test_alone_is_in_a_batch_bit_for_bit(made, precision):
    """In any order and company, many times."""
    _, batch, run = made
    run = run.at(precision)
    together = run(batch)
    assert together.dtype == np.float32 and together.shape == (9, 7)
    for row in range(len(batch)):
        assert np.array_equal(run(batch[row : row + 1])[0], together[row])
    order = np.random.default_rng(0).permutation(9)
    assert np.array_equal(run(batch[order]), together[order])
    assert np.array_equal(run(np.concatenate([batch] * 8)), np.concatenate([together] * 8))


def test_bf16_is_near_fp32(made):
    _, batch, run = made
    exact, rough = run(batch), run.at("bf16")(batch)
    assert run.at("bf16").precision == best_precision()  # not followed where the CPU has no bf16, and said
    assert native_bf16() or np.array_equal(rough, exact)
    assert np.abs(rough - exact).max() < 0.1 * max(1.0, np.abs(exact).max())


def test_auto_is_what_this_machine_does_best():
    network = catalog.network("lenet", classes=2)
    assert engine(network, size_px=32, precision="auto").precision == best_precision()


def test_no_images_no_answers(made):
    _, batch, run = made
    assert run(batch[:0]).shape == (0, 7)


class Stubborn(nn.Module):
    """A step that no converter knows."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svdvals(image.float().mean(dim=1))[:, :2]


def test_torch_runs_what_openvino_cannot_and_says_so():
    batch = images(3, 8)
    with pytest.warns(UserWarning, match="OpenVINO cannot run this network .*; torch does"):
        run = engine(Stubborn(), size_px=8, precision="auto")
    assert run.name == "torch" and run.precision == "fp32"
    with torch.inference_mode():
        wanted = Stubborn()(torch.from_numpy(batch).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(run(batch), wanted, rtol=1e-5)
    assert run(batch[:0]).shape == (0, 2)


@pytest.mark.slow
def test_torch_engine_alone_is_in_a_batch():
    network, batch = catalog.network("fast_residual", classes=3, size_px=32), images(5, 32)
    run = torch_engine(network)
    for precision in ("fp32", "bf16"):
        part = run.at(precision)
        assert part.precision == precision
        for row in range(5):
            assert np.array_equal(part(batch[row : row + 1])[0], part(batch)[row])


def test_evaluation_mode_is_set():
    network = catalog.network("mlp", classes=2, size_px=8, dropout_probability=0.9).train()
    batch = images(2, 8)
    assert np.array_equal(engine(network, size_px=8)(batch), engine(network, size_px=8)(batch))
    assert not network.training


def test_progress_is_said_to_its_end():
    class Heard:
        def __init__(self):
            self.calls = []

        def __call__(self, message):
            raise AssertionError(message)

        def track(self, what, done, total, detail=""):
            self.calls.append((done, total))

    for make in (engine, torch_engine):
        heard = Heard()
        network = catalog.network("linear", classes=2, size_px=8)
        make(network, **({"size_px": 8} if make is engine else {}))(images(200, 8), heard)
        done = [count for count, _ in heard.calls]
        assert done == sorted(done) and max(done) <= 200 and {total for _, total in heard.calls} == {200}
