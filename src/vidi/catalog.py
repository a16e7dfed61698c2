"""Names to things, for the edge only: what there is, what it says of itself, and how to get it.

Lists, cards and options are read from source, without importing anything heavy.
"""

import ast
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from vidi.core.card import Card, Trial, read_cards, read_trial
from vidi.core.errors import UsageError, nearest_names

if TYPE_CHECKING:
    from vidi.core.network import Classifier

HERE = Path(__file__).parent
KINDS = {
    "recipes": "recipes",
    "networks": "models",
    "detectors": "models/detectors",
    "segmenters": "models/segmenters",
    "augmentations": "augment",
    "parts": "models/parts",
    "metrics": "metrics",
    "detection_metrics": "metrics/detection",
    "segmentation_metrics": "metrics/segmentation",
    "tasks": "tasks",
    "readers": "data/readers",
    "writers": "data/writers",
    "audits": "audits",
    "corruptions": "audits/corruptions",
    "dials": "audits/dials",
    "maps": "explanations/maps",
    "attacks": "explanations/attacks",
    "checks": "explanations/checks",
    "views": "explanations/views",
    "repaintings": "explanations/repaintings",
    "studies": "studies",
}
ALIASES: dict[str, tuple[str, dict[str, Any]]] = {"lite0": ("efficientnet_lite", {})}
DEFAULT_NETWORK = "lite0"
METRICS = ("metrics", "detection_metrics", "segmentation_metrics")
DENSE = ("detectors", "segmenters")


@dataclass(frozen=True)
class Option:
    """One keyword of a member's function: its type as written, default, and help from the docstring."""

    name: str
    annotation: str
    default: Any
    help: str


def kind(name: str) -> str:
    """The folder of a kind, by its plural; raises UsageError with the nearest names."""
    if name not in KINDS:
        raise UsageError(
            f"no kind is named {name!r}; there are {', '.join(KINDS)}{nearest_names(name, list(KINDS))}"
        )
    return KINDS[name]


@cache
def cards(kind_name: str) -> dict[str, Card]:
    """Every member's card, by name."""
    return read_cards(HERE / kind(kind_name))


def trial(kind_name: str, name: str) -> Trial | None:
    """What a member is graded on, if it is; nothing is imported."""
    return read_trial(HERE / kind(kind_name) / f"{name}.py")


def load_name(kind_name: str, name: str) -> str:
    """The name, if a member has it; raises UsageError with the nearest names. Nothing is imported."""
    known = sorted(cards(kind_name))
    if name not in known:
        raise UsageError(
            f"none of the {kind_name} is named {name!r}; there are {', '.join(known)}{nearest_names(name, known)}"
        )
    return name


def load(kind_name: str, name: str) -> ModuleType:
    """A member's module; raises UsageError with the nearest names."""
    return importlib.import_module(
        ".".join(["vidi", *kind(kind_name).split("/"), load_name(kind_name, name)])
    )


def options(kind_name: str, name: str, function: str) -> list[Option]:
    """The keyword-only options of a member's function, read from its source."""
    path = HERE / kind(kind_name) / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if found is None:
        return []
    helps, constants = _helps(ast.get_docstring(found) or ""), _constants(tree)
    return [
        Option(
            name=argument.arg,
            annotation=ast.unparse(argument.annotation) if argument.annotation else "str",
            default=None if default is None else _value(default, constants),
            help=helps.get(argument.arg, ""),
        )
        for argument, default in zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True)
    ]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What a file's names stand for, where a default is one of them: its own, and those it takes from vidi's files."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("vidi."):
            capitals = [alias.name for alias in statement.names if alias.name.isupper()]
            path = HERE.parent.joinpath(*str(statement.module).split(".")).with_suffix(".py")
            if capitals and path.exists():
                there = _constants(ast.parse(path.read_text(encoding="utf-8")))
                found |= {name: there[name] for name in capitals if name in there}
        elif isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = value.elts if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) else [value]
            found |= {n.id: v for n, v in zip(names, values, strict=False) if isinstance(n, ast.Name)}
    return found


def _value(default: ast.expr, constants: dict[str, ast.expr]) -> Any:
    named = isinstance(default, ast.Name) and default.id in constants
    return ast.literal_eval(constants[cast(ast.Name, default).id] if named else default)


def _helps(docstring: str) -> dict[str, str]:
    """Help for each option: lines of the docstring that read `name: help`."""
    helps = {}
    for line in docstring.splitlines():
        name, colon, text = line.strip().partition(": ")
        if colon and name.isidentifier():
            helps[name] = text.strip()
    return helps


def recipe(name: str) -> Callable[..., Any]:
    """A recipe's function."""
    function: Callable[..., Any] = load("recipes", name).recipe
    return function


def network(name: str, **arguments: Any) -> "Classifier":
    """A network by the name of its file, by an alias, or by any name timm or torchvision knows.

    Keyword arguments go to its `build`; `backbone` may be a record {name, options} of another network.
    Raises UsageError with the nearest names, or if the network does not take an argument.
    """
    if isinstance(arguments.get("backbone"), dict):
        nested = arguments["backbone"]
        arguments["backbone"] = network(nested["name"], **nested["options"])
    try:
        dense = dense_kind(name)
        return cast("Classifier", _dense(dense, name, dict(arguments))) if dense else _built(name, arguments)
    except UsageError:
        raise
    except ValueError as error:  # an argument that comes from the user
        raise UsageError(f"the network {name} cannot be built: {error}") from error


def dense_kind(name: str) -> str | None:
    """The kind of a network that answers for places of an image, by its name; None for others."""
    return next((kind_name for kind_name in DENSE if name in cards(kind_name)), None)


def _dense(kind_name: str, name: str, arguments: dict[str, Any]) -> Any:
    """A detector or segmenter on a backbone's maps; `backbone` is its name, `size_px` and `pretrained` are for it."""
    from vidi.core.pyramid import of_classifier, of_timm

    module = load(kind_name, name)
    given = {key: arguments.pop(key) for key in ("backbone", "size_px", "pretrained") if key in arguments}
    backbone, size = str(given.get("backbone", DEFAULT_NETWORK)), int(given.get("size_px", 320))
    strides = getattr(module, "STRIDES", (8, 16, 32))
    pretrained = bool(given.get("pretrained", False))
    own = backbone in ALIASES or backbone in cards("networks")
    pyramid = (
        of_classifier(
            _built(backbone, {"classes": 2, "size_px": size, "pretrained": pretrained}), strides=strides
        )
        if own
        else of_timm(known_library(backbone), size_px=size, strides=strides, pretrained=pretrained)
    )
    known = {option.name for option in options(kind_name, name, "build")}
    unknown = arguments.keys() - known
    if unknown:
        raise UsageError(
            f"the network {name} takes {', '.join(sorted(known - {'generator'}))}; got {', '.join(sorted(unknown))}"
        )
    return module.build(backbone=pyramid, **arguments)


def known_library(name: str) -> str:
    """The name of a timm network; raises UsageError with the nearest names."""
    names = load("networks", "library").names()
    if "/" not in name and name.partition(".")[0] not in names:
        raise UsageError(
            f"no backbone is named {name!r}; {', '.join(ALIASES)} is embedded, and every timm name works"
            f"{nearest_names(name, [*ALIASES, *names])}"
        )
    return name


def _built(name: str, arguments: dict[str, Any]) -> "Classifier":
    file, fixed = ALIASES.get(name, (name, {}))
    if file in cards("networks") and file != "library":
        return cast("Classifier", load("networks", file).build(**(fixed | _taken(file, arguments))))
    own = sorted([*ALIASES, *(n for n in cards("networks") if n != "library")])
    library = load("networks", "library")
    if "/" not in name and name.partition(".")[0] not in library.names():
        raise UsageError(
            f"no network is named {name!r}; own ones are {', '.join(own)}, and every timm or torchvision name "
            f"works{nearest_names(name, [*own, *library.names()])}"
        )
    return cast("Classifier", library.build(name=name, **arguments))


def _taken(file: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the network takes; `pretrained=False` is true of a network that has no such weights."""
    known = {option.name for option in options("networks", file, "build")}
    unknown = arguments.keys() - known
    if unknown == {"pretrained"} and not arguments["pretrained"]:
        unknown = set()
    if unknown == {"pretrained"}:
        raise UsageError(
            f"{file} has no pretrained weights; use --recipe scratch, or a pretrained network such as lite0"
        )
    if unknown:
        raise UsageError(
            f"the network {file} takes {', '.join(sorted(known))}; got {', '.join(sorted(unknown))}"
        )
    return {name: value for name, value in arguments.items() if name in known}


def metrics(task: str) -> list[ModuleType]:
    """The metrics that serve a task."""
    return [
        load(kind_name, name)
        for kind_name in METRICS
        for name, card in cards(kind_name).items()
        if not card.serves or task in card.serves
    ]


def readers() -> list[ModuleType]:
    """Every layout's reader."""
    return [load("readers", name) for name in cards("readers")]
