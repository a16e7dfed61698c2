"""What the benchmarks share: real data as files, whole processes timed, medians, results as docs/results.md wants."""

import itertools
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from vidi.core.device import machine, versions
from vidi.core.files import write_json

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
VIDI = Path(sys.executable).with_name("vidi")
CIFAR10 = (
    "CIFAR-10 (Krizhevsky 2009), all 60,000 in their original order, encoded again as JPEG: published networks lose "
    "about 10 points on this copy, so compare only with what was trained on it; no licence stated (research)"
)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


# Data

UNSAID: list[str] = []  # what was taken from the environment and belongs to the command all the same


def data_folder(given: Path | None, name: str) -> Path:
    """The folder of the data set `name`: `--data` or $VIDI_DATA, or the folder of that name inside it."""
    chosen = given or (Path(os.environ["VIDI_DATA"]) if os.environ.get("VIDI_DATA") else None)
    if not given:
        UNSAID.append("--data")
    if chosen is None or not chosen.is_dir():
        raise SystemExit(
            f"where is {name}? give --data DIR or set VIDI_DATA to an existing folder; got {chosen}"
        )
    return chosen / name if (chosen / name).is_dir() else chosen


def cifar10(folder: Path, split: str) -> tuple[list[bytes], np.ndarray]:
    """The JPEG files of `train` or `test` in order, and their labels."""
    content = lzma.decompress((folder / f"{split}.jpgs.xz").read_bytes())
    index = np.load(folder / f"{split}_index.npz")
    offset = index["offset"].astype(np.int64)
    return [content[a:b] for a, b in itertools.pairwise(offset)], index["label"]


def image_folder(folder: Path, out: Path, per_class: Mapping[str, int | None]) -> Path:
    """`out/SPLIT/CLASS/00000.jpg`, the first `per_class[SPLIT]` of each class (None: all), named by their place."""
    for split, most in per_class.items():
        images, labels = cifar10(folder, split)
        for number, name in enumerate(CLASSES):
            (out / split / name).mkdir(parents=True)
            for place in np.flatnonzero(labels == number)[:most]:
                (out / split / name / f"{place:05}.jpg").write_bytes(images[place])
    return out


# Processes


@dataclass(frozen=True)
class Finished:
    """A process that ended well: wall seconds from its start to its end, its peak resident memory, its output."""

    seconds: float
    peak_mib: float
    output: str


# Runs in a small process between: Linux counts the memory of whoever starts a process into that process's peak.
LAUNCH = """
import json, os, pathlib, subprocess, sys, time
began = time.monotonic()
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
measured = [time.monotonic() - began, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]
pathlib.Path(sys.argv[1]).write_text(json.dumps(measured))
"""


def run(command: Sequence[str | Path], **environment: str) -> Finished:
    """Run it to its end; stops the benchmark with the end of its messages if it fails.

    The peak is that of the process or of its largest child, whichever is larger (`ru_maxrss` of wait4).
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryDirectory(prefix="vidi-bench-run-") as place:
        note, out, err = (Path(place) / name for name in ("note", "out", "err"))
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, str(note)]
        with out.open("w") as standard, err.open("w") as messages:
            subprocess.run(
                [*launcher, *words],
                stdout=standard,
                stderr=messages,
                env=os.environ | environment,
                check=True,
            )
        seconds, peak, code = json.loads(note.read_text())
        if code:
            said = err.read_text()[-3000:]
            raise SystemExit(f"{' '.join(words)} ended with {code}:\n{said}")
        return Finished(seconds, peak / (1024 if sys.platform == "linux" else 2**20), out.read_text())


def vidi(*words: str | Path, cache: Path | None = None) -> Finished:
    """`vidi …` with a cache of its own, empty at the start unless `cache` is given: nothing is remembered."""
    with tempfile.TemporaryDirectory(prefix="vidi-bench-cache-") as empty:
        return run([VIDI, *words], VIDI_CACHE=str(cache or empty))


def interleaved(rates: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every rate once in each round, A B A B: a machine that drifts is as unkind to one as to the other."""
    found: dict[str, list[float]] = {name: [] for name in rates}
    for _ in range(rounds):
        for name, rate in rates.items():
            found[name].append(rate())
            log(f"{name}: {found[name][-1]:,.0f}")
    return found


def log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# Results


def middle(values: Sequence[float], digits: int = 0) -> float | int | None:
    """The median, rounded; None of nothing."""
    if not values:
        return None
    return round(float(median(values)), digits) if digits else round(median(values))


def spread(values: Sequence[float], digits: int = 3) -> str:
    """`0.771 (0.768–0.774)`: the median and the range; the value alone if there is one."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def write(
    name: str,
    *,
    metric: str,
    n: Any,
    seeds: Sequence[int] | None,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    data: str,
    more_versions: Mapping[str, str] | None = None,
    **rest: Any,
) -> Path:
    """results/NAME.json; `rest` goes into keys of its own. May be called again as more is known."""
    path = RESULTS / f"{name}.json"
    write_json(
        path,
        {
            "metric": metric,
            "source": {
                "machine": machine(),
                "versions": versions() | dict(more_versions or {}),
                "command": command(),
                "n": n,
                **({"seeds": list(seeds)} if seeds else {}),
            },
            "date": date.today().isoformat(),
            "commit": commit(),
            "data": data,
            "table": {"columns": list(columns), "rows": [list(row) for row in rows]},
            **rest,
        },
    )
    log(f"{path} written")
    return path


def command() -> str:
    """How this benchmark was called, with DIR for folders, which are another reader's elsewhere."""
    words = ["DIR" if Path(word).is_dir() else word for word in sys.argv[1:]]
    if UNSAID and "--data" not in words:
        words = ["--data", "DIR", *words]
    return " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *words])


def commit() -> str:
    """The commit that was measured; `+` behind it if the source had changes that were in none."""
    git = ["git", "-C", str(HERE.parent)]
    found = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*git, "status", "--porcelain", "--", "src"], capture_output=True, text=True)
    return found.stdout.strip() + ("+" if changed.stdout.strip() else "")
