"""What does a network compute, step by step?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, fx, nn

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.core.progress import Say
from vidi.core.study import Studied, at_least, at_most, over_seeds
from vidi.documents.sheets import INK, PAPER, QUIET, Picture, colour_of
from vidi.models import efficientnet_lite, fast_residual, lenet, mlp

CARD = Card(
    title="Computational graph",
    idea="A network traced once is a graph of layers and operations: run in its order it gives the same numbers, and "
    "the chain rule walks it backward to every weight.",
    paper="Bauer 1974, Computational graphs and rounding error; Reed et al. 2022, arXiv:2112.08429 (torch.fx)",
    differs="Layers in columns by the longest way from the input; each box tells its output's shape and its weights.",
    facts={"seconds": 5},
)
NETWORKS: dict[str, tuple[Callable[..., Classifier], int]] = {
    "lenet": (lenet.build, 32),
    "mlp": (mlp.build, 32),
    "fast_residual": (fast_residual.build, 32),
    "efficientnet_lite": (efficientnet_lite.build, 64),
}
WIDE, HIGH, GAP_X, GAP_Y, COLUMN = 176, 34, 22, 14, 16
KINDS = ("Conv", "Norm", "ReLU", "Pool", "Linear")


@dataclass(frozen=True)
class Step:
    """One box: what it is, its output's shape, its weights, and the boxes it needs."""

    title: str
    shape: str
    weights: int
    needs: tuple[int, ...]


def study(*, seed: int = 0, say: Say, network: str = "fast_residual") -> Studied:
    """The graph as one picture, the same numbers from walking it, and gradients at every weight.

    seed: where weights and the image start from
    network: lenet, mlp, fast_residual or efficientnet_lite
    """
    if network not in NETWORKS:
        raise UsageError(f"network is one of {', '.join(NETWORKS)}; got {network!r}")
    build, side = NETWORKS[network]
    options = {"pretrained": False} if network == "efficientnet_lite" else {}
    net = build(classes=10, generator=seeded(seed), **options).eval()
    images = 255 * torch.rand((2, 3, side, side), generator=seeded(seed + 1))
    graph = traced(nn.Sequential(net.normalise, *net.stages, net.head))
    steps, walked = walk(graph, images)
    say(f"{network}: {len(steps)} steps")
    wanted = net(images)
    slopes = torch.autograd.grad(walked.square().sum(), list(net.parameters()), allow_unused=True)
    lit = sum(slope is not None and bool(slope.any()) for slope in slopes) / max(len(slopes), 1)
    return Studied(
        (
            at_most(
                "Walking the graph in its order gives the network's own logits, to the last bit.",
                over_seeds(
                    "largest difference",
                    [float((walked - wanted).detach().abs().max())],
                    seeds=(seed,),
                    unit="logit",
                ),
                0.0,
            ),
            at_least(
                "The chain rule reaches every weight tensor.",
                over_seeds("share of weight tensors with a gradient", [lit], seeds=(seed,), unit="share"),
                1.0,
            ),
        ),
        {f"graph-{network}": drawn(steps)},
    )


class _Layers(fx.Tracer):
    """Sequences are opened; each layer that computes something by itself is one box."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not list(m.children()) or super().is_leaf_module(m, module_qualified_name)


def traced(net: nn.Module) -> fx.GraphModule:
    """The graph of layers and operations; raises UsageError for a network whose way depends on its input."""
    try:
        tracer = _Layers()
        return fx.GraphModule(net, tracer.trace(net))
    except (fx.proxy.TraceError, NameError, TypeError, NotImplementedError) as error:
        raise UsageError(f"this network cannot be traced into one graph ({error})") from error


class _Walk(fx.Interpreter):
    """Runs the graph node by node and remembers what it saw."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.steps: list[Step] = []
        self.place: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> object:
        found = super().run_node(n)
        if n.op not in ("output", "get_attr") and isinstance(found, Tensor):
            self.place[n] = len(self.steps)
            needs = tuple(self.place[before] for before in n.all_input_nodes if before in self.place)
            weights = 0
            if n.op == "call_module":
                weights = sum(w.numel() for w in self.fetch_attr(str(n.target)).parameters())
            self.steps.append(Step(self._title(n), " x ".join(map(str, found.shape[1:])), weights, needs))
        return found

    def _title(self, n: fx.Node) -> str:
        if n.op == "placeholder":
            return "image"
        if n.op == "call_module":
            layer = self.fetch_attr(str(n.target))
            if isinstance(layer, nn.Conv2d):
                stride = f", stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
                return f"Conv {layer.kernel_size[0]} x {layer.kernel_size[1]}{stride}"
            return type(layer).__name__
        signs = {"add": "+", "iadd": "+", "mul": "x"}
        name = str(getattr(n.target, "__name__", n.target))
        return signs.get(name, name)


def walk(graph: fx.GraphModule, images: Tensor) -> tuple[list[Step], Tensor]:
    """Every box in the order in which it is computed, and the network's answer."""
    walker = _Walk(graph)
    answer: Tensor = walker.run(images)
    return walker.steps, answer


def layers(steps: list[Step]) -> list[int]:
    """For each box the length of the longest way from the input."""
    depth: list[int] = []
    for step in steps:
        depth.append(1 + max((depth[before] for before in step.needs), default=-1))
    return depth


def places(steps: list[Step]) -> list[tuple[int, int]]:
    """Left and top of each box: depth runs down, on in the next column after COLUMN boxes; side ways stand beside."""
    depth, taken = layers(steps), dict[int, int]()
    lanes = []
    for level in depth:
        lanes.append(taken.get(level, 0))
        taken[level] = lanes[-1] + 1
    most = [max((lane for lane, d in zip(lanes, depth, strict=True) if d // COLUMN == column), default=0) + 1
            for column in range(max(depth) // COLUMN + 1)]  # fmt: skip
    start = np.concatenate([[0], np.cumsum(most)])
    return [
        (
            int(start[d // COLUMN] + lane) * (WIDE + GAP_X) + GAP_X,
            (d % COLUMN) * (HIGH + GAP_Y) + GAP_Y,
        )
        for d, lane in zip(depth, lanes, strict=True)
    ]


def drawn(steps: list[Step]) -> Picture:
    """Boxes coloured by kind, and lines from what they need; a line into the next column goes round by its top."""
    at = places(steps)
    size = (max(x for x, _ in at) + WIDE + GAP_X, max(y for _, y in at) + HIGH + GAP_Y)
    page = Image.new("RGB", size, PAPER)
    pen, font, small = ImageDraw.Draw(page), ImageFont.load_default(12), ImageFont.load_default(10)
    depth = layers(steps)
    for number, step in enumerate(steps):
        for before in step.needs:
            pen.line(_way(at[before], at[number], far=depth[number] - depth[before] > 1), fill=QUIET, width=1)
    for (x, y), step in zip(at, steps, strict=True):
        kind = next((place for place, name in enumerate(KINDS) if name in step.title), 7)
        pen.rounded_rectangle((x, y, x + WIDE, y + HIGH), 4, fill=PAPER, outline=colour_of(kind), width=2)
        pen.text((x + 7, y + 3), step.title, fill=INK, font=font)
        weights = f"   {step.weights:,} weights" if step.weights else ""
        pen.text((x + 7, y + 19), f"{step.shape}{weights}", fill=QUIET, font=small)
    return np.asarray(page)


def _way(start: tuple[int, int], end: tuple[int, int], *, far: bool) -> list[tuple[int, int]]:
    """From a box's lower edge to another's upper edge; round the boxes between, and through the gap between columns."""
    below, above = (start[0] + WIDE // 2, start[1] + HIGH), (end[0] + WIDE // 2, end[1])
    if above[1] > below[1] and not far:
        return [below, above]
    if above[1] > below[1]:  # down beside what lies between
        aside = start[0] + WIDE + GAP_X // 3
        right = start[0] + WIDE
        return [
            (right, start[1] + HIGH // 2),
            (aside, start[1] + HIGH // 2),
            (aside, end[1] - 5),
            (above[0], end[1] - 5),
            above,
        ]
    aside = start[0] + WIDE + 2 * GAP_X // 3
    right = start[0] + WIDE
    return [
        (right, start[1] + HIGH // 2),
        (aside, start[1] + HIGH // 2),
        (aside, end[1] - 7),
        (above[0], end[1] - 7),
        above,
    ]
