"""How often every audit finds the fault it hunts, and how often it cries wolf: each on data sets drawn by program.

    python benchmarks/planted_faults.py          all audits, 100 data sets with the fault and 100 without, or as many as
                                                 fit into 25 s of processor time for each audit (20 at least)
    python benchmarks/planted_faults.py --only slices outcomes --trials 400 --seconds 600

The size of each data set and of its fault are the audit's own `TRIAL`. Seeds are others than those of the tests.
Intervals are those of Clopper and Pearson.
"""

import argparse
import importlib
import time
from collections.abc import Callable

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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=100, help="data sets of each kind, at most")
    parser.add_argument("--seconds", type=float, default=25, help="of processor time for each audit")
    parser.add_argument("--only", nargs="+", help="audits; nothing is written then")
    given = parser.parse_args()
    rows, kept = [], {}
    for name in given.only or catalog.cards("audits"):
        stated = catalog.trial("audits", name)
        assert stated is not None, f"{name} states no trial"
        found, false, n = trials(
            importlib.import_module(f"vidi.audits.{name}").trial, most=given.trials, seconds=given.seconds
        )
        title = catalog.cards("audits")[name].title
        rows.append([title, stated.fault, stated.rate, f"{stated.n:,}", share(found, n), share(false, n), n])
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
        rows=rows,
        data="drawn by each audit's own trial (vidi.audits.NAME.trial), with seeds from the one given on",
        trials=kept,
    )


if __name__ == "__main__":
    main()
