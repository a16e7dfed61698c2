"""`vidi list` and `vidi show`: what there is, what it is, where it comes from, what it costs."""

from dataclasses import asdict
from typing import Any

import typer

from vidi import catalog
from vidi.cli.show import json_or, table
from vidi.core.errors import UsageError, nearest_names

FUNCTIONS = {  # whose keyword arguments are a member's options
    "recipes": "recipe",
    "networks": "build",
    "detectors": "build",
    "segmenters": "build",
    "augmentations": "augment",
    "audits": "audit",
    "corruptions": "corrupt",
    "dials": "corrupt",
    "maps": "explain",
    "attacks": "attack",
    "checks": "check",
    "views": "view",
    "repaintings": "repaint",
    "studies": "study",
    "parts": "layer",
    "metrics": "measure",
    "detection_metrics": "measure",
    "segmentation_metrics": "measure",
    "tasks": "",
    "readers": "",
    "writers": "",
}
INTERNAL = ("generator", "backbone", "say")  # arguments that no command line can give


def members(kind: str | None, *, as_json: bool) -> None:
    """The kinds with how many members they have, or the members of one with their titles."""
    if kind is None:
        counts = {name: len(catalog.cards(name)) for name in catalog.KINDS}
        json_or(as_json, counts, lambda: table([(name, str(count)) for name, count in counts.items()]))
        return
    cards = catalog.cards(kind)
    if as_json:
        json_or(True, {name: asdict(card) for name, card in cards.items()}, lambda: None)
        return
    table([(name, card.title, card.idea) for name, card in cards.items()])
    if kind == "networks":
        names = ", ".join(f"{alias} ({file})" for alias, (file, _) in catalog.ALIASES.items())
        typer.echo(f"\nShort names: {names}. Networks of timm and torchvision go by their own names.")


def show(name: str, *, as_json: bool) -> None:
    """A member's card and options, in every kind that has the name; or what a library's network costs."""
    asked = catalog.ALIASES.get(name, (name, {}))[0]
    found = [described(kind, asked) for kind in catalog.KINDS if asked in catalog.cards(kind)]
    if not found:
        network = library_network(name)
        json_or(as_json, network, lambda: _print_network(network))
    elif as_json:
        json_or(True, found[0] if len(found) == 1 else found, lambda: None)
    else:
        for place, entry in enumerate(found):
            if place:
                typer.echo()
            _print_card(entry)


def described(kind: str, name: str) -> dict[str, Any]:
    """A member's card and its options, without importing it."""
    options = catalog.options(kind, name, FUNCTIONS[kind])
    trial = catalog.trial(kind, name)
    return {
        "name": name,
        "kind": kind,
        **asdict(catalog.cards(kind)[name]),
        **({"trial": asdict(trial)} if trial else {}),
        "options": [asdict(option) for option in options if option.name not in INTERNAL],
    }


def _print_card(entry: dict[str, Any]) -> None:
    typer.echo(f"{entry['name']} ({entry['kind']}): {entry['title']}\n{entry['idea']}")
    counts = {
        key: f"{entry[key]:,}" if entry[key] is not None else "" for key in ("weights", "multiply_adds")
    }
    facts = [
        ("paper", entry["paper"]),
        ("differs", entry["differs"]),
        ("weights", counts["weights"]),
        ("multiply-adds", counts["multiply_adds"]),
        ("graded on", graded_on(entry.get("trial"))),
        ("status", entry["status"]),
    ]
    table([fact for fact in facts if fact[1]])
    if entry["options"]:
        typer.echo("options:")
        table(
            [
                ("--" + o["name"].replace("_", "-"), o["annotation"], f"{o['default']!r}", o["help"])
                for o in entry["options"]
            ]
        )


def graded_on(trial: dict[str, Any] | None) -> str:
    """The fault an audit is to find, with its size; empty where there is none."""
    return f"{trial['fault']}: {trial['rate']:.0%}, in {trial['n']:,} drawn examples" if trial else ""


def library_network(name: str) -> dict[str, Any]:
    """What was published of a library's network and what is counted here; raises UsageError for an unknown name."""
    from vidi.ops.published_costs import PAPERS, PUBLISHED

    library = catalog.load("networks", "library")
    short = name.removeprefix("torchvision/")
    if name not in library.names() and "/" not in name and name.partition(".")[0] not in library.names():
        known = [*(n for kind in catalog.KINDS for n in catalog.cards(kind)), *library.names()]
        raise UsageError(f"nothing is named {name!r}; see `vidi list`{nearest_names(name, known)}")
    entry: dict[str, Any] = {"name": name, "kind": "networks", "library": "timm or torchvision"}
    if short in PUBLISHED:  # torchvision's own table
        weights, multiply_adds, size_px, source = PUBLISHED[short]
        entry["published"] = {
            "weights": weights,
            "multiply_adds": multiply_adds,
            "size_px": size_px,
            "source": source,
        }
        millions, billions, paper, why = PAPERS[short]
        entry["paper"] = {
            "million_weights": millions,
            "billion_multiply_adds": billions,
            "source": paper,
            "why_ours_differs": why,
        }
        name = f"torchvision/{short}"
    return entry | {"counted": counted(name, entry.get("published", {}).get("size_px"))}


def counted(name: str, size_px: int | None) -> dict[str, int]:
    """Weights and multiply-adds with 1,000 classes: without numbers where the library allows that, which is quick."""
    import torch

    from vidi.ops import costs

    try:
        with torch.device("meta"):
            network = catalog.network(name, classes=1000, size_px=size_px)
    except (UsageError, RuntimeError, NotImplementedError):  # it draws its weights while it is built
        network = catalog.network(name, classes=1000, size_px=size_px)
    side = network.preprocessing.size_px
    return {
        "weights": costs.weights(network),
        "multiply_adds": costs.multiply_adds(network, (1, 3, side, side)),
        "size_px": side,
    }


def _row(what: str, part: dict[str, Any]) -> tuple[str, ...]:
    source = f" ({part['source']})" if "source" in part else ""
    billions = f"{part['multiply_adds'] / 1e9:.3f} billion multiply-adds"
    return what, f"{part['weights']:,} weights", billions, f"at {part['size_px']} px{source}"


def _print_network(entry: dict[str, Any]) -> None:
    typer.echo(f"{entry['name']}: a network of {entry['library']}, with 1,000 classes")
    rows = [_row(what, entry[what]) for what in ("published", "counted") if what in entry]
    if "paper" in entry:
        paper = entry["paper"]
        numbers = [
            f"{paper['million_weights']:g} million weights" if paper["million_weights"] else "",
            f"{paper['billion_multiply_adds']:g} billion multiply-adds"
            if paper["billion_multiply_adds"]
            else "",
        ]
        why = f"; {paper['why_ours_differs']}" if paper["why_ours_differs"] else ""
        rows.append(("the paper", *numbers, f"({paper['source']}{why})"))
    table(rows)
