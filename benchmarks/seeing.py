"""How long pictures take with the embedded backbone: a class visualisation, style transfer and a dream at 256 px.

python benchmarks/seeing.py        some minutes

With the defaults, after a pass that warms it up, on one thread. Counted are the processor's seconds, which a machine
that others use too does not lengthen as it does those of the clock; start-up is not among them.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

import report
from vidi.core.device import seeded, tune_memory
from vidi.core.progress import Quiet
from vidi.explanations.repaintings import dream, style
from vidi.explanations.sights import Given
from vidi.explanations.views import classes
from vidi.verbs.networks import network_of

BUDGET = {"class visualisation, 160 px": 30, "style transfer, 256 px": 60, "DeepDream, 256 px": None}


def pictures() -> tuple[Tensor, Tensor]:
    """Two pictures of 256 x 256 pixels: smooth blots and stripes; what is on them does not change the time."""
    y, x = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    stripes = torch.stack([127 + 120 * torch.sin((x + k * y) / (6 + 3 * k)) for k in range(3)])
    blots = torch.nn.functional.interpolate(
        255 * torch.rand((1, 3, 8, 8), generator=seeded(0)), size=256, mode="bilinear"
    )[0]
    return blots.to(torch.uint8), stripes.to(torch.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    tune_memory()
    torch.set_num_threads(1)
    network, labels = network_of("lite0")
    small, _ = network_of("lite0", size_px=160)
    content, manner = pictures()
    empty = Given(
        small, labels, torch.zeros((0, 3, 160, 160), dtype=torch.uint8), torch.zeros(0, dtype=torch.long)
    )
    asked = Given(empty.network, labels, empty.images, empty.label, classes=(985,))
    work: dict[str, Callable[[bool], object]] = {
        "class visualisation, 160 px": lambda warm: classes.view(
            asked, generator=seeded(0), **({"steps": 2} if warm else {})
        ),
        "style transfer, 256 px": lambda warm: style.repaint(
            network, content, manner, generator=seeded(0), say=Quiet(), **({"steps": 2} if warm else {})
        ),
        "DeepDream, 256 px": lambda warm: dream.repaint(
            network, content, generator=seeded(0), say=Quiet(), **({"steps": 1} if warm else {})
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for one in work.values():
        one(True)
    for _ in range(given.rounds):
        for name, one in work.items():
            began = time.process_time()
            one(False)
            seconds[name].append(time.process_time() - began)
            report.log(f"{name}: {seconds[name][-1]:.1f} s")
    report.write(
        "seeing",
        metric="processor seconds, on one thread, for one picture with the embedded backbone; medians",
        n=f"{given.rounds} runs, one after another in turns",
        seeds=None,
        columns=["what", "processor seconds", "fastest", "wanted on two processors"],
        rows=[
            [name, report.middle(found, 1), round(min(found), 1), BUDGET[name]]
            for name, found in seconds.items()
        ],
        data="none",
        runs=seconds,
    )


if __name__ == "__main__":
    main()
