"""Gradients with another rule at rectifiers (ReLU, ReLU6), for any network and without touching it."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.core.network import Scorer
from vidi.ops.attribution import AT_ONCE, as_float, differentiable, score, undisturbed

RECTIFIERS = (
    "ReluBackward",
    "HardtanhBackward",
    "ThresholdBackward",
)  # autograd's names; ReLU6 is a Hardtanh

Rule = Callable[[Tensor, Tensor], Tensor]
"""From the plain gradient at a rectifier's input and that at its output to the one that goes on."""


def bend(values: Tensor, rule: Rule) -> int:
    """Let `rule` decide what passes each rectifier when `values` are differentiated; returns how many there are.

    It hangs on the graph of this one pass, so it meets functions and modules alike, in place or not.
    """

    def passed(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (rule(inputs[0], outputs[0]), *inputs[1:])

    waiting, known, count = [values.grad_fn], set(), 0
    while waiting:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        if node.name().startswith(RECTIFIERS):
            node.register_hook(passed)
            count += 1
        waiting += [following for following, _ in node.next_functions]
    return count


def bent_gradient(
    network: Scorer, images: Shaped[Tensor, "n 3 h w"], target: Float[Tensor, "n c"], *, rule: Rule
) -> Float[Tensor, "n 3 h w"]:
    """As `attribution.gradient`, with `rule` at every rectifier; raises UsageError for a network without any."""
    found = []
    with undisturbed(network):
        for start in range(0, len(images), AT_ONCE):
            pixels = as_float(images[start : start + AT_ONCE]).clone().requires_grad_()
            values = differentiable(score(network(pixels), target[start : start + AT_ONCE]).sum())
            if not bend(values, rule):
                raise UsageError(
                    "this method changes what passes a rectifier, and the network has none (its activations are "
                    "others, such as GELU or tanh); use gradient or integrated_gradients"
                )
            found.append(torch.autograd.grad(values, pixels)[0])
    return torch.cat(found)
