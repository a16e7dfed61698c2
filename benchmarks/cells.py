"""Rates of every intersection with 1,000 bootstrap replicates: vidi's counts of cells against Fairlearn's rows.

    python benchmarks/cells.py                     vidi alone
    python benchmarks/cells.py --peers DIR         and Fairlearn, in the peers' environment (made if it is not there)

Drawn predictions with four attributes of 2, 5, 4 and 3 levels. vidi measures five rates in all 360 groups that subsets
of the attributes make; Fairlearn the same five in the 120 intersections of all four, and overall.
Fairlearn's time is linear in its replicates: `--peer-replicates` of them are timed, and so is its table without any,
which gives the time for 1,000.
Each is a process of its own; its time is that of the work, without imports and reading.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import report
from folder_to_model import peers_python

LEVELS = (2, 5, 4, 3)
REPLICATES = 1000
RATES = (
    "accuracy",
    "true positive rate",
    "false positive rate",
    "positive predictive value",
    "selection rate",
)
COLUMNS = (
    "what",
    "predictions",
    "groups",
    "replicates timed",
    "seconds",
    "seconds for 1,000 replicates",
    "peak memory of the process, MiB",
)
PEER = report.HERE / "peers" / "fairlearn_bootstrap.py"

# As a user would call it; one JSON line like the peer's.
OURS = """
import json, sys, time
import numpy as np
import scipy.sparse
from vidi.ops.cells import Attribute, count, replicate
from vidi.ops.intersections import groups, rates

data, replicates, names = np.load(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
codes, truth, prediction = data["codes"], data["truth"], data["prediction"]
levels = codes.max(axis=0) + 1
attributes = [Attribute(f"attribute {n}", tuple(map(str, range(size)))) for n, size in enumerate(levels)]
began = time.perf_counter()
cells = count(codes, truth, prediction, attributes=attributes)
members = groups(cells)
measure = rates(cells, members, names)
drawn = replicate(cells, measure, replicates=replicates)
low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
seconds = time.perf_counter() - began
full = members.subset(*(each.name for each in attributes))  # accuracy comes first
found = {"seconds": seconds, "groups": len(members.n), "accuracy": measure(cells.sums[None])[0][full].tolist()}
print(json.dumps(found | {"low": low[full].tolist(), "high": high[full].tolist()}))
"""


def predictions(n: int, seed: int) -> dict[str, np.ndarray]:
    """Codes of four attributes, truth and prediction; one group is worse off."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(size, size=n) for size in LEVELS], axis=1)
    truth = rng.integers(2, size=n)
    wrong = rng.random(n) < 0.1 + 0.1 * (codes[:, 0] == 1) * (codes[:, 1] == 2)
    return {"codes": codes, "truth": truth, "prediction": truth ^ wrong}


def measured(
    what: str, command: list[Any], n: int, replicates: int, repeats: int
) -> tuple[dict[str, Any], list[Any]]:
    """What the last process printed, and its row of the table, medians of `repeats` processes."""
    finished = [report.run(command, OMP_NUM_THREADS="1") for _ in range(repeats)]
    found = [json.loads(each.output) for each in finished]
    seconds = median(each["seconds"] for each in found)
    peak = report.middle([each.peak_mib for each in finished])
    once = found[-1].get("seconds_without", 0.0)
    scaled = round(once + (seconds - once) * REPLICATES / replicates, 3)
    report.log(f"{what}, {n:,} predictions: {seconds:.3f} s for {replicates} replicates")
    return found[-1], [what, f"{n:,}", found[-1]["groups"], replicates, round(seconds, 3), scaled, peak]


def disagreement(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """The largest difference of a group's accuracy; the mean one of its interval's ends, in widths of the interval."""
    one, other = (
        {key: np.array(each[key]) for key in ("accuracy", "low", "high")} for each in (ours, theirs)
    )
    width = one["high"] - one["low"]
    known = width > 0  # a small group without a mistake has none
    ends = [np.abs(one[end] - other[end])[known] / width[known] for end in ("low", "high")]
    return {
        "accuracy": float(np.abs(one["accuracy"] - other["accuracy"]).max()),
        "mean_end_in_widths": round(float(np.mean(ends)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, help="the peers' environment; without it vidi alone")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="predictions")
    parser.add_argument("--peer-replicates", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    rows, agreement, peer = [], {}, {}
    with tempfile.TemporaryDirectory(prefix="vidi-bench-cells-") as folder:
        for n in given.sizes:
            data = Path(folder) / f"{n}.npz"
            np.savez(data, **predictions(n, seed=0))
            command = [sys.executable, "-c", OURS, data, REPLICATES, ",".join(RATES)]
            ours, row = measured("vidi", command, n, REPLICATES, given.repeats)
            rows.append(row)
            if given.peers and n == given.sizes[0]:  # a replicate of a million rows would take minutes
                words = [
                    peers_python(given.peers),
                    PEER,
                    "--data",
                    data,
                    "--replicates",
                    given.peer_replicates,
                ]
                peer, row = measured("Fairlearn MetricFrame", words, n, given.peer_replicates, 1)
                rows.append(row)
                agreement = disagreement(ours, peer)
    report.write(
        "cells",
        metric="seconds for five rates with 95 % bootstrap intervals in every group; medians",
        n={"repeats": given.repeats, "predictions": given.sizes},
        seeds=[0],
        columns=COLUMNS,
        rows=rows,
        data="drawn predictions: four attributes of 2, 5, 4 and 3 levels, two labels, 10 to 20 % errors",
        more_versions={"fairlearn": peer["fairlearn"]} if peer else None,
        agreement=agreement,
    )


if __name__ == "__main__":
    main()
