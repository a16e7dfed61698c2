"""`torchvision` and `timm`, also beside a torch build that torchvision's compiled operators were not made for.

The CPU build of torch and the registry's build of torchvision (made for CUDA) are a common pair. There
torchvision cannot load its operators and then fails to import at all, because it describes two of them that do
not exist. Declaring these two lets everything work that is written in Python; with `core.vision_operators` in place of
NMS and RoI align the detection models run too.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import torch

from vidi.core import vision_operators

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
    library.define(
        "roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, "
        "int sampling_ratio, bool aligned) -> Tensor"
    )
    for device in ("CPU", "CUDA"):
        library.impl("nms", vision_operators.nms, device)
    library.impl("roi_align", vision_operators.roi_align, "CompositeImplicitAutograd")
    _DECLARED.append(library)


def _say_that_operators_are_there() -> None:
    """torchvision asks before it calls one; without this it would refuse NMS and compile its own RoI align."""
    for name in ("torchvision.extension", "torchvision.ops.roi_align"):
        vars(sys.modules[name])["_has_ops"] = lambda: True


def torchvision() -> Any:
    """The torchvision module, imported at the first call."""
    if "torchvision" not in sys.modules and not _DECLARED and not _operators_load():
        _declare_missing_operators()
        import torchvision.ops

        _say_that_operators_are_there()
    import torchvision as module

    return module


def timm() -> Any:
    """The timm module, imported at the first call."""
    torchvision()
    import timm as module

    return module


def segmentation_models() -> Any:
    """The segmentation_models_pytorch module, imported at the first call; it imports torchvision and timm."""
    timm()
    import segmentation_models_pytorch as module

    return module
