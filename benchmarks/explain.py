"""Grad-CAM against the forward and backward passes it needs, and against Captum; the memory it takes.

python benchmarks/explain.py --data DIR [--images 1000] [--size 224] [--network lite0]
python benchmarks/explain.py --data DIR --memory [--images 1000] …      vidi alone: results/explain_memory.json

The three take turns on every block of 64 images, so that a machine that drifts is as unkind to each. Seconds are those
that the processors worked (others may use the machine meanwhile); the ratio is what counts.
"""

import argparse
import itertools
import resource
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import report
from vidi import catalog
from vidi.core.device import seeded
from vidi.evaluation.inputs import opened
from vidi.explanations.maps import grad_cam
from vidi.ops.attribution import one_class, undisturbed
from vidi.ops.layers import last_grid, layer_named

BLOCK, BOUND = 64, 1.3
PHOTOS = "hymenoptera (397 photos of ants and bees; no licence stated), repeated"
Way = Callable[[Tensor, Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="where real data sets are (or set VIDI_DATA)")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--network", default="lite0")
    parser.add_argument("--memory", action="store_true", help="vidi alone, and the memory after each block")
    options = parser.parse_args()
    folder = report.data_folder(options.data, "hymenoptera")
    network = built(options.network, options.size)
    if options.memory:
        memory(vidi_way(network), photos(folder, network, options.images), options)
        return
    ways: dict[str, Way] = {
        "vidi": vidi_way(network),
        "bare passes": bare_way(network, options.size),
        "Captum LayerGradCam": captum_way(network, options.size),
    }
    first = next(photos(folder, network, BLOCK))
    together = {name: way(first, said(first)) for name, way in ways.items()}  # also gets everybody ready
    agree = torch.allclose(
        together["vidi"], together["Captum LayerGradCam"], atol=1e-3 * float(together["vidi"].max())
    )
    report.log(f"vidi and Captum agree: {agree}")
    spent(ways, photos(folder, network, options.images), options, agree)


def built(name: str, size_px: int) -> torch.nn.Module:
    network = catalog.network(name, classes=1000, size_px=size_px, pretrained=True)
    return network.eval()


def photos(folder: Path, network: torch.nn.Module, count: int) -> Iterator[Tensor]:
    """Blocks of images at the network's size, decoded as they are asked for."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    names = [str(path) for path in itertools.islice(itertools.cycle(files), count)]
    for start in range(0, count, BLOCK):
        found = [one.image for one in opened(names[start : start + BLOCK], network.preprocessing)]
        yield torch.from_numpy(np.stack([image for image in found if image is not None])).permute(0, 3, 1, 2)


def said(images: Tensor) -> Tensor:
    """A label for each image; any will do."""
    return torch.arange(len(images)) * 31 % 1000


def vidi_way(network: torch.nn.Module) -> Way:
    def way(images: Tensor, label: Tensor) -> Tensor:
        return grad_cam.explain(network, images, one_class(label, 1000), generator=seeded(0))

    return way


def bare_way(network: torch.nn.Module, size_px: int) -> Way:
    """The forward pass, and the backward pass to the same layer: nothing else."""
    name = last_grid(network, (size_px, size_px))

    def way(images: Tensor, label: Tensor) -> Tensor:
        seen: list[Tensor] = []

        def leaf(module: torch.nn.Module, given: object, output: Tensor) -> Tensor:
            seen.append(output.detach().requires_grad_())
            return seen[-1]

        handle = layer_named(network, name).register_forward_hook(leaf)
        try:
            with undisturbed(network):
                logits = network(images.float().contiguous(memory_format=torch.channels_last))
                return torch.autograd.grad(logits.gather(1, label[:, None]).sum(), seen[0])[0]
        finally:
            handle.remove()

    return way


def captum_way(network: torch.nn.Module, size_px: int) -> Way:
    from captum.attr import LayerGradCam

    name = last_grid(network, (size_px, size_px))
    method = LayerGradCam(network, layer_named(network, name))

    def way(images: Tensor, label: Tensor) -> Tensor:
        pixels = images.float().contiguous(memory_format=torch.channels_last)
        found = method.attribute(pixels, target=label, relu_attributions=True).detach()
        return functional.interpolate(found, size=(size_px, size_px), mode="bilinear")[:, 0]

    return way


def spent(ways: dict[str, Way], blocks: Iterator[Tensor], options: argparse.Namespace, agree: bool) -> None:
    """Seconds of the clock and of the processors for each way; written after every block, as more is known."""
    seconds, done = {name: {"wall": 0.0, "cpu": 0.0} for name in ways}, 0
    for number, images in enumerate(blocks):
        label = said(images)
        names = list(
            itertools.islice(itertools.cycle(ways), number % len(ways), number % len(ways) + len(ways))
        )
        for name in names:
            wall, cpu = time.perf_counter(), time.process_time()
            ways[name](images, label)
            seconds[name]["wall"] += time.perf_counter() - wall
            seconds[name]["cpu"] += time.process_time() - cpu
        done += len(images)
        written(options, seconds, agree, done)


def memory(way: Way, blocks: Iterator[Tensor], options: argparse.Namespace) -> None:
    """The most memory this process ever held, after each block."""
    rows = []
    for images in blocks:
        way(images, said(images))
        done = len(images) + (rows[-1][0] if rows else 0)
        rows.append([done, round(peak_mib())])
        report.log(f"{done} images: {rows[-1][1]} MiB")
        report.write(
            "explain_memory",
            metric=f"peak memory of the process for Grad-CAM at {options.size} px, after so many images",
            n=done,
            seeds=None,
            columns=["images", "peak memory, MiB"],
            rows=rows if len(rows) < 3 else [rows[0], rows[-1]],
            data=PHOTOS,
            network=options.network,
        )


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def written(
    options: argparse.Namespace,
    seconds: dict[str, dict[str, float]],
    agree: bool,
    done: int,
) -> None:
    bare = seconds["bare passes"]["cpu"]
    rows = [
        [name, done, round(each["cpu"], 1), round(each["cpu"] / bare, 2)] for name, each in seconds.items()
    ]
    ratio = seconds["vidi"]["cpu"] / bare
    report.write(
        "explain",
        metric=f"processor seconds for Grad-CAM of {done:,} images at {options.size} px, and how many times "
        "the forward and backward passes alone",
        n=done,
        seeds=None,
        columns=["what", "images", "processor seconds", "times the bare passes"],
        rows=rows,
        data=PHOTOS,
        network=options.network,
        threads=torch.get_num_threads(),
        wall_seconds={name: round(each["wall"], 1) for name, each in seconds.items()},
        bound={"at most": BOUND, "measured": round(ratio, 3), "kept": ratio <= BOUND},
        agrees_with_captum=bool(agree),
        more_versions={"captum": version("captum")},
    )


if __name__ == "__main__":
    main()
