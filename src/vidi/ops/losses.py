"""How wrong logits are: means over a batch, for hard and soft targets."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Float[Tensor, "n c"], target: Float[Tensor, "n c"], *, smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Mean over rows of -sum(target * log softmax(logits)), in nats, >= 0 where rows of `target` are distributions.

    `smoothing` moves that share of every target to all classes alike (Szegedy et al. 2016, arXiv:1512.00567,
    section 7); 0 changes nothing. Half precision is summed in float32.
    """
    check_smoothing(smoothing)
    logits = at_least_single(logits)
    return functional.cross_entropy(logits, target.to(logits.dtype), label_smoothing=smoothing)


def binary_cross_entropy(
    logits: Float[Tensor, "n c"], target: Float[Tensor, "n c"], *, smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Mean over all entries of -t log s(x) - (1 - t) log(1 - s(x)) with the logistic function s, in nats.

    `smoothing` moves that share of every target to one half, as `cross_entropy` does with two classes.
    """
    check_smoothing(smoothing)
    logits = at_least_single(logits)
    target = target.to(logits.dtype)
    if smoothing > 0:
        target = target * (1 - smoothing) + smoothing / 2
    return functional.binary_cross_entropy_with_logits(logits, target)


def multiclass_hinge(
    logits: Float[Tensor, "n c"], target: Float[Tensor, "n c"], *, margin: float = 1.0
) -> Float[Tensor, ""]:
    """Mean over rows of the sum over wrong classes j of max(0, s_j - s_y + margin), >= 0: a multi-class SVM.

    A soft target weighs the losses of its classes y. 0 where every right score leads by `margin`.
    Weston and Watkins 1999; Crammer and Singer 2001 take the largest j where this sums over all of them.
    """
    if margin < 0:
        raise ValueError(f"margin is a distance between scores, >= 0; got {margin}")
    logits = at_least_single(logits)
    row, right = target.nonzero(as_tuple=True)
    lead = logits[row] - logits[row, right][:, None] + margin
    hinge = lead.clamp(min=0).sum(dim=1) - margin  # j = y adds `margin` to the sum, always
    return (target[row, right].to(logits.dtype) * hinge).sum() / max(len(logits), 1)


def check_smoothing(smoothing: float) -> None:
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing is a share of the target, 0 to 1; got {smoothing}")


def at_least_single(logits: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
    """In float32 if it was half precision: exp and a sum over classes lose too much there."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
