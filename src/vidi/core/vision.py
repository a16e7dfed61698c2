"""`torchvision` and `timm`, also beside a torch build that torchvision's compiled operators were not made for.

The CPU build of torch and the registry's build of torchvision (made for CUDA) are a common pair. There
torchvision cannot load its operators and then fails to import at all, because it describes two of them that do
not exist. Declaring these two is enough: everything that is written in Python works.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import torch

_DECLARED: list[Any] = []  # the library object must live as long as its operators


def _operators_load() -> bool:
    spec = importlib.util.find_spec("torchvision")
    compiled = sorted(Path(str(spec.origin)).parent.glob("_C.*")) if spec else []
    try:
        for library in compiled:
            torch.ops.load_library(str(library))
    except OSError:
        return False
    return bool(compiled)


def _declare_missing_operators() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _DECLARED.append(library)


def torchvision() -> Any:
    """The torchvision module, imported at the first call."""
    if "torchvision" not in sys.modules and not _DECLARED and not _operators_load():
        _declare_missing_operators()
    import torchvision as module

    return module


def timm() -> Any:
    """The timm module, imported at the first call."""
    torchvision()
    import timm as module

    return module
