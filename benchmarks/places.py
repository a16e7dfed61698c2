"""Boxes, masks and class maps from real sets in the same minutes, beside a plain torchvision loop; and how fast.

    python benchmarks/places.py --data DIR [--minutes 5] [--sets bccd,raccoon,coco128,camvid_240,nuclei256]
    python benchmarks/places.py --data DIR --speed

Every set is trained by `vidi train SET --minutes M` and nothing else said, and by the peer in the same minutes on the
same training images: SSDlite320 (boxes), LR-ASPP (class maps), Mask R-CNN (masks), as torchvision's reference scripts
train them, on EfficientNet-Lite0 with the same ImageNet weights as vidi's: MobileNetV3's are in no package. Both are
judged on the same test images by the same code. `--speed` times a step of training and the finding of what is on an
image, with MobileNetV3 as published. Everything in fp32 where the processor has no bf16.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

import vidi as toolkit
from folder_to_model import peer_versions, peers_python
from places_data import work_file
from places_speed import speeds
from report import HERE, RESULTS, data_folder, log, run, vidi, write
from vidi import catalog
from vidi.core.device import machine
from vidi.core.measured import Measured
from vidi.data.found import FoundMap, FoundObjects, map_of, objects_of
from vidi.ops import masks

PEERS = Path(__file__).parent / "peers"
SETS = {
    "bccd": ("Blood cells (Cosmicad, Shenggan; MIT)", "detection", "ssdlite", 24),
    "raccoon": ("Raccoons (Dat Tran; MIT)", "detection", "ssdlite", 24),
    "coco128": ("128 + 128 images of COCO 2017 (annotations CC BY 4.0)", "detection", "ssdlite", 24),
    "nuclei256": ("Nuclei of BBBC038 (no licence stated)", "instances", "mask_rcnn", 4),
    "camvid_240": ("CamVid (Brostow et al. 2009; research use)", "segmentation", "lraspp", 8),
}
SAID = {"ssdlite": "SSDlite320", "lraspp": "LR-ASPP", "mask_rcnn": "Mask R-CNN"}
SCRIPT = {"ssdlite": "ssdlite.py", "mask_rcnn": "ssdlite.py", "lraspp": "lraspp.py"}
SHOWN = {"detection": ("AP", "AP50"), "instances": ("AP", "AP50"), "segmentation": ("mIoU", "pixel accuracy")}
COLUMNS = ["set", "minutes", "network", "number", "value", "95 % interval", "test images", "seconds"]


def trained(folder: Path, task: str, minutes: float, out: Path) -> tuple[Path, float]:
    """The run folder of `vidi train`, and how long it took."""
    words = ["train", folder, "--minutes", f"{minutes:g}", "--out", out]
    done = vidi(*words, *(["--task", task] if task == "instances" else []))
    return next(path for path in out.iterdir() if path.is_dir()), done.seconds


def work_for(folder: Path, task: str, path: Path, place: Path) -> tuple[Path, list[Any], list[str]]:
    """The peer's work file: the run's training and test images; the truth of the latter as vidi kept it."""
    dataset = toolkit.load(folder, **({"task": task} if task == "instances" else {})).dataset
    split = pq.read_table(path / "splits.parquet").to_pydict()
    where = dict(zip(split["id"], split["split"], strict=True))
    rows = [row for row, key in enumerate(dataset.column("id")) if where.get(str(key)) == "train"]
    kept = pq.read_table(path / "predictions.parquet").to_pylist()
    tests = [str(dataset.root / row["path"]) for row in kept]
    return work_file(dataset, task, place, rows, tests), kept, list(dataset.labels)


def answers(kept: Sequence[dict[str, Any]], out: Path, task: str) -> list[Any]:
    """What the peer found on the test images."""
    if task == "segmentation":
        return [FoundMap(np.asarray(Image.open(out / f"{number}.png"))) for number in range(len(kept))]
    found = []
    for row, each in zip(kept, json.loads(out.read_text()), strict=True):
        hw = (row["height"], row["width"])
        codes = tuple(masks.Rle(code, *hw) for code in each["counts"]) if "counts" in each else None
        boxes = np.array(each["boxes"], np.float64).reshape(-1, 4)
        found.append(
            FoundObjects(boxes, np.array(each["labels"], np.int64), np.array(each["scores"]), codes, hw)
        )
    return found


def measured(
    kept: Sequence[dict[str, Any]], found: list[Any], labels: list[str], task: str
) -> list[Measured]:
    """The task's numbers of what was found."""
    of = map_of if task == "segmentation" else objects_of
    truth = [of(row["truth"], labels, (row["height"], row["width"])) for row in kept]
    judgement = catalog.load("tasks", task).TASK.judge(found, truth, tuple(labels))
    return [n for metric in catalog.metrics(task) for n in metric.measure(judgement)]


def rows_of(
    name: str, minutes: float, network: str, numbers: Sequence[Any], task: str, seconds: float
) -> list[list[Any]]:
    interval = "[{m.low:.3f}, {m.high:.3f}]"
    return [
        [name, minutes, network, m.name, round(m.value, 3), interval.format(m=m), m.n, round(seconds)]
        for wanted in SHOWN[task]
        for m in numbers
        if m.name == wanted and not m.of
    ]


def compared(name: str, folder: Path, minutes: float, python: Path, place: Path) -> list[list[Any]]:
    """vidi and the peer on one set."""
    _, task, network, batch = SETS[name]
    path, seconds = trained(folder, task, minutes, place / "runs")
    work, kept, labels = work_for(folder, task, path, place)
    of = map_of if task == "segmentation" else objects_of
    own = [of(row["found"], labels, (row["height"], row["width"])) for row in kept]
    recipe = json.loads((path / "results.json").read_text())["recipe"]
    found = rows_of(name, minutes, f"vidi ({recipe})", measured(kept, own, labels, task), task, seconds)
    size = "256" if task != "detection" else "320"
    words = ["--work", work, "--network", network, "--minutes", f"{minutes:g}", "--size", size]
    done = run([python, PEERS / SCRIPT[network], *words, "--batch", str(batch), "--out", place / "peer"])
    numbers = measured(kept, answers(kept, place / "peer", task), labels, task)
    return found + rows_of(name, minutes, SAID[network], numbers, task, done.seconds)


def earlier(names: Sequence[str]) -> list[list[Any]]:
    """What results/places.json has of other sets, if it was measured on this machine."""
    path = RESULTS / "places.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    if not known or known["source"]["machine"] != machine():
        return []
    return [row for row in known["table"]["rows"] if row[0] not in names]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the sets")
    parser.add_argument("--peers", type=Path, default=HERE / ".peers", help="the peers' environment")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args()
    python = peers_python(given.peers)
    if given.speed:
        speeds(data_folder(given.data, "bccd"), data_folder(given.data, "camvid_240"), python)
        return
    names, rows = given.sets.split(","), []
    before = earlier(names)
    for name in names:
        with tempfile.TemporaryDirectory(prefix="vidi-bench-") as place:
            rows += compared(name, data_folder(given.data, name), given.minutes, python, Path(place))
        for row in rows[-4:]:
            log("  ".join(str(value) for value in row))
        found = sorted([*before, *rows], key=lambda row: list(SETS).index(row[0]))
        write(
            "places",
            metric="Average precision and overlap on held-out images after so many minutes each",
            n={row[0]: row[6] for row in found},
            seeds=[0],
            columns=COLUMNS,
            rows=found,
            data="; ".join(SETS[name][0] for name in dict.fromkeys(row[0] for row in found)),
            more_versions=peer_versions(python),
        )


if __name__ == "__main__":
    main()
