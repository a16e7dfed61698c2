"""How many planted copies `vidi check` finds, by kind of copy, and how many pictures it takes for copies wrongly.

    python benchmarks/duplicates.py --data DIR [--images 1000]

DIR holds the data sets of planted_copies.SETS (default: $VIDI_DATA). The first half of them chose the one number that
the search has (`CLOSER` in vidi.ops.near_copies): the least of GRID with at most three pictures in a hundred in false
pairs, in any of them. A false pair costs a look, and two pictures that stay on one side of the split; a copy that is
missed may leak. The figures to go by are those of the other half, which had no say.

Every picture gets one copy, the kinds of copy in turns; the copies are added in four rounds, to a quarter of the
pictures each. False alarms are counted where nothing was planted: pictures in pairs that no person took for copies.
duplicates_seen.json lists the pairs that somebody looked at and took for the same picture; of solar cells nobody can
say, and their false alarms are not counted.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from planted_copies import KINDS, SETS, Set, planted
from report import HERE, data_folder, log, write
from vidi.core.dataset import ReadOptions
from vidi.core.progress import Quiet
from vidi.data.duplicates import without_chains
from vidi.data.pixels import DatasetPixels
from vidi.data.readers import folder
from vidi.data.scan import scan
from vidi.data.store import Cache
from vidi.evaluation.features import FeaturePass, weights_key
from vidi.ops.intervals import clopper_pearson
from vidi.ops.near_copies import CLOSER, near_pairs
from vidi.ops.similarity import components
from vidi.verbs.load import default_backbone

ROUNDS = 4
GRID = (2.0, 2.5, 3.0, 4.0, 5.0)
BEARABLE = 0.03  # of the pictures of a set: handwritten ones are often as alike as copies
SEEN = HERE / "duplicates_seen.json"


@dataclass(frozen=True)
class Opened:
    """A set as vidi sees it: originals first, then the copy of each, with the kind it is."""

    names: list[str]
    thumbnails: np.ndarray
    features: np.ndarray
    kinds: list[str]

    @property
    def originals(self) -> int:
        return len(self.kinds)


def opened(one: Set, data: Path, images: int, seed: int) -> Opened:
    """Written as files, read by vidi's scan, passed through the embedded network."""
    contents = list(dict.fromkeys(one.contents(data)))  # without copies to the byte
    random = np.random.default_rng([seed, len(contents)])
    chosen = np.sort(random.permutation(len(contents))[:images])
    kinds = [list(KINDS)[turn % len(KINDS)] for turn in random.permutation(len(chosen))]
    with tempfile.TemporaryDirectory(prefix="vidi-bench-duplicates-") as place:
        root, kept = Path(place) / "images", Cache(Path(place) / "cache")
        (root / "all").mkdir(parents=True)
        for number, (row, kind) in enumerate(zip(chosen.tolist(), kinds, strict=True)):
            (root / "all" / f"a{number:05}.jpg").write_bytes(contents[row])
            (root / "all" / f"b{number:05}.jpg").write_bytes(planted(contents[row], kind, random))
        table = scan(
            folder.read(root, options=ReadOptions()), name=one.name, cache=kept, size_px=128, fewest_labels=1
        )
        backbone, pixels = default_backbone(), DatasetPixels(table, kept)
        features = FeaturePass(table, pixels, kept.store, Quiet())(
            backbone, weights_key(backbone), np.arange(len(table))
        )
        order = np.argsort(table.column("path").astype(str))
        if len(order) != 2 * len(chosen):
            raise SystemExit(f"vidi read {len(order)} of the {2 * len(chosen)} images of {one.name}")
        names = [str(table.column("hash")[row])[:16] for row in order[: len(chosen)]]
        small = np.array(pixels.thumbnails())[order]
        return Opened(names, small, np.array(features)[order], kinds)


def pairs_of(one: Opened, rows: np.ndarray, *, closer: float, features: bool = True) -> np.ndarray:
    """What the search names among these rows, as pairs of rows of the whole."""
    found = near_pairs(one.thumbnails[rows], one.features[rows] if features else None, closer=closer)
    return rows[without_chains(len(rows), found)[0].rows]


def recalled(one: Opened, *, closer: float, features: bool = True) -> np.ndarray:
    """Whether each copy was put together with its original."""
    n, hit = one.originals, np.zeros(one.originals, dtype=bool)
    for turn in range(ROUNDS):
        copied = np.arange(turn, n, ROUNDS)
        pairs = pairs_of(one, np.concatenate([np.arange(n), n + copied]), closer=closer, features=features)
        cluster = components(2 * n, pairs)
        hit[copied] = cluster[copied] == cluster[n + copied]
    return hit


def natural(one: Opened, *, closer: float) -> list[tuple[str, str]]:
    """The pairs named where nothing was planted."""
    return [
        (min(pair), max(pair))
        for a, b in pairs_of(one, np.arange(one.originals), closer=closer).tolist()
        for pair in [(one.names[a], one.names[b])]
    ]


def alarmed(pairs: Sequence[tuple[str, str]], seen: set[tuple[str, str]]) -> int:
    """How many pictures are in pairs that nobody took for copies."""
    return len({name for pair in pairs if pair not in seen for name in pair})


def looked_at() -> dict[str, set[tuple[str, str]]]:
    """By set: the pairs that somebody took for the same picture."""
    return {name: {(a, b) for a, b in pairs} for name, pairs in json.loads(SEEN.read_text()).items()}


def chosen_closer(
    opened_sets: Mapping[str, Opened], seen: Mapping[str, set[tuple[str, str]]]
) -> list[dict[str, Any]]:
    """For each value of the grid, over the sets that choose: recall of all copies, and the worst set's false alarms."""
    judged, rows = {one.name for one in SETS if one.judged}, []
    for closer in GRID:
        hits = np.concatenate([recalled(one, closer=closer) for one in opened_sets.values()])
        alarms = {
            name: alarmed(natural(one, closer=closer), seen.get(name, set())) / one.originals
            for name, one in opened_sets.items()
            if name in judged
        }
        rows.append({"closer": closer, "recall": float(hits.mean()), "false_alarms": alarms})
        log(str(rows[-1]))
    return rows


def best(rows: Sequence[Mapping[str, Any]]) -> float:
    """The least value whose false alarms are bearable in every set that chooses; the largest if none is."""
    fine = [row["closer"] for row in rows if max(row["false_alarms"].values()) <= BEARABLE]
    return float(min(fine, default=max(GRID)))


def share(part: int, whole: int) -> str:
    """`0.953 (0.912–0.978)`: with Clopper and Pearson's interval."""
    low, high = clopper_pearson(part, whole)
    return f"{part / max(whole, 1):.3f} ({low:.3f}–{high:.3f})"


def of_set(one: Set, images: Opened, seen: set[tuple[str, str]]) -> dict[str, Any]:
    """Which copies were found with features and without, and what was named where nothing was planted."""
    began = time.perf_counter()
    pairs = natural(images, closer=CLOSER)
    row = {
        "set": one.name,
        "what": one.what,
        "chose": one.calibrates,
        "n": images.originals,
        "found": counted(images, recalled(images, closer=CLOSER)),
        "without_features": counted(images, recalled(images, closer=CLOSER, features=False)),
        "false_alarms": alarmed(pairs, seen) if one.judged else None,
        "copies_that_were_there": sum(pair in seen for pair in pairs) if one.judged else None,
        "seconds": round(time.perf_counter() - began, 1),
    }
    log(
        f"{one.name}: {row['found']['all']}, {row['false_alarms']} pictures in false pairs, {row['seconds']} s"
    )
    return row


def counted(images: Opened, hit: np.ndarray) -> dict[str, list[int]]:
    """By kind of copy, and in all: how many were found of how many."""
    kinds = np.array(images.kinds)
    parts = {kind: kinds == kind for kind in KINDS} | {"all": np.ones(len(kinds), dtype=bool)}
    return {kind: [int(hit[part].sum()), int(part.sum())] for kind, part in parts.items()}


def by_kind(runs: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """A row for each kind of copy: recall in the sets that had no say, and in those that chose."""
    for kind in [*KINDS, "all"]:
        row: list[Any] = [kind]
        for key, chose in (("found", False), ("without_features", False), ("found", True)):
            counts = np.array([run[key][kind] for run in runs if run["chose"] == chose])
            row.append(share(*counts.sum(axis=0).tolist()))
        yield row


def by_set(runs: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for run in sorted(runs, key=lambda run: run["chose"]):
        n = run["n"]
        part = "chose the threshold" if run["chose"] else "held out"
        alarms = None if run["false_alarms"] is None else share(run["false_alarms"], n)
        yield [
            run["set"],
            run["what"],
            part,
            n,
            share(*run["found"]["all"]),
            run["false_alarms"],
            alarms,
            run["copies_that_were_there"],
        ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the folder that holds the data sets")
    parser.add_argument("--images", type=int, default=1000, help="of each set at most, drawn at random")
    chosen = parser.parse_args()
    data, seen = data_folder(chosen.data, ""), looked_at()
    sets = {one.name: opened(one, data, chosen.images, seed=0) for one in SETS}
    grid = chosen_closer({one.name: sets[one.name] for one in SETS if one.calibrates}, seen)
    log(f"the grid says {best(grid)}, the search has {CLOSER}")
    runs = [of_set(one, sets[one.name], seen.get(one.name, set())) for one in SETS]
    told = {
        "data": "; ".join(f"{one.name}: {one.what}" for one in SETS),
        "seeds": [0],
        "grid": grid,
        "closer": CLOSER,
        "grid_says": best(grid),
    }
    n = {run["set"]: run["n"] for run in runs}
    write(
        "duplicates",
        metric="recall of planted copies; Clopper and Pearson's 95 % intervals",
        n=n,
        columns=["copy", "held-out sets", "held-out sets, without features", "sets that chose the threshold"],
        rows=list(by_kind(runs)),
        runs=runs,
        **told,
    )
    write(
        "duplicates_by_set",
        metric="recall of planted copies, and pictures wrongly taken for copies; Clopper and Pearson's 95 % intervals",
        n=n,
        columns=["set", "pictures", "part", "n", "recall", "false alarms", "of n", "copies that were there"],
        rows=list(by_set(runs)),
        **told,
    )


if __name__ == "__main__":
    main()
