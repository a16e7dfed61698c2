"""Rows put in other orders that would be as likely if labels had nothing to do with what they are compared to."""

import numpy as np
from jaxtyping import Float, Int


def shuffles(
    n: int, *, count: int, seed: int, group: Int[np.ndarray, " n"] | None = None
) -> Int[np.ndarray, "k n"]:
    """`count` orders of n rows; `label[order]` is as likely as `label` where it depends on nothing but its group.

    Without groups every order is possible. With them, groups of one size change places as wholes, and rows change
    places inside their group: so labels that go with the group (a patient's diagnosis) keep doing so, and labels
    that differ inside it (the digits that one hand shows) may move there too. Groups whose size no other has keep
    their place. Same seed, same orders.
    """
    random = np.random.default_rng(seed)
    if group is None or len(np.unique(group)) == n:
        return (
            np.stack([random.permutation(n) for _ in range(count)]) if count else np.zeros((0, n), np.int64)
        )
    member = np.unique(group, return_inverse=True)[1]
    size = np.bincount(member)
    place = np.lexsort((np.arange(n), member, size[member]))
    orders = np.empty((count, n), dtype=np.int64)
    for row in orders:
        turn = random.permutation(len(size))
        row[place] = np.lexsort((random.permutation(n), turn[member], size[member]))
    return orders


def permutation_p(observed: float, drawn: Float[np.ndarray, " k"]) -> float:
    """How often a shuffled value is as large as the observed one, itself counted; exact, never 0.

    Phipson & Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9, article 39.
    """
    return float((1 + np.count_nonzero(drawn >= observed - 1e-9)) / (1 + len(drawn)))
