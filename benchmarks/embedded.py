"""The embedded photos of hands: what each recipe reaches, split by student and split at random.

python benchmarks/embedded.py               three seeds; about half an hour

The seed decides the split too, so the range over seeds holds the luck of which students are held out. The cached tail
has the three minutes of `vidi demo`.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from statistics import median
from typing import Any

import report
from vidi.data.embedded import sign_digits
from vidi.ops.intervals import wilson

RECIPES = {
    "nearest neighbours": ["--recipe", "knn"],
    "probe": ["--recipe", "probe"],
    "cached tail": ["--recipe", "tail", "--minutes", "3"],
}
SPLITS = {"by student": ["--group", "student"], "at random": []}
SOURCE = (
    "Sign Language Digits Dataset, 2,062 photos (Dikle, Mavi and students of Ankara Ayrancı Anadolu High School), "
    "Apache-2.0; the student is inferred from the camera's file numbers"
)


def accuracy(recipe: Sequence[str], how: Sequence[str], seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as out:
        words = ["--target", "digit", *how, *recipe, "--seed", str(seed), "--out", out, "--json"]
        found = json.loads(report.vidi("train", sign_digits(), *words).output)
    value = next(m for m in found["measured"] if m["name"] == "accuracy" and not m["of"])
    return {"seed": seed, "accuracy": value["value"], "n": value["n"]}


def row(what: str, split: str, runs: Sequence[dict[str, Any]]) -> list[Any]:
    n = sum(run["n"] for run in runs)
    low, high = wilson(round(sum(run["accuracy"] * run["n"] for run in runs)), n)
    values = [run["accuracy"] for run in runs]
    return [
        what,
        split,
        f"{report.spread(values, 3)}",
        f"[{low:.3f}, {high:.3f}]",
        round(median(r["n"] for r in runs)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    given = parser.parse_args()
    done: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for seed in given.seeds:
        for name in given.recipes:
            for split, how in SPLITS.items():
                run = accuracy(RECIPES[name], how, seed)
                report.log(f"{name}, {split}: {run}")
                done.setdefault((name, split), []).append(run)
    report.write(
        "embedded",
        metric="accuracy on held-out photos of the embedded data; median (range) over the seeds, and Wilson's 95 % "
        "interval of the seeds' photos together, as if no photo were held out twice",
        n={f"{name}, {split}": [run["n"] for run in runs] for (name, split), runs in done.items()},
        seeds=given.seeds,
        columns=["recipe", "split", "accuracy", "interval", "test photos a seed"],
        rows=[row(name, split, runs) for (name, split), runs in done.items()],
        data=SOURCE,
        runs={f"{name}, {split}": runs for (name, split), runs in done.items()},
    )


if __name__ == "__main__":
    main()
