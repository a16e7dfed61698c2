"""Training's whole state in one safetensors file: tensors as tensors, everything else as JSON. No pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.core.files import atomic


def _flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """The JSON skeleton of nested state; tensors are put aside under a name of their own."""
    if isinstance(value, Tensor):
        name = f"{len(tensors)}{path}"  # numbered: keys may have slashes of their own
        tensors[name] = value.detach().contiguous()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _flatten(item, f"{path}/{key}", tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_flatten(item, f"{path}/{place}", tensors) for place, item in enumerate(value)]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise TypeError(f"a checkpoint holds tensors and plain values; {path} is a {type(value).__name__}")


def _restore(skeleton: dict[str, Any], tensors: dict[str, Tensor]) -> Any:
    (kind, content), *_ = skeleton.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _restore(item, tensors) for key, item in content}
    if kind == "list":
        return [_restore(item, tensors) for item in content]
    if kind != "value":
        raise ValueError(f"{kind!r} is no kind of state")
    return content


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write nested dictionaries and lists of tensors and plain values; atomic."""
    tensors: dict[str, Tensor] = {}
    skeleton = _flatten(state, "", tensors)
    unique = {name: tensor.clone() for name, tensor in tensors.items()}  # safetensors refuses shared memory
    content = save(unique, metadata={"state": json.dumps(skeleton)})
    with atomic(path) as stream:
        stream.write(content)


def load_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote; raises UsageError if the file is damaged."""
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - not a dict
            skeleton = json.loads(stream.metadata()["state"])
        return dict(_restore(skeleton, tensors))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"the checkpoint {path} is damaged ({error}); delete it to train from the start"
        ) from None


def copied(state: Any) -> Any:
    """A deep copy that later training does not change."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {key: copied(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [copied(value) for value in state]
    return state


def same(a: Any, b: Any) -> bool:
    """Equal to the last bit."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
