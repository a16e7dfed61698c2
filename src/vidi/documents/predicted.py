"""The images behind a count: a run's predictions by truth and answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MOST = 12


@dataclass(frozen=True)
class Image:
    """One held-out image: its id, how a person names it, and the probability of what the model said."""

    id: str
    path: str
    probability: float


@dataclass(frozen=True)
class Behind:
    """Images of one truth that got one answer, `n` in all: mistakes from the surest, hits from the least sure."""

    n: int
    images: tuple[Image, ...]


def behind(folder: Path, *, most: int = MOST) -> Mapping[tuple[str, str], Behind]:
    """By (truth, answer), at most `most` images each; empty where the run kept no predictions."""
    table = folder / "predictions.parquet"
    if not table.exists():
        return {}
    import pyarrow.parquet as pq

    columns = pq.read_table(table, columns=["id", "path", "truth", "prediction"])
    ids, paths, truth, answer = (columns.column(name).to_numpy() for name in columns.column_names)
    said = probability_of(table, answer)
    pairs: dict[tuple[str, str], list[int]] = {}
    for place, pair in enumerate(zip(truth.astype(str), answer.astype(str), strict=True)):
        pairs.setdefault(pair, []).append(place)
    found = {}
    for pair, places in pairs.items():
        sign = 1 if pair[0] == pair[1] else -1
        first = sorted(places, key=lambda place: (sign * said[place], str(ids[place])))[:most]
        images = tuple(Image(str(ids[place]), str(paths[place]), float(said[place])) for place in first)
        found[pair] = Behind(len(places), images)
    return found


def probability_of(table: Path, answer: np.ndarray) -> np.ndarray:
    """What each row's answer was given; one label's column at a time, so that a thousand labels fit too."""
    import pyarrow.parquet as pq

    known, file = set(pq.read_schema(table).names), pq.ParquetFile(table)
    said = np.zeros(len(answer))
    for label in {str(label) for label in answer}:
        name = f"p({label})"
        if name in known:
            here = answer == label
            said[here] = file.read(columns=[name]).column(name).to_numpy()[here]
    return np.nan_to_num(said)
