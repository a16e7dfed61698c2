"""How fast a step of training and the finding of what is on an image are, beside torchvision's small networks."""

import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

import vidi as toolkit
from places_data import work_file
from report import log, run, spread, write
from vidi import catalog
from vidi.core.job import Job
from vidi.core.pyramid import freeze, pyramid_of
from vidi.core.run_folder import RunFolder
from vidi.evaluation.activations import keep_maps
from vidi.evaluation.dense_model import DenseModel
from vidi.training.dense import Objective
from vidi.training.held import held
from vidi.training.loop import descend
from vidi.training.moved import Mover, Moves
from vidi.training.train import freeze_norm

PEERS = Path(__file__).parent / "peers"
CASES = {  # task: recipe, peer's script and network, side in pixels, batch
    "detection": ("yolo", "ssdlite.py", "ssdlite", 320, 16),
    "segmentation": ("lraspp", "lraspp.py", "lraspp", 256, 8),
}
VIEWS, ROUNDS, IMAGES = 2, 5, 48
COLUMNS = ["task", "network", "training step, images/s", "finding, images/s"]


def rate(once: Any, images: int) -> float:
    """Images a second, the median of some rounds after one that warms up."""
    times = []
    for _ in range(ROUNDS + 1):
        began = time.monotonic()
        once()
        times.append(time.monotonic() - began)
    return images / median(times[1:])


def job_of(folder: Path, task: str, place: Path) -> Job:
    loaded = toolkit.load(folder)
    return Job(
        dataset=loaded.dataset,
        task=catalog.load("tasks", task).TASK,
        pixels=loaded.pixels,
        features=lambda *_: np.zeros((0, 0), np.float32),
        build=catalog.network,
        folder=RunFolder.create(place, "speed"),
    )


def own(folder: Path, task: str) -> dict[str, float]:
    """vidi's default at its own settings: a step on kept maps, a step on images, and inference."""
    recipe, _, _, side, batch = CASES[task]
    given = {option.name: option.default for option in catalog.options("recipes", recipe, "recipe")}
    width = {"width": given["width"]} if "width" in given else {}
    with tempfile.TemporaryDirectory(prefix="vidi-bench-") as place:
        job = job_of(folder, task, Path(place))
        network = job.build(
            recipe, classes=len(job.dataset.labels), backbone="lite0", size_px=side, pretrained=True, **width
        )
        freeze(pyramid_of(network), stride=given["frozen"])
        rows = job.dataset.where("train")[:IMAGES]
        mover = Mover(job, job.task, rows, Moves(), size_px=side, fit="squash")
        kept = held(job, network, mover, keep_maps, stride=given["frozen"], views=VIEWS)
        assert kept is not None
        found = {"step": stepping(network, kept.module, kept.source, rows, batch)}
        found["step on images"] = stepping(network, network, mover.source, rows, batch)
        model = DenseModel(network.eval(), None, job.dataset.labels, job.task)  # type: ignore[arg-type]
        images, sizes = mover.images, [(side, side)] * len(rows)
        found["inference"] = rate(lambda: model.find(images, sizes), len(rows))
    return found


def stepping(network: Any, module: Any, source: Any, rows: Any, batch: int) -> float:
    module.train()
    freeze_norm(pyramid_of(network))
    objective = Objective(network)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-6)
    step = descend(module, objective, optimizer, clip=10.0, score=objective.said)
    generator = torch.Generator().manual_seed(0)
    return rate(lambda: step(source(rows[:batch], generator)), batch)


def peer(folder: Path, task: str, python: Path, body: str) -> dict[str, float]:
    _, script, network, side, batch = CASES[task]
    with tempfile.TemporaryDirectory(prefix="vidi-bench-") as place:
        dataset = toolkit.load(folder).dataset
        rows = [int(row) for row in dataset.where("train")[:IMAGES]]
        paths = [str(dataset.root / str(dataset.column("path")[row])) for row in rows]
        work = work_file(dataset, task, Path(place), rows, paths)
        words = ["--work", work, "--network", network, "--body", body, "--size", str(side)]
        done = run(
            [python, PEERS / script, *words, "--batch", str(batch), "--out", Path(place) / "o", "--speed"]
        )
        found: dict[str, float] = json.loads(done.output.strip().splitlines()[-1])
    return found


def speeds(boxes: Path, maps: Path, python: Path, rounds: int = 3) -> None:
    """results/places_speed.json, each round vidi and the peer one after the other."""
    folders, found = {"detection": boxes, "segmentation": maps}, dict[tuple[str, str, str], list[float]]()
    for _ in range(rounds):
        for task, (recipe, _, network, _, _) in CASES.items():
            mine = own(folders[task], task)
            others = {body: peer(folders[task], task, python, body) for body in ("mobilenet_v3", "lite0")}
            for name, values in {
                f"vidi {recipe}": mine,
                **{f"{network} on {b}": v for b, v in others.items()},
            }.items():
                for key in ("step", "step on images", "inference"):
                    if key in values:
                        found.setdefault((task, name, key), []).append(values[key])
                log(f"{task} {name} {values}")
    write_speeds(found, rounds)


def write_speeds(found: dict[tuple[str, str, str], list[float]], rounds: int) -> None:
    rows = []
    for task, name in dict.fromkeys(key[:2] for key in found):
        step, whole = found[task, name, "step"], found.get((task, name, "step on images"))
        rows.append([task, name, spread(step, 1), spread(found[task, name, "inference"], 1)])
        if whole:
            rows.append([task, f"{name}, without kept maps", spread(whole, 1), "the same"])
    ratios = {
        f"{task} {kind}": round(
            median(found[task, f"vidi {recipe}", kind])
            / median(found[task, f"{network} on mobilenet_v3", kind]),
            2,
        )
        for task, (recipe, _, network, _, _) in CASES.items()
        for kind in ("step", "inference")
    }
    write(
        "places_speed",
        metric="Images a second in a step of training and in finding what is on them",
        n={"images in a step": {task: case[4] for task, case in CASES.items()}, "rounds": rounds},
        seeds=None,
        columns=COLUMNS,
        rows=rows,
        data="Blood cells (MIT), CamVid (research use)",
        ratios=ratios,
        sides={task: case[3] for task, case in CASES.items()},
    )
