"""The nearest training examples vote."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def nearest_votes(
    known: Float[np.ndarray, "m d"],
    target: Float[np.ndarray, "m c"],
    asked: Float[np.ndarray, "n d"],
    *,
    k: int = 10,
    block: int = 1024,
) -> Float[np.ndarray, "n c"]:
    """The mean target of the `k` most similar (cosine) known examples, with one vote for the overall frequencies.

    That one vote keeps every label possible, so that a log loss is finite. Ties go to the earlier example.
    """
    if not 1 <= k <= len(known):
        raise ValueError(f"k is between 1 and the {len(known)} known examples; got {k}")
    known_unit, asked_unit = unit(known), unit(asked)
    truth = torch.from_numpy(np.asarray(target, np.float64))
    votes = [
        truth[(part @ known_unit.T).topk(k, dim=1).indices].sum(dim=1) for part in asked_unit.split(block)
    ]
    total = torch.cat(votes) if votes else torch.zeros(0, truth.shape[1], dtype=torch.float64)
    return np.asarray(((total + truth.mean(dim=0)) / (k + 1)).numpy())


def unit(rows: Float[np.ndarray, "n d"]) -> Float[Tensor, "n d"]:
    """Every row divided by its length, in float32; a row of zeros stays."""
    values = np.asarray(rows, np.float32)
    return torch.from_numpy(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))


def choose_k(
    known: Float[np.ndarray, "m d"],
    label: Int[np.ndarray, " m"],
    group: Int[np.ndarray, " m"],
    *,
    candidates: tuple[int, ...] = (1, 3, 5, 10, 20, 40),
    block: int = 1024,
) -> tuple[int, dict[int, float]]:
    """The k with the highest leave-one-group-out accuracy on what is known, and every candidate's accuracy.

    An example's own group has no vote on it. Ties go to the smaller k.
    """
    rows = unit(known)
    truth, member = torch.from_numpy(label), torch.from_numpy(group)
    usable = [k for k in candidates if k < len(known)] or [1]
    hits = dict.fromkeys(usable, 0.0)
    votes_for = torch.nn.functional.one_hot(truth)
    for start in range(0, len(rows), block):
        likeness = rows[start : start + block] @ rows.T
        likeness[member[start : start + block, None] == member[None, :]] = -2.0  # cosine is never below -1
        best = likeness.topk(max(usable), dim=1)
        counted = votes_for[best.indices] * (best.values > -1.5)[:, :, None]
        for k in usable:
            answer = counted[:, :k].sum(dim=1).argmax(dim=1)
            hits[k] += float((answer == truth[start : start + block]).sum())
    accuracy = {k: count / len(rows) for k, count in hits.items()}
    return max(usable, key=lambda k: (accuracy[k], -k)), accuracy
