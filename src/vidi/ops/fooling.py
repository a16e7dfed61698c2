"""When a network is fooled, and which way leads there."""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from vidi.core.network import Classifier, Scorer
from vidi.ops.attribution import AT_ONCE, as_float, differentiable, undisturbed


def fooled(logits: Float[Tensor, "n c"], label: Int[Tensor, " n"], *, targeted: bool) -> Bool[Tensor, " n"]:
    """Whether the answer is another one than `label`; with `targeted`, whether it is `label`."""
    return (logits.argmax(dim=1) == label) == targeted


def margin(logits: Float[Tensor, "n c"], label: Int[Tensor, " n"], *, targeted: bool) -> Float[Tensor, " n"]:
    """By how much the best other logit is above the label's (targeted: below it); above 0 it is fooled."""
    own = logits.gather(1, label[:, None])[:, 0]
    other = logits.scatter(1, label[:, None], -torch.inf).amax(dim=1)
    return own - other if targeted else other - own


def logits_of(network: Scorer, images: Shaped[Tensor, "n 3 h w"]) -> Float[Tensor, "n c"]:
    """The network's answers in float32, without gradients."""
    with undisturbed(network), torch.no_grad():
        return torch.cat([network(as_float(part)) for part in images.split(AT_ONCE)])


def loss_of(logits: Float[Tensor, "n c"], label: Int[Tensor, " n"], *, targeted: bool) -> Float[Tensor, " n"]:
    """What an attack makes larger: log(sum of the other labels' exp(logit)) - the label's logit; targeted: minus that.

    The cross-entropy is log(1 + exp(this)): it has the same order and the same direction of its slope, but where
    an answer is sure its slope is rounded to 0, and the network would look robust.
    """
    own = logits.gather(1, label[:, None])[:, 0]
    others = logits.scatter(1, label[:, None], -torch.inf).logsumexp(dim=1)
    return own - others if targeted else others - own


def climb(
    network: Classifier, images: Float[Tensor, "n 3 h w"], label: Int[Tensor, " n"], *, targeted: bool
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3 h w"], Float[Tensor, "n c"]]:
    """The loss of each image, its slope in the pixels, and the logits."""
    losses, slopes, answers = [], [], []
    with undisturbed(network):
        for some, these in zip(images.split(AT_ONCE), label.split(AT_ONCE), strict=True):
            pixels = as_float(some).clone().requires_grad_()
            logits = differentiable(network(pixels))
            loss = loss_of(logits, these, targeted=targeted)
            slopes.append(torch.autograd.grad(loss.sum(), pixels)[0])
            losses.append(loss.detach())
            answers.append(logits.detach())
    return torch.cat(losses), torch.cat(slopes), torch.cat(answers)
