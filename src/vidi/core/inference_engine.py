"""`openvino`, without its telemetry: it would report every import and conversion to its makers, asked or not."""

import sys
from typing import Any


def openvino() -> Any:
    """The openvino module, imported at the first call.

    Its tools look for the package `openvino_telemetry` and do without it where it is not installed; so to them it is
    not. Whoever imported openvino before vidi did has decided for themselves.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # importing it now is an ImportError
    import openvino as module

    return module


def converted(traced: Any) -> Any:
    """An OpenVINO model of a traced and frozen torch module, by the frontend alone: its inputs have no shape yet."""
    openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, skip_freeze=True)  # has to live until all is converted
    return frontend.convert(frontend.load(decoder))
