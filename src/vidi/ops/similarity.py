"""Pairs that are alike, found without comparing everything with everything; and what hangs together."""

import numpy as np
from jaxtyping import Int


def components(nodes: int, pairs: Int[np.ndarray, "m 2"]) -> Int[np.ndarray, " nodes"]:
    """A number for each node: the same for those that pairs connect, in order of first appearance."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    numbers: Int[np.ndarray, " nodes"] = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers
