"""How often every audit finds the fault it hunts, and how often it cries wolf: each on data sets drawn by program.

    python benchmarks/planted_faults.py          all audits, 100 data sets with the fault and 100 without, or as many as
                                                 fit into 25 s of processor time for each audit (20 at least)
    python benchmarks/planted_faults.py --only slices outcomes --trials 400 --seconds 600
    python benchmarks/planted_faults.py --add objects maps      what is measured now joins what the result already holds

The size of each data set and of its fault are the audit's own `TRIAL`. Seeds are others than those of the tests.
Intervals are those of Clopper and Pearson.
"""

import argparse
import importlib
import json
import time
from collections.abc import Callable, Mapping

import report
from vidi import catalog
from vidi.ops.intervals import clopper_pearson

FIRST_SEED = 50_000
FEWEST = 20
COLUMNS = (
    "audit",
    "the fault",
    "planted share",
    "examples",
    "found",
    "false alarms",
    "data sets of each kind",
)


def trials(trial: Callable[..., bool], *, most: int, seconds: float) -> tuple[int, int, int]:
    """Alarms with the fault, alarms without, and how many data sets of each kind there was time for."""
    began, found, false = time.process_time(), 0, 0
    for count in range(most):
        if count >= FEWEST and time.process_time() - began > seconds:
            return found, false, count
        found += trial(planted=True, seed=FIRST_SEED + count)
        false += trial(planted=False, seed=FIRST_SEED + count)
    return found, false, most


def share(hits: int, n: int) -> str:
    low, high = clopper_pearson(hits, n)
    return f"{hits / n:.3f} [{low:.3f}, {high:.3f}]"


def row(name: str, counts: Mapping[str, int]) -> list[object]:
    """An audit's line of the table."""
    stated = catalog.trial("audits", name)
    assert stated is not None, f"{name} states no trial"
    found, false, n = (counts[key] for key in ("found", "false_alarms", "n"))
    title = catalog.cards("audits")[name].title
    return [title, stated.fault, stated.rate, f"{stated.n:,}", share(found, n), share(false, n), n]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=100, help="data sets of each kind, at most")
    parser.add_argument("--seconds", type=float, default=25, help="of processor time for each audit")
    parser.add_argument("--only", nargs="+", help="audits; nothing is written then")
    parser.add_argument("--add", nargs="+", help="audits whose counts join those that the result holds")
    given = parser.parse_args()
    kept: dict[str, dict[str, int]] = {}
    earlier: list[object] = []
    if given.add:
        there = json.loads((report.RESULTS / "planted_faults.json").read_text(encoding="utf-8"))
        kept, earlier = there["trials"], [*there.get("earlier", []), there["source"]]
    for name in given.only or given.add or catalog.cards("audits"):
        found, false, n = trials(
            importlib.import_module(f"vidi.audits.{name}").trial, most=given.trials, seconds=given.seconds
        )
        kept[name] = {"found": found, "false_alarms": false, "n": n}
        report.log(f"{name}: found {share(found, n)}, false alarms {share(false, n)}, n = {n}")
    if given.only:
        return
    report.write(
        "planted_faults",
        metric="share of drawn data sets in which an audit raises the alarm, with the fault and without; 95 % "
        "intervals, Clopper-Pearson",
        n="as in the last column",
        seeds=[FIRST_SEED],
        columns=COLUMNS,
        rows=[row(name, kept[name]) for name in catalog.cards("audits") if name in kept],
        data="drawn by each audit's own trial (vidi.audits.NAME.trial), with seeds from the one given on",
        trials=kept,
        **({"earlier": earlier} if earlier else {}),
    )


if __name__ == "__main__":
    main()
