"""Import this before torchvision, timm or whatever imports them.

The CPU build of torch beside a torchvision that was built for CUDA: torchvision cannot load its compiled operators,
and then fails to import, because it describes two of them (non-maximum suppression) that do not exist. Declared
without a body they are enough for everything that a peer does here.
"""

import importlib.util
from pathlib import Path

import torch

try:
    for compiled in Path(importlib.util.find_spec("torchvision").origin).parent.glob("_C.*"):
        torch.ops.load_library(str(compiled))
except OSError:
    DECLARED = torch.library.Library("torchvision", "DEF")  # lives as long as this module
    for name in ("nms", "qnms"):
        DECLARED.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
