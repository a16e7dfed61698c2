"""CIFAR-10 from random weights: training steps a second, and accuracy against minutes; beside a plain ResNet-18 loop.

python benchmarks/from_scratch.py --data DIR --steps                  images/s of the training step; a few minutes
python benchmarks/from_scratch.py --data DIR --minutes 5 10 20 40     a run for each budget; their sum, twice or thrice
    [--options "--network airbench --lr 0.01"]                        what else `vidi train --recipe scratch` is told

DIR holds cifar10_ordered. Without --minutes or --steps both are done, with ten minutes. Each run's rate follows a
schedule that ends with its budget, so the curve against minutes is one of separate runs; the accuracies on the way
through the longest are kept in the result too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import report

PEERS = report.HERE / "peers"
TARGET, PUBLISHED = 0.90, 0.94  # airbench94's authors reach 0.94 on the original images
WARM_UP, STEPS = 2, 6
OURS, BARE = "vidi, bf16, channels_last", "plain torch, bf16, channels_last"
RATES = {  # batch and what is trained
    "airbench net, AdamW": (1000, OURS, "airbench", "AdamW", {}),
    "airbench net, bare": (1000, BARE, "airbench", "AdamW", {}),
    "airbench net, Muon": (1000, OURS, "airbench", "Muon", {}),
    "ResNet-9, width 32": (512, OURS, "fast_residual", "AdamW", {"width": 32}),
    "ResNet-9, width 32, bare": (512, BARE, "fast_residual", "AdamW", {"width": 32}),
    "ResNet-9, width 64": (512, OURS, "fast_residual", "AdamW", {"width": 64}),
    "ResNet-18, bf16": (128, "plain loop, bf16", "", "", {}),
    "ResNet-18, fp32": (128, "plain loop, fp32", "", "", {}),
}


# Steps


def vidi_step(batch: int, network: str, optimizer: str, options: dict[str, Any]) -> Callable[[], Any]:
    """vidi's own step on uint8 images: network, loss, gradients, optimiser and the moving average of the weights."""
    import torch

    from vidi import catalog
    from vidi.core.device import native_bf16, seeded, tune_memory
    from vidi.tasks.classification import TASK
    from vidi.training.average import Average
    from vidi.training.loop import descend
    from vidi.training.optimisers import layer_groups, optimiser

    tune_memory()
    model = catalog.network(network, classes=10, size_px=32, generator=seeded(0), **options)
    model = model.to(memory_format=torch.channels_last).train()
    groups = layer_groups([model], lr=1e-3, decay=1.0, weight_decay=0.05)
    step = descend(
        model,
        lambda logits, wanted: TASK.loss(logits, wanted, smoothing=0.1),
        optimiser(optimizer, groups, lr=1e-3),
        autocast=lambda: torch.autocast("cpu", torch.bfloat16, enabled=native_bf16()),
    )
    average = Average(model, 0.99)
    image = torch.randint(256, (batch, 32, 32, 3), dtype=torch.uint8, generator=seeded(1)).permute(0, 3, 1, 2)
    target = torch.eye(10)[torch.arange(batch) % 10]
    return lambda: (step((image, target)), average.update(model, 1))


def bare_step(batch: int, network: str, options: dict[str, Any]) -> Callable[[], Any]:
    """The same network in five lines of torch, its images normalised before: what the hardware gives without vidi."""
    import torch
    from torch.nn import functional

    from vidi import catalog
    from vidi.core.device import seeded

    model = catalog.network(network, classes=10, size_px=32, generator=seeded(0), **options)
    layers = torch.nn.Sequential(*model.stages, model.head).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(layers.parameters(), lr=1e-3, weight_decay=0.05)
    image = torch.randn(batch, 3, 32, 32, generator=seeded(1)).contiguous(memory_format=torch.channels_last)
    target = torch.arange(batch) % 10

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            logits = layers(image)
        functional.cross_entropy(logits.float(), target, label_smoothing=0.1).backward()
        optimizer.step()

    return step


def plain_step(batch: int, *, bf16: bool) -> Callable[[], Any]:
    """The plain loop's step, with its normalisation."""
    sys.path.insert(0, str(PEERS))
    import resnet18
    import torch

    network = resnet18.resnet18().train()
    optimizer = resnet18.optimizer_of(network)
    image, label = torch.randint(256, (batch, 3, 32, 32), dtype=torch.uint8), torch.arange(batch) % 10
    return lambda: resnet18.step(network, optimizer, resnet18.normalised(image), label, bf16=bf16)


def rate(name: str) -> float:
    """Images a second, the median of a few steps; in a process of its own, because memory settings are a process's."""
    batch, how, network, optimizer, options = RATES[name]
    if how == BARE:
        step = bare_step(batch, network, options)
    elif network:
        step = vidi_step(batch, network, optimizer, options)
    else:
        step = plain_step(batch, bf16=name.endswith("bf16"))
    times = []
    for _ in range(WARM_UP + STEPS):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return batch / median(times[WARM_UP:])


def measure_steps(rounds: int) -> None:
    def alone(name: str) -> Callable[[], float]:
        return lambda: float(report.run([sys.executable, __file__, "--rate", name]).output)

    rates = report.interleaved({name: alone(name) for name in RATES}, rounds)
    report.write(
        "from_scratch_steps",
        metric="images a second of the training step on 32-pixel images; medians",
        n=f"{rounds} runs of {STEPS} steps, one after another in turns",
        seeds=None,
        columns=["network", "step", "batch", "images/s"],
        rows=[[name, RATES[name][1], RATES[name][0], report.middle(found)] for name, found in rates.items()],
        data="random pixels: a step's time does not depend on them",
        runs=rates,
    )


# Runs


def vidi_run(data: Path, minutes: float, seed: int, options: Sequence[str]) -> dict[str, Any]:
    """One `vidi train`: its accuracy on the test split, its time, and the validation accuracies on the way."""
    with tempfile.TemporaryDirectory() as out:
        words = ["--recipe", "scratch", "--minutes", f"{minutes:g}", "--seed", str(seed), *options]
        done = report.vidi("train", data, *words, "--out", out, "--json")
        found = json.loads(done.output)
        lines = (Path(found["run"]) / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [json.loads(line) for line in lines]
    steps = [line for line in history if "seconds" in line]
    # Training ended when judging began: so much was spent before its first step.
    before = found["time"]["total_seconds"] - found["time"]["stages"]["evaluate"] - steps[-1]["seconds"]
    seconds = {line["step"]: before + line["seconds"] for line in steps}
    return {
        "accuracy": next(m["value"] for m in found["measured"] if m["name"] == "accuracy" and not m["of"]),
        "seconds": done.seconds,
        "peak_mib": done.peak_mib,
        "epochs": steps[-1]["epoch"],
        "images_per_second": median(line["images_per_second"] for line in steps),
        "stages": found["time"]["stages"],
        "curve": [
            {"minutes": seconds[line["step"]] / 60, "accuracy": line["validation_accuracy"]}
            for line in history
            if "validation_accuracy" in line and line["step"] in seconds
        ],
    }


def plain_run(data: Path, minutes: float, seed: int, *, bf16: bool) -> dict[str, Any]:
    words = ["--data", data, "--minutes", f"{minutes:g}", "--seed", str(seed), *([] if bf16 else ["--fp32"])]
    done = report.run([sys.executable, PEERS / "resnet18.py", *words])
    found = dict(json.loads(done.output.splitlines()[-1]))
    return found | {"seconds": done.seconds, "peak_mib": done.peak_mib}


def first_at(runs: Sequence[dict[str, Any]], accuracy: float) -> float | None:
    """Minutes until a validation or test accuracy reached it, in the run that was first; None if none did."""
    points = [(p["minutes"], p["accuracy"]) for run in runs for p in run["curve"]]
    points += [(run["seconds"] / 60, run["accuracy"]) for run in runs]
    return min((minutes for minutes, reached in points if reached >= accuracy), default=None)


def measure_runs(given: argparse.Namespace) -> None:
    ways: dict[str, Callable[[Path, float, int], dict[str, Any]]] = {
        "vidi, recipe scratch": lambda d, m, s: vidi_run(d, m, s, given.options.split()),
        "plain ResNet-18, bf16": lambda d, m, s: plain_run(d, m, s, bf16=True),
        "plain ResNet-18, fp32": lambda d, m, s: plain_run(d, m, s, bf16=False),
    }
    done: dict[tuple[str, float], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="vidi-bench-") as place:
        source = report.data_folder(given.data, "cifar10_ordered")
        per_class = {"train": given.per_class, "test": given.per_class and given.per_class // 5}
        data = report.image_folder(source, Path(place) / "cifar10", per_class)
        for number, seed in enumerate(given.seeds, start=1):
            for minutes in given.minutes:
                for name in list(ways)[: 1 if given.alone else None]:
                    run = ways[name](data, minutes, seed)
                    report.log(f"{name}, {minutes:g} min, seed {seed}: {run}")
                    done.setdefault((name, minutes), []).append(run | {"seed": seed})
            write_runs(done, given, given.seeds[:number])


def write_runs(
    done: dict[tuple[str, float], list[dict[str, Any]]], given: argparse.Namespace, seeds: Sequence[int]
) -> None:
    ours = [run for (name, _), runs in done.items() if name.startswith("vidi") for run in runs]
    reached, best = first_at(ours, TARGET), max(run["accuracy"] for run in ours)
    report.write(
        given.name,
        metric="accuracy on CIFAR-10's test split from random weights against minutes; median (range) over the seeds",
        n=10_000 if given.per_class is None else 10 * (given.per_class // 5),
        seeds=seeds,
        columns=["what", "minutes allowed", "minutes, start to end", "epochs", "images/s", "accuracy"],
        rows=[
            [
                name,
                f"{minutes:g}",
                report.middle([run["seconds"] / 60 for run in runs], 1),
                report.middle([run["epochs"] for run in runs], 1),
                report.middle([run["images_per_second"] for run in runs]),
                report.spread([run["accuracy"] for run in runs], 3),
            ]
            for (name, minutes), runs in done.items()
        ],
        data=report.CIFAR10,
        options=given.options,
        minutes_to_90_percent=reached,
        points_below_94_percent=round(100 * (PUBLISHED - best), 2),
        runs={f"{name}, {minutes:g} min": runs for (name, minutes), runs in done.items()},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="where cifar10_ordered is (default: $VIDI_DATA)")
    parser.add_argument("--steps", action="store_true", help="the step rates (alone, unless --minutes)")
    parser.add_argument("--minutes", type=float, nargs="+", help="budgets to train for")
    parser.add_argument("--options", default="", help="further options of the recipe, in one string")
    parser.add_argument("--alone", action="store_true", help="without the plain loop")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--name", default="from_scratch", help="of the runs' result: another machine has its own"
    )
    parser.add_argument("--per-class", type=int, help="training images of each class (default: all)")
    parser.add_argument("--rate", choices=list(RATES), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rate:
        print(rate(given.rate))
        return
    if given.steps or not given.minutes:
        measure_steps(given.rounds)
    if given.minutes or not given.steps:
        given.minutes = given.minutes or [10.0]
        measure_runs(given)


if __name__ == "__main__":
    main()
