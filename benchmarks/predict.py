"""Photos from JPEG files to a table: `vidi predict` against its two stages alone, and how its memory grows.

python benchmarks/predict.py --data DIR            1,000 and 10,000 photos
python benchmarks/predict.py --data DIR --full     100,000 too

DIR holds hymenoptera; any folder of real photos does with --photos. A probe is trained first, on hymenoptera. The
photos are given enough names by hard links: every one is opened, decoded and answered as a file of its own, but the
operating system has them all in its cache, so reading from a disk is not measured.
"""

import argparse
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import report
from vidi.core.device import processors
from vidi.evaluation.inputs import opened
from vidi.evaluation.model import Model
from vidi.verbs.open import open_model

SUFFIXES = {".jpg", ".jpeg"}
FEW = 2_000  # photos for a stage alone


def copies(photos: list[Path], folder: Path, count: int) -> Path:
    """A folder of so many names for these photos."""
    folder.mkdir()
    for number, photo in zip(range(count), itertools.cycle(photos), strict=False):
        name = folder / f"{number:06}.jpg"
        try:
            os.link(photo, name)
        except OSError:  # another disk
            shutil.copyfile(photo, name)
    return folder


def trained(data: Path, out: Path) -> Path:
    """The run folder of a probe."""
    done = report.vidi("train", data, "--recipe", "probe", "--out", out, "--json")
    return Path(json.loads(done.output)["run"])


def opening(model: Model, photos: list[Path]) -> Callable[[], float]:
    """Images a second for reading, decoding and resizing alone, with all processors."""

    def rate() -> float:
        began = time.monotonic()
        count = sum(1 for item in opened(photos, model.preprocessing) if item.image is not None)
        return count / (time.monotonic() - began)

    return rate


def inference(model: Model, photos: list[Path]) -> Callable[[], float]:
    """Images a second for the network alone, on images that are in memory."""
    images = [item.image for item in opened(photos[:FEW], model.preprocessing) if item.image is not None]
    pixels = np.stack(images)
    model.logits(pixels[:256])  # compiled and warm

    def rate() -> float:
        began = time.monotonic()
        model.logits(pixels)
        return len(pixels) / (time.monotonic() - began)

    return rate


def whole(run: Path, folder: Path, out: Path) -> report.Finished:
    """One process of `vidi predict`; every photo must have got an answer."""
    done = report.vidi("predict", run, folder, "--out", out, "--json")
    said = json.loads(done.output)
    if said["failed"] or said["answered"] != len(list(folder.iterdir())):
        raise SystemExit(
            f"{folder}: {said['answered']} answered, {said['failed']} failed: {said['errors'][:3]}"
        )
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="where hymenoptera is (default: $VIDI_DATA)")
    parser.add_argument("--photos", type=Path, help="a folder of JPEG photos (default: hymenoptera's)")
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--full", action="store_true", help="100,000 photos too; minutes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--name", default="predict", help="of the result: another machine has its own")
    given = parser.parse_args()
    data = report.data_folder(given.data, "hymenoptera")
    photos = sorted(p for p in (given.photos or data).rglob("*") if p.suffix.lower() in SUFFIXES)
    counts = [*given.counts, *([100_000] if given.full else [])]
    with tempfile.TemporaryDirectory(prefix="vidi-bench-") as place:
        work = Path(place)
        run = trained(data, work / "runs")
        folders = {count: copies(photos, work / str(count), count) for count in (1, *counts)}
        few = list(itertools.islice(itertools.cycle(photos), FEW))
        model = open_model(run)
        stages = report.interleaved(
            {"decode and resize": opening(model, few), "inference": inference(model, few)}, given.rounds
        )
        done: dict[int, list[report.Finished]] = {count: [] for count in folders}
        for number in range(given.rounds):
            for count in [n for n in folders if n < 100_000 or number == 0]:  # the largest once
                done[count].append(whole(run, folders[count], work / "out.csv"))
                report.log(f"{count:,} photos: {done[count][-1]}")
    write(stages, done, photos, model, name=given.name)


def write(
    stages: dict[str, list[float]],
    done: dict[int, list[report.Finished]],
    photos: list[Path],
    model: Model,
    *,
    name: str,
) -> None:
    alone = {name: report.middle(rates, 1) or 0.0 for name, rates in stages.items()}
    slowest = min(alone.values())
    shared = 1 / sum(1 / rate for rate in alone.values())  # both stages on the same processors, nothing lost
    start = report.middle([one.seconds for one in done.pop(1)], 2) or 0.0
    rows: list[list[Any]] = [
        [f"{stage} alone", FEW, None, round(rate), None, None] for stage, rate in alone.items()
    ]
    for count, runs in done.items():
        seconds = report.middle([one.seconds for one in runs], 2) or 0.0
        rate = count / (seconds - start)
        peak = max(round(one.peak_mib) for one in runs)
        share = f"{100 * rate / slowest:.0f} %"
        rows.append(["vidi predict, files to CSV", count, round(count / seconds), round(rate), share, peak])
    sizes = np.median([Image.open(photo).size for photo in photos], axis=0)
    report.write(
        name,
        metric="images a second and peak memory of predicting a folder of JPEG photos; medians",
        n={f"{count:,} photos": len(runs) for count, runs in done.items()},
        seeds=None,
        columns=[
            "what",
            "photos",
            "images/s with start-up",
            "images/s",
            "of the slowest stage alone",
            "peak memory, MiB",
        ],
        rows=rows,
        data=f"{len(photos)} JPEG photos of {photos[0].parent.parent.parent.name}, median {sizes[0]:.0f} x "
        f"{sizes[1]:.0f} pixels, under as many names as there are images",
        network={**model.spec.record(), "size_px": model.preprocessing.size_px, "engine": model.engine.name},
        precision=model.engine.precision,
        start_up_seconds=start,
        stages_images_per_second=stages,
        both_stages_on_the_same_processors=round(shared),
        processors=processors(),
        seconds={f"{count}": [one.seconds for one in runs] for count, runs in done.items()},
        peak_mib={f"{count}": [one.peak_mib for one in runs] for count, runs in done.items()},
    )


if __name__ == "__main__":
    main()
