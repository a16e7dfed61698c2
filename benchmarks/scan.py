"""How fast `vidi check` goes through many small files, and whether its cost is linear in their number.

    python benchmarks/scan.py --data DIR

DIR holds cifar10_ordered (default: $VIDI_DATA). Its images are written as an image folder into a temporary place,
which is not timed; every repeat starts with an empty cache. The file system's own cache is warm.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from report import CIFAR10, CLASSES, cifar10, data_folder, log, write
from vidi.core.dataset import ReadOptions
from vidi.data import duplicates
from vidi.data.pixels import DatasetPixels
from vidi.data.readers import folder
from vidi.data.scan import scan
from vidi.data.split import split
from vidi.data.store import Cache

REPEATS = {6_000: 3, 20_000: 3, 60_000: 1}  # by number of files


def write_images(source: Path, root: Path, count: int) -> None:
    """The first `count` images (train before test) as class folders."""
    images = (
        (part, *pair) for part in ("train", "test") for pair in zip(*cifar10(source, part), strict=True)
    )
    for name in CLASSES:
        (root / name).mkdir(parents=True)
    for number, (part, content, label) in enumerate(itertools.islice(images, count)):
        (root / CLASSES[label] / f"{part}_{number:05d}.jpg").write_bytes(content)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def once(root: Path, cache: Path) -> dict[str, float]:
    """Seconds for each step of a check, and how many near duplicates it found."""
    kept, seconds = Cache(cache), {}
    seconds["list"], listing = timed(lambda: folder.read(root, options=ReadOptions()))
    seconds["scan"], dataset = timed(lambda: scan(listing, name="cifar10", cache=kept))
    pixels = DatasetPixels(dataset, kept)
    seconds["duplicates"], found = timed(lambda: duplicates.find(dataset, thumbnails=pixels.thumbnails()))
    seconds["split"], _ = timed(lambda: split(dataset, cluster=found.cluster))
    return seconds | {"all": sum(seconds.values()), "near": found.near}


def measured(source: Path, count: int, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="vidi-bench-scan-") as place:
        root = Path(place) / "images"
        write_images(source, root, count)
        runs = [once(root, Path(place) / f"cache{number}") for number in range(repeats)]
    median = {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}
    row = {"files": count, "repeats": repeats, "files_per_second": round(count / median["scan"]), **median}
    log(str(row))
    return row


def growth(rows: list[dict[str, Any]], step: str) -> float:
    """How the cost grows: 1 linear, 2 quadratic (slope of log seconds over log files, least squares)."""
    files = np.log([row["files"] for row in rows])
    return round(float(np.polyfit(files, np.log([row[step] for row in rows]), 1)[0]), 2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a folder that holds cifar10_ordered")
    source = data_folder(parser.parse_args().data, "cifar10_ordered")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rows = [measured(source, count, repeats) for count, repeats in REPEATS.items()]
    steps = ("scan", "duplicates", "split", "all")
    slope = {step: growth(rows, step) for step in steps}
    table = [[f"{row['files']:,}", row["files_per_second"], *(row[step] for step in steps)] for row in rows]
    write(
        "scan",
        metric="seconds to check an image folder of 32-pixel JPEG files, from an empty cache; medians",
        n={str(row["files"]): row["repeats"] for row in rows},
        seeds=None,
        columns=["files", "files/s scanned", "scan s", "near duplicates s", "split s", "all s"],
        rows=[*table, ["growth (1 is linear, 2 quadratic)", None, *(slope[step] for step in steps)]],
        data=CIFAR10,
        runs=rows,
        growth=slope,
        load_before=load,
    )


if __name__ == "__main__":
    main()
