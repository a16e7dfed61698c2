"""Optimisers by their torch names, Muon for convolutions included."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vidi.core.errors import UsageError, nearest_names

NAMES = ("SGD", "Adagrad", "RMSprop", "Adam", "AdamW", "Muon")
MUON_REST = "AdamW"  # what is not a matrix goes here


class Together:
    """Several optimisers that step as one; `param_groups` are all of theirs."""

    def __init__(self, parts: Sequence[Optimizer], mirrors: Sequence[tuple[nn.Parameter, nn.Parameter]] = ()):
        self.parts, self.mirrors = tuple(parts), tuple(mirrors)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [group for part in self.parts for group in part.param_groups]

    def step(self) -> None:
        for whole, matrix in self.mirrors:
            matrix.grad = None if whole.grad is None else _as_matrix(whole.grad)
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        for part in self.parts:
            part.zero_grad()
        for whole, _ in self.mirrors:
            whole.grad = None

    def state_dict(self) -> dict[str, Any]:
        return {str(number): part.state_dict() for number, part in enumerate(self.parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for number, part in enumerate(self.parts):
            part.load_state_dict(state[str(number)])


def _as_matrix(weight: Tensor) -> Tensor:
    """(out, everything else) on the same memory; the order of the columns does not matter to Muon."""
    if weight.ndim == 4 and not weight.is_contiguous():
        weight = weight.permute(0, 2, 3, 1)  # channels_last
    return weight.reshape(weight.shape[0], -1)


def optimiser(name: str, groups: Iterable[dict[str, Any]], *, lr: float, **options: Any) -> Together:
    """The torch optimiser of that name over parameter groups; every group may carry its own `lr`.

    Raises UsageError for an unknown name or an option it does not take. Muon (Jordan 2024) orthogonalises the
    update of matrices; convolution filters count as (out, in x h x w) matrices, vectors and the head go to AdamW.
    """
    groups = [dict(group) for group in groups]
    check_name(name)
    try:
        if name == "Muon":
            return _muon(groups, lr=lr, **options)
        return Together([getattr(torch.optim, name)(groups, lr=lr, **options)])
    except (TypeError, ValueError) as error:  # torch's own checks of names and of values
        raise UsageError(f"the optimiser {name} does not take these options ({error})") from None


def check_name(name: str) -> None:
    """Raises UsageError with the nearest names unless there is an optimiser of that name."""
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise UsageError(
            f"no optimiser is named {name!r}; there are {known}{nearest_names(name, list(NAMES))}"
        )


def _muon(groups: list[dict[str, Any]], *, lr: float, **options: Any) -> Together:
    mirrors: list[tuple[nn.Parameter, nn.Parameter]] = []
    matrices, rest = [], []
    for group in groups:
        own = {key: value for key, value in group.items() if key != "params"}
        hidden = [p for p in group["params"] if p.ndim >= 2 and not own.get("head", False)]
        pairs = [(p, p if p.ndim == 2 else nn.Parameter(_as_matrix(p.data))) for p in hidden]
        mirrors += [pair for pair in pairs if pair[0] is not pair[1]]
        if pairs:
            matrices.append(own | {"params": [matrix for _, matrix in pairs]})
        others = [p for p in group["params"] if p.ndim < 2 or own.get("head", False)]
        if others:
            rest.append(own | {"params": others})
    parts: list[Optimizer] = []
    if matrices:
        parts.append(torch.optim.Muon(matrices, lr=lr, adjust_lr_fn="match_rms_adamw", **options))
    if rest:
        parts.append(getattr(torch.optim, MUON_REST)(rest, lr=lr))
    return Together(parts, mirrors)


def layer_groups(
    stages: Sequence[nn.Module], *, lr: float, decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Parameter groups with rates lr x decay^depth from the last module down (Howard & Ruder 2018, section 3.2).

    Biases and norm weights get no weight decay. `decay` 1 is one rate for all. Frozen weights are left out.
    """
    groups: list[dict[str, Any]] = []
    for depth, stage in enumerate(reversed(stages)):
        trained = [p for p in stage.parameters() if p.requires_grad]
        shared = {"lr": lr * decay**depth, "head": depth == 0}
        for params, strength in (
            ([p for p in trained if p.ndim > 1], weight_decay),
            ([p for p in trained if p.ndim < 2], 0.0),
        ):
            if params:
                groups.append({"params": params, "weight_decay": strength, **shared})
    return groups
