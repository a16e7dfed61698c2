"""A network and what belongs to it, as files of a run folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from vidi.core.errors import UsageError
from vidi.core.files import atomic, sha256
from vidi.core.network import Classifier, Preprocessing
from vidi.core.run_folder import RunFolder

WEIGHTS, ABOUT = "model.safetensors", "model.json"
PRECISIONS = ("auto", "fp32", "bf16")


def save(folder: RunFolder, network: nn.Module, content: Mapping[str, Any]) -> None:
    """`model.safetensors` and `model.json`: `content` and the checksum of the weights."""
    from safetensors.torch import save as as_bytes

    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with atomic(folder.path / WEIGHTS) as stream:
        stream.write(as_bytes(state))
    folder.write(ABOUT, "model", {**content, "sha256": sha256(folder.path / WEIGHTS)})


def read_about(path: Path) -> dict[str, Any]:
    """What model.json says; raises UsageError if it is missing, changed, or from a newer version."""
    return RunFolder.open(path).read(ABOUT, "model")


def restored(
    path: Path,
    *,
    build: Callable[..., Any],
    check: Callable[[Mapping[str, Any], Path], None] | None = None,
    prepare: Callable[[Any, Preprocessing], None] = Classifier.prepare_with,
) -> tuple[Any, dict[str, Any]]:
    """The network of a run folder in evaluation mode, and what model.json says of it.

    `build(name, **options)` makes it; `check(content, path)` may refuse more than is refused of every model, `prepare`
    has the network take images as it did. Raises
    UsageError if a file is missing, changed, or from a newer version.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    content = read_about(path)
    weights = path / WEIGHTS
    if not weights.exists():
        raise UsageError(
            f"{weights} is missing; the run was not finished: resume it with vidi train --resume {path}"
        )
    if sha256(weights) != content["sha256"]:
        raise UsageError(
            f"{weights} is damaged: its checksum is not the one in model.json; restore it or train again"
        )
    _refuse_nonsense(content, path / ABOUT)
    if check is not None:
        check(content, path / ABOUT)
    network = build(content["network"]["name"], **content["network"]["options"])
    prepare(network, _preprocessing(content["preprocessing"]))  # a library's own may change
    try:
        network.load_state_dict(load_file(weights))
    except (RuntimeError, SafetensorError) as error:
        why = " ".join(str(error).split())[:300]
        raise UsageError(f"{weights} does not fit the network that model.json names: {why}") from None
    return network.eval(), content


def refuse_unless(holds: bool, what: str, path: Path) -> None:
    if not holds:
        raise UsageError(f"{path} is not as a run writes it ({what}); restore it or train again")


def _refuse_nonsense(content: Mapping[str, Any], path: Path) -> None:
    labels, classes = content["labels"], content["network"]["options"]["classes"]
    texts = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    refuse_unless(texts, "labels are texts", path)
    refuse_unless(len(labels) == classes, f"there are {len(labels)} labels for {classes} outputs", path)
    refuse_unless(content["precision"] in PRECISIONS, "a precision is auto, fp32 or bf16", path)


def _preprocessing(entry: Mapping[str, Any]) -> Preprocessing:
    mean, std = (tuple(float(number) for number in entry[name]) for name in ("mean", "std"))
    return Preprocessing(**{**entry, "mean": mean, "std": std})
