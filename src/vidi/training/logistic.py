"""Regularised logistic regression on features, its strength chosen by cross-validation."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.errors import check_option
from vidi.core.job import Job
from vidi.core.network import Classifier

Loss = Callable[[Tensor, Tensor], Tensor]
STRENGTHS = (3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
FOLD_STEPS, FINAL_STEPS = (
    10,
    50,
)  # more change the held-out loss by less than 0.002, the objective by less than 1e-4


@dataclass(frozen=True)
class Regression:
    """A fitted head for raw features, the chosen strength and the cross-validated loss of every strength tried."""

    head: nn.Linear
    strength: float
    losses: dict[float, float]


def minimise(
    features: Float[Tensor, "n d"],
    loss: Callable[[Tensor], Tensor],
    *,
    strength: float,
    start: Float[Tensor, "c d1"],
    steps: int,
) -> Float[Tensor, "c d1"]:
    """Weights (last column: biases) that minimise loss(logits) + strength / 2 x their squares, by L-BFGS.

    The penalty does not touch the biases. Stops early where the gradient has vanished. scipy's L-BFGS-B rather
    than torch's, whose first use imports a compiler for two seconds; numpy's products rather than torch's, which
    take up to three times as long with so few columns on processors other than Intel's.
    """
    from scipy.optimize import minimize

    x = features.numpy()

    def value_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.astype(np.float32).reshape(start.shape)
        slopes, biases = weights[:, :-1], weights[:, -1]
        logits = torch.from_numpy(x @ slopes.T + biases).requires_grad_(True)
        value = loss(logits)
        (gradient,) = torch.autograd.grad(value, logits)
        by_logit = gradient.numpy()
        total = np.column_stack([by_logit.T @ x + np.float32(strength) * slopes, by_logit.sum(axis=0)])
        penalty = 0.5 * strength * float(np.square(slopes).sum())
        return float(value.detach()) + penalty, total.ravel().astype(np.float64)

    best = minimize(
        value_and_gradient,
        start.numpy().ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "maxcor": 10, "gtol": 1e-5, "ftol": 1e-7},
    )
    return torch.from_numpy(best.x.astype(np.float32)).view_as(start)


def folds_of(group: Int[np.ndarray, " n"], *, folds: int, seed: int) -> Int[np.ndarray, " n"]:
    """A fold number for every example; examples of one group share it."""
    names, member = np.unique(group, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(names)) % folds
    return np.asarray(fold[member])


def fit_head(
    features: Float[np.ndarray, "n d"],
    target: Float[np.ndarray, "n c"],
    loss: Loss,
    *,
    group: Int[np.ndarray, " n"] | None = None,
    strengths: Sequence[float] = STRENGTHS,
    folds: int = 3,
    seed: int = 0,
) -> Regression:
    """The best linear head on standardised features; `group` keeps examples together in cross-validation.

    Every fold walks from the strongest to the weakest penalty, each starting where the last one ended. With
    fewer than two examples a fold, or one group, the middle strength is taken unseen. The standardisation is folded
    into the head, so that it takes raw features.
    """
    check_option("folds", folds, holds=folds >= 2, wanted="2 or more")
    with one_thread():
        return _fit_head(features, target, loss, group=group, strengths=strengths, folds=folds, seed=seed)


def probed(
    job: Job,
    model: Classifier,
    rows: Int[np.ndarray, " n"],
    features: Float[np.ndarray, "n d"],
    *,
    folds: int = 3,
) -> Regression:
    """The best linear head on the rows' features, put into the model."""
    target, group = job.target(rows), job.groups(rows)
    found = fit_head(features, target, job.labelled.loss, group=group, folds=folds, seed=job.seed)
    model.head.load_state_dict(found.head.state_dict())
    return found


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch and BLAS compute on one thread.

    Products with narrow matrices are bound by memory, which one core saturates; a second thread gains little, and
    where another program holds a core, waiting for it at every product costs up to ten times the work itself.
    """
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(before)


def _fit_head(
    features: Float[np.ndarray, "n d"],
    target: Float[np.ndarray, "n c"],
    loss: Loss,
    *,
    group: Int[np.ndarray, " n"] | None,
    strengths: Sequence[float],
    folds: int,
    seed: int,
) -> Regression:
    x = torch.from_numpy(np.array(features, np.float32))  # a copy: kept features are memory-mapped
    y = torch.from_numpy(np.asarray(target, np.float32))
    mean, deviation = x.mean(dim=0), x.std(dim=0, correction=0).clamp(min=1e-6)
    x = (x - mean) / deviation
    strengths = sorted(strengths, reverse=True)
    fold = folds_of(np.arange(len(x)) if group is None else group, folds=folds, seed=seed)
    enough = len(x) >= 2 * folds and len(np.unique(fold)) > 1
    losses = _cross_validated(x, y, loss, strengths, torch.from_numpy(fold)) if enough else {}
    chosen = min(losses, key=lambda strength: losses[strength]) if losses else strengths[len(strengths) // 2]
    start = torch.zeros(y.shape[1], x.shape[1] + 1)
    weights = minimise(
        x, lambda logits: loss(logits, y), strength=chosen / x.shape[1], start=start, steps=FINAL_STEPS
    )
    head = nn.Linear(x.shape[1], y.shape[1])
    with torch.no_grad():
        head.weight.copy_(weights[:, :-1] / deviation)
        head.bias.copy_(weights[:, -1] - head.weight @ mean)
    return Regression(head.requires_grad_(False), chosen, losses)


def _cross_validated(
    x: Tensor, y: Tensor, loss: Loss, strengths: Sequence[float], fold: Int[Tensor, " n"]
) -> dict[float, float]:
    """Mean held-out loss of the strengths in order, until it has got worse: weaker penalties fit slower and worse.

    The folds' weights stand side by side and are fitted together: a product with a narrow matrix costs what
    reading the features costs, however many columns it has.
    """
    x, features = principal(x), x.shape[1]
    numbers, classes = fold.unique().tolist(), y.shape[1]
    inside = [(fold != number).nonzero()[:, 0] for number in numbers]
    outside = [(fold == number).nonzero()[:, 0] for number in numbers]
    fitting, judging = [y[row] for row in inside], [y[row] for row in outside]
    losses: dict[float, float] = {}
    weights = torch.zeros(classes * len(numbers), x.shape[1] + 1)

    def parts(logits: Tensor, rows: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
        columns = zip(logits.split(classes, dim=1), rows, targets, strict=True)
        return torch.stack([loss(column[row], target) for column, row, target in columns])

    for strength in strengths:
        weights = minimise(
            x,
            lambda logits: parts(logits, inside, fitting).sum(),
            strength=strength / features,
            start=weights,
            steps=FOLD_STEPS,
        )
        held_out = parts(functional.linear(x, weights[:, :-1], weights[:, -1]), outside, judging)
        share = torch.tensor([len(row) / len(x) for row in outside])
        losses[strength] = float((held_out * share).sum())
        if losses[strength] > min(losses.values()):
            break
    return losses


def principal(x: Float[Tensor, "n d"], *, most: int = 256) -> Float[Tensor, "n k"]:
    """The `most` directions of the largest variance: to compare penalties they say what all of them would.

    A rotation leaves the penalty as it is, and in the directions left out it leaves next to no weight anyway.
    """
    if x.shape[1] <= most:
        return x
    covariance = x.numpy().T @ x.numpy()
    directions = torch.linalg.eigh(torch.from_numpy(covariance)).eigenvectors[:, -most:]
    return torch.from_numpy(x.numpy() @ directions.numpy())
