"""A detector and a segmenter on which the answer is known: the left half hangs on red, the right half on green."""

import torch
from torch import Tensor, nn

from vidi import catalog
from vidi.core.dense import Answer
from vidi.core.network import NetworkSpec, Preprocessing
from vidi.core.pyramid import Pyramid
from vidi.evaluation.dense_model import DenseModel

SIZE = 16
LABELS = ("ant", "bee", "cat")
BOXES = torch.tensor([[0.0, 0.0, 8.0, 16.0], [8.0, 0.0, 16.0, 16.0]])


def pyramid() -> Pyramid:
    """Means of 2 x 2 pixels, and of 2 x 2 of these; nothing is learned."""
    return Pyramid(
        stages=[nn.AvgPool2d(2), nn.AvgPool2d(2)],
        ends=(0, 1),
        channels=(3, 3),
        strides=(2, 4),
        preprocessing=Preprocessing(SIZE),
    )


class KnownDetector(nn.Module):
    """Two boxes, the halves: an ant as surely as the left one is red, a bee as surely as the right one is green."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.preprocessing, self.classes = pyramid(), Preprocessing(SIZE), 3

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        coarse = self.backbone(image)[1]
        half = coarse.shape[3] // 2
        logits = [coarse[:, 0, :, :half].mean(dim=(1, 2)), coarse[:, 1, :, half:].mean(dim=(1, 2))]
        return {"logits": 8 * torch.stack(logits, dim=1)}

    def decode(self, outputs: dict[str, Tensor], *, least: float = 0.01) -> list[Answer]:
        found = []
        for scores in outputs["logits"].sigmoid():
            keep = (scores >= least).nonzero()[:, 0]
            keep = keep[scores[keep].argsort(descending=True)]
            found.append(Answer(BOXES[keep], keep, scores[keep]))
        return found


class KnownSegmenter(nn.Module):
    """An ant where it is red, a bee where it is green, a cat elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.preprocessing, self.classes = pyramid(), Preprocessing(SIZE), 3

    def forward(self, image: Tensor) -> Tensor:
        fine = self.backbone(image)[0]
        logits = torch.stack([fine[:, 0], fine[:, 1], torch.zeros_like(fine[:, 0])], dim=1)
        return nn.functional.interpolate(logits, scale_factor=2, mode="nearest")

    def decode(self, outputs: Tensor) -> Tensor:
        return outputs.argmax(dim=1)


def model(task: str) -> DenseModel:
    network = KnownSegmenter() if task == "segmentation" else KnownDetector()
    record = catalog.load("tasks", task).TASK
    return DenseModel(network.eval(), NetworkSpec("known"), LABELS, record, precision="fp32")


def picture(red: int = 200, green: int = 180, size: tuple[int, int] = (SIZE, SIZE)) -> Tensor:
    """A red left half and a green right one; (3, h, w), uint8."""
    image = torch.zeros(3, *size, dtype=torch.uint8)
    image[0, :, : size[1] // 2], image[1, :, size[1] // 2 :] = red, green
    return image
