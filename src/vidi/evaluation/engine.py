"""Networks run fast and one image at a time: OpenVINO on a CPU, torch where that cannot."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from vidi.core import inference_engine
from vidi.core.device import native_bf16
from vidi.core.progress import Quiet, Say

# No callbacks: OpenVINO's thread would let go of the Python function, which needs the interpreter's lock, while the
# main thread, holding it, waits for that thread to end: a run that never ends, once in many.
IN_FLIGHT = 8


@dataclass(frozen=True)
class Engine:
    """A compiled network: uint8 images (n, size, size, 3) to float32 outputs (n, …), in the order given.

    Every image is a request of its own, so that what stands beside it in a batch cannot change its answer.
    """

    run: Callable[[UInt8[np.ndarray, "n s s 3"], Say], Float32[np.ndarray, "n ..."]]
    name: str
    precision: str
    at: Callable[[str], "Engine"]  # the same network in another precision, without converting it again

    def __call__(
        self, images: UInt8[np.ndarray, "n s s 3"], say: Say | None = None
    ) -> Float32[np.ndarray, "n ..."]:
        return self.run(images, say or Quiet())


class ChannelsLast(nn.Module):
    """Takes (n, h, w, 3) and hands (n, 3, h, w) on."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.network(image.permute(0, 3, 1, 2)).float()
        return output


def best_precision() -> str:
    """bf16 where the CPU multiplies it in hardware, else fp32."""
    return "bf16" if native_bf16() else "fp32"


def engine(network: nn.Module, *, size_px: int, precision: str = "fp32") -> Engine:
    """The fastest engine this machine has for `network` (evaluation mode is set) at one image size.

    `precision` is fp32, bf16 or `auto`; the engine says what it runs in: OpenVINO takes fp32 where the CPU has no
    bf16. On a GPU torch runs it; elsewhere OpenVINO, and torch if it can't convert it.
    """
    network = network.eval()
    precision = best_precision() if precision == "auto" else precision
    if torch.cuda.is_available():
        return torch_engine(network, device="cuda", precision=precision)
    try:
        return _openvino_engine(network, size_px=size_px, precision=precision)
    except Exception as error:  # conversion fails in many ways for networks of other libraries
        why = " ".join(str(error).split())[:200]
        warnings.warn(f"OpenVINO cannot run this network ({why}); torch does", stacklevel=2)
        return torch_engine(network, device="cpu", precision="fp32")


def torch_engine(
    network: nn.Module, *, device: str = "cpu", precision: str = "fp32", batch: int = 1
) -> Engine:
    """Plain torch; on a CPU one image at a time unless `batch` says otherwise."""
    batch = 64 if device == "cuda" else batch
    module = ChannelsLast(network).eval().to(device)

    def run(images: UInt8[np.ndarray, "n s s 3"], say: Say) -> Float32[np.ndarray, "n ..."]:
        if not len(images):
            return run(np.zeros((1, *images.shape[1:]), np.uint8), Quiet())[:0]
        parts = []
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            for start in range(0, len(images), batch):
                block = torch.from_numpy(np.array(images[start : start + batch])).to(device)
                parts.append(module(block).float().cpu().numpy())
                say.track("inference", min(start + batch, len(images)), len(images))
        return np.concatenate(parts)

    def at(other: str) -> Engine:
        return torch_engine(network, device=device, precision=other, batch=batch)

    return Engine(run, "torch", precision, at)


def _openvino_engine(network: nn.Module, *, size_px: int, precision: str) -> Engine:
    openvino = inference_engine.openvino()
    example = torch.zeros(1, size_px, size_px, 3, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(ChannelsLast(network).eval(), example, check_trace=False)
        traced = torch.jit.freeze(traced)  # folds constants first: conversion takes half the time
        model = inference_engine.converted(traced)
    node = model.inputs[0].get_node()
    node.set_element_type(openvino.Type.u8)
    node.set_partial_shape(openvino.PartialShape([1, size_px, size_px, 3]))
    model.validate_nodes_and_infer_types()
    return _compiled(model, precision)


def _compiled(model: Any, precision: str) -> Engine:
    openvino = inference_engine.openvino()
    hints = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "PERFORMANCE_HINT": "THROUGHPUT",
    }
    compiled = openvino.Core().compile_model(model, "CPU", hints)
    if compiled.get_property("INFERENCE_PRECISION_HINT") != openvino.Type.bf16:
        precision = "fp32"  # a hint that this CPU has no instructions for is not followed
    width = tuple(compiled.output(0).shape)[1:]

    def run(images: UInt8[np.ndarray, "n s s 3"], say: Say) -> Float32[np.ndarray, "n ..."]:
        output = np.empty((len(images), *width), np.float32)
        requests = [compiled.create_infer_request() for _ in range(min(IN_FLIGHT, len(images)))]
        # Their own memory, written and read in place: handing arrays over costs a tenth of a small network's time.
        places = [(r.get_input_tensor(0).data, r.get_output_tensor(0).data) for r in requests]
        for row in range(len(images) + len(requests)):
            number, finished = row % max(len(requests), 1), row - len(requests)
            if finished >= 0:
                requests[number].wait()
                output[finished] = places[number][1][0]
            if row < len(images):
                places[number][0][0] = images[row]
                requests[number].start_async()
            if row % 64 == 63:
                say.track("inference", max(finished + 1, 0), len(images))
        return output

    return Engine(run, "openvino", precision, lambda other: _compiled(model, other))
