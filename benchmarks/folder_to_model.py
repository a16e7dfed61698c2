"""A folder of 5,000 + 1,000 CIFAR-10 images to a judged model: vidi and its peers, whole processes on the clock.

python benchmarks/folder_to_model.py --data DIR             all of it; about an hour for each seed
python benchmarks/folder_to_model.py --data DIR --choose    the peers' best settings, on a validation split; hours
python benchmarks/folder_to_model.py --data DIR --add …     what is measured now joins what the result already holds

DIR holds cifar10_ordered. Every process starts cold but for the operating system's file cache: vidi with an empty
cache of its own. The peers live in an environment of their own, which is made at the first run (`--peers`).
The test images serve for the final figures only: `--choose` tries every candidate on a tenth of train that was held
out of it, within each budget of --choose-minutes, and keeps the best one in peers/settings.json. A longer budget takes
what was best within the nearest shorter one, and the result says so.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import report
from vidi.core.device import machine
from vidi.ops.intervals import wilson

PEERS = report.HERE / "peers"
SETTINGS = PEERS / "settings.json"
TITLES = {
    "fastai_learner": "fastai vision_learner",
    "transformers_trainer": "Hugging Face Trainer",
    "torchvision_loop": "torchvision-style loop",
    "sklearn_features": "scikit-learn on frozen features",
}
UNTIMED = "sklearn_features"  # has no budget: it takes what it takes
CANDIDATES = (
    "--size 128 --frozen 1 --lr 3e-3",  # the head alone
    "--size 128 --frozen 0.3 --lr 1e-3 --freeze-norm",
    "--size 96 --frozen 0.3 --lr 1e-3 --freeze-norm",
    "--size 96 --frozen 0 --lr 1e-3",
)
FEATURE_CANDIDATES = ("--size 128", "--size 96", "--size 128 --fp32")
COLUMNS = ("what", "budget", "accuracy on the test split", "seconds, start to end", "peak memory, MiB")


@dataclass
class Row:
    """One contender with its runs: a list entry for each seed."""

    what: str
    budget: str
    words: list[str]
    accuracy: list[float]
    seconds: list[float]
    peak_mib: list[float]
    about: list[Any]

    def cells(self, n: int) -> list[Any]:
        low, high = interval(self, n)
        accuracy = f"{report.spread(self.accuracy, 3)} [{low:.3f}, {high:.3f}]"
        return [
            self.what,
            self.budget,
            accuracy,
            report.middle(self.seconds, 1),
            report.middle(self.peak_mib),
        ]


# Peers


def peers_python(folder: Path) -> Path:
    """The Python of the peers' environment, which is made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        report.log(f"making {folder} from benchmarks/requirements.txt")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = ["-r", str(report.HERE / "requirements.txt")]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def peer_versions(python: Path) -> dict[str, str]:
    code = (
        "import json; from importlib.metadata import version; "
        "print(json.dumps({n: version(n) for n in ('fastai', 'transformers')}))"
    )
    return dict(json.loads(report.run([python, "-c", code]).output))


def settings(peer: str, minutes: float) -> dict[str, Any]:
    """What `--choose` found best for this budget; else the first candidate, which is then said."""
    known = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    tried = {float(key): found for key, found in known.get(peer, {}).items() if key != "any"}
    within = [budget for budget in tried if budget <= minutes]
    if peer != UNTIMED and within:
        note = "" if max(within) == minutes else f", within {max(within):g} minutes"
        return {**tried[max(within)], "chosen": tried[max(within)]["chosen"] + note}
    first = (FEATURE_CANDIDATES if peer == UNTIMED else CANDIDATES)[0]
    return dict(known.get(peer, {}).get("any", {"options": first, "chosen": "not chosen on validation"}))


def run_peer(
    python: Path, peer: str, data: Path, minutes: float, options: str, *more: str
) -> tuple[dict[str, Any], report.Finished]:
    words = ["--data", str(data), "--minutes", f"{minutes:g}", *options.split(), *more]
    done = report.run([python, PEERS / f"{peer}.py", *words])
    return dict(json.loads(done.output.splitlines()[-1])), done


def choose(python: Path, data: Path, minutes: Sequence[float], peers: Sequence[str]) -> None:
    """Every candidate of every peer on held-out training images; the best go into settings.json as they are known."""
    known = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    for peer in peers:
        for budget in minutes[:1] if peer == UNTIMED else minutes:
            tried = {}
            for options in FEATURE_CANDIDATES if peer == UNTIMED else CANDIDATES:
                found, _ = run_peer(python, peer, data, budget, options, "--validate")
                tried[options] = found["accuracy"]
                report.log(f"{peer}, {budget:g} min, {options}: {found['accuracy']:.3f} on validation")
            best = max(tried, key=lambda options: tried[options])
            key = "any" if peer == UNTIMED else f"{budget:g}"
            known.setdefault(peer, {})[key] = {
                "options": best,
                "chosen": f"best of {len(tried)} on {found['n']} held-out training images",
                "tried": tried,
            }
            SETTINGS.write_text(json.dumps(known, indent=2) + "\n")


# Runs


def contenders(given: argparse.Namespace) -> list[tuple[Row, float]]:
    """Empty rows, each with its minutes; `words` are vidi's, or the peer's name and options."""
    probe = (Row("vidi, probe", "", ["--recipe", "probe"], [], [], [], []), 0.0)
    rows = [probe] if given.vidi_minutes else []
    for minutes in given.vidi_minutes:
        words = ["--minutes", f"{minutes:g}"]
        rows.append((Row("vidi, automatic", f"{minutes:g} min", words, [], [], [], []), minutes))
    for peer in given.only:
        for minutes in given.peer_minutes[:1] if peer == UNTIMED else given.peer_minutes:
            budget = "" if peer == UNTIMED else f"{minutes:g} min"
            words = [peer, settings(peer, minutes)["options"]]
            rows.append((Row(TITLES[peer], budget, words, [], [], [], []), minutes))
    return rows


def once(row: Row, minutes: float, data: Path, python: Path, seed: int) -> None:
    """One more run of a contender."""
    if row.words[0] in TITLES:
        found, done = run_peer(python, row.words[0], data, minutes, row.words[1], "--seed", str(seed))
        accuracy, about = found["accuracy"], {k: v for k, v in found.items() if k != "accuracy"}
    else:
        with tempfile.TemporaryDirectory() as out:
            done = report.vidi("train", data, *row.words, "--seed", str(seed), "--out", out, "--json")
        found = json.loads(done.output)
        accuracy = next(m["value"] for m in found["measured"] if m["name"] == "accuracy" and not m["of"])
        about = {"recipe": found["recipe"], "stages": found["time"]["stages"], "n": found["n"]}
    row.accuracy.append(accuracy)
    row.seconds.append(done.seconds)
    row.peak_mib.append(done.peak_mib)
    row.about.append(about)
    report.log(
        f"{row.what} {row.budget}: {accuracy:.3f} in {done.seconds:.1f} s, {done.peak_mib:.0f} MiB; {about}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="where cifar10_ordered is (default: $VIDI_DATA)")
    parser.add_argument("--peers", type=Path, default=report.HERE / ".peers", help="the peers' environment")
    parser.add_argument("--only", nargs="*", default=list(TITLES), choices=list(TITLES), help="these peers")
    parser.add_argument("--peer-minutes", type=float, nargs="+", default=[2.0, 10.0])
    parser.add_argument("--vidi-minutes", type=float, nargs="*", default=[2.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--choose", action="store_true", help="choose the peers' settings, measure nothing")
    parser.add_argument("--add", action="store_true", help="keep what the result already holds")
    parser.add_argument("--result", default="folder_to_model", help="the name of the file in results/")
    parser.add_argument("--choose-minutes", type=float, nargs="+", default=[2.0])
    parser.add_argument("--per-class", type=int, nargs=2, default=[500, 100], help="train and test images")
    given = parser.parse_args()
    before = earlier(given)
    python = peers_python(given.peers) if given.only else Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="vidi-bench-") as folder:
        per_class = dict(zip(("train", "test"), given.per_class, strict=True))
        source = report.data_folder(given.data, "cifar10_ordered")
        data = report.image_folder(source, Path(folder) / "cifar10", per_class)
        if given.choose:
            choose(python, data, given.choose_minutes, given.only)
            return
        warm_up(python, data, given.only)
        rows = contenders(given)
        for number, seed in enumerate(given.seeds, start=1):
            for row, minutes in rows:
                once(row, minutes, data, python, seed)
            write([row for row, _ in rows], before, given, python, given.seeds[:number])


def warm_up(python: Path, data: Path, peers: Sequence[str]) -> None:
    """Programs and libraries into the file cache, so that the first contender does not pay for reading them."""
    for peer in peers:
        report.run([python, PEERS / f"{peer}.py", "--help"])
    with tempfile.TemporaryDirectory() as out:
        report.vidi("train", data, "--recipe", "probe", "--out", out)


def earlier(given: argparse.Namespace) -> dict[str, Any]:
    """What the result holds already, if `--add` asks for it; times of another kind of machine are refused."""
    if not given.add:
        return {"runs": []}
    before = dict(json.loads((report.RESULTS / f"{given.result}.json").read_text()))
    there, here = before["source"]["machine"], machine()
    if there != here:
        raise SystemExit(f"--add wants the machine of the earlier runs, {there}; this is {here}")
    return before


def joined(rows: Sequence[Row], before: dict[str, Any]) -> list[Row]:
    """The earlier runs of each contender before its new ones, and the contenders that were not run now."""
    held = {(run["what"], run["budget"]): Row(**run) for run in before["runs"]}
    for row in rows:
        old = held.get((row.what, row.budget))
        if old is not None:
            lists = ("accuracy", "seconds", "peak_mib", "about")
            row = replace(row, **{name: getattr(old, name) + getattr(row, name) for name in lists})
        held[row.what, row.budget] = row
    order = ["vidi, probe", "vidi, automatic", *TITLES.values()]
    return sorted(held.values(), key=lambda row: (order.index(row.what), len(row.budget), row.budget))


def origins(before: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the earlier runs came from: their command, date, commit and seeds."""
    if "source" not in before:
        return []
    one = {key: before["source"][key] for key in ("command", "seeds", "versions")}
    return [*before.get("earlier", []), one | {key: before[key] for key in ("date", "commit")}]


def interval(row: Row, n: int) -> list[float]:
    """Wilson's 95 % interval of the median accuracy: which test images it was is chance too, not only the seed."""
    return [round(bound, 3) for bound in wilson(round(median(row.accuracy) * n), n)]


def write(
    new: Sequence[Row], before: dict[str, Any], given: argparse.Namespace, python: Path, seeds: Sequence[int]
) -> None:
    rows = joined(new, before)
    test = 10 * given.per_class[1]
    report.write(
        given.result,
        metric=f"accuracy on {test:,} test images and wall time of the whole process, from a folder of "
        f"{10 * given.per_class[0]:,} training images; median (range over the seeds) [the median's 95 % interval, "
        "Wilson]",
        n=test,
        seeds=seeds,
        columns=COLUMNS,
        rows=[row.cells(test) for row in rows],
        data=report.CIFAR10,
        more_versions=peer_versions(python) if given.only else {},
        settings={peer: {f"{m:g}": settings(peer, m) for m in given.peer_minutes} for peer in given.only},
        earlier=origins(before),
        interval={f"{row.what} {row.budget}".strip(): interval(row, test) for row in rows},
        runs=[asdict(row) for row in rows],
    )


if __name__ == "__main__":
    main()
