"""Tables for people."""

import json as json_
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from vidi import catalog
from vidi.core.errors import UsageError, nearest_names


def json_or(as_json: bool, content: Any, otherwise: Callable[[], None]) -> None:
    """JSON on standard output, or what a person reads."""
    if as_json:
        typer.echo(json_.dumps(content, indent=2, ensure_ascii=False, default=str))
    else:
        otherwise()


def table(rows: Sequence[tuple[str, ...]], *, indent: str = "  ") -> None:
    """Columns as wide as what is in them; the last one runs on."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        typer.echo(indent + "  ".join([*cells, row[-1]]).rstrip())


def number(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Name, value, interval and n of one recorded Measured."""
    value, low, high = (math.nan if entry[key] is None else entry[key] for key in ("value", "low", "high"))
    interval = f"[{low:.3f}, {high:.3f}]" if low == low else ""
    shown = f"{value:.3f}" if value == value else "n/a"
    return (
        entry["name"] + (f" of {entry['of']}" if entry.get("of") else ""),
        shown,
        interval,
        f"n={entry['n']:,}",
    )


def numbers(results: Mapping[str, Any], folder: Path | None) -> None:
    """The overall numbers; those of single labels are in the report."""
    table([number(entry) for entry in results["measured"] if not entry.get("of")])
    if results.get("seen_in_training"):
        typer.echo(
            f"  {results['seen_in_training']:,} examples that were in the training split were left out"
        )
    if folder is not None:
        typer.echo(f"written to {folder}")


def run(folder: Path, results: Mapping[str, Any]) -> None:
    """What a finished run says of itself."""
    for reason in results["reasons"]:
        typer.echo(f"  · {reason}")
    typer.echo(f"\nOn {results['n']:,} held-out images:")
    numbers(results, None)
    for rival in results["baselines"]:
        first = number(rival["measured"][0])
        typer.echo(f"  beside it, {rival['name']}: {first[0]} {first[1]} {first[2]}")
    typer.echo(f"\n{results['time']['total_seconds']:.0f} s in all. The report: {folder / 'report.html'}")


def demo_note() -> None:
    typer.echo(
        "\nThe photos are split by student, so that no hand is on both sides. (Here a careless, random split would\n"
        "flatter nothing; on most data with people in it, it does.)"
    )


def predicted(done: Any) -> None:
    """How many answers, and what could not be opened."""
    typer.echo(
        f"{done.answered:,} images answered, {done.failed:,} could not be opened; written to {done.out}"
    )
    for name, error in done.errors[:10]:
        typer.echo(f"  {name}: {error}")
    if done.failed > 10:
        typer.echo(f"  … and {done.failed - 10:,} more, each a row with its error")


def data(content: Mapping[str, Any]) -> None:
    """What `vidi check` found."""
    sizes = content["sizes"]
    typer.echo(f"{content['examples']:,} images in {content['root']} ({content['layout']})")
    typer.echo(f"  split: {', '.join(f'{name} {count:,}' for name, count in content['splits'].items())}")
    widths, heights = sizes["width"], sizes["height"]
    typer.echo(
        f"  sizes: {widths[0]}x{heights[0]} to {widths[2]}x{heights[2]}, median {widths[1]}x{heights[1]} pixels"
    )
    typer.echo(f"  copies: {content['exact_duplicates']:,} exact, {content['near_duplicates']:,} near")
    typer.echo("\nlabels:")
    rows: list[tuple[str, ...]] = [("", "train", "validation", "test")]
    for label, parts in list(content["counts"].items())[:50]:
        rows.append((label, *(f"{parts[name]:,}" for name in ("train", "validation", "test"))))
    table(rows)
    if len(content["counts"]) > 50:
        typer.echo(f"  … and {len(content['counts']) - 50} more labels")
    remarks(content)


def remarks(content: Mapping[str, Any], *, each: int = 5) -> None:
    """What was noticed, a few of each kind."""
    if not content["remark_counts"]:
        typer.echo("\nnothing was set aside and nothing looks wrong")
        return
    typer.echo("\nnoticed:")
    for kind, count in content["remark_counts"].items():
        typer.echo(f"  {kind} ({count:,})")
        shown = [remark for remark in content["remarks"] if remark["kind"] == kind][:each]
        for remark in shown:
            typer.echo(f"    {remark['where']}: {remark['what']}")
        if count > len(shown):
            typer.echo(f"    … and {count - len(shown):,} more")


def members(kind: str | None) -> None:
    """The kinds, or the members of one with their titles."""
    if kind is None:
        table([(name, f"{len(catalog.cards(name))} of them") for name in catalog.KINDS])
        return
    cards = catalog.cards(kind)
    table([(name, card.title, card.idea) for name, card in sorted(cards.items())])
    if kind == "networks":
        typer.echo("\nEvery classification network of timm and torchvision works by its own name too.")


def card(name: str) -> None:
    """A member's card and options; for a library's network, its published costs beside the counted ones."""
    for kind, (function, *_) in FUNCTIONS.items():
        if name in catalog.cards(kind):
            _one(kind, name, function)
            return
    if name in catalog.ALIASES:
        _one("networks", catalog.ALIASES[name][0], "build")
        return
    library_network(name)


FUNCTIONS = {
    "recipes": ("recipe",),
    "networks": ("build",),
    "augmentations": ("augment",),
    "parts": ("layer",),
    "metrics": ("measure",),
    "tasks": ("",),
    "readers": ("read",),
}


def _one(kind: str, name: str, function: str) -> None:
    shown = catalog.cards(kind)[name]
    typer.echo(f"{name} ({kind}): {shown.title}\n{shown.idea}")
    facts = [
        ("paper", shown.paper),
        ("differs", shown.differs),
        ("weights", f"{shown.weights:,}" if shown.weights is not None else ""),
        ("multiply-adds", f"{shown.multiply_adds:,}" if shown.multiply_adds is not None else ""),
        ("status", shown.status),
    ]
    table([fact for fact in facts if fact[1]])
    options = catalog.options(kind, name, function)
    if options:
        typer.echo("options:")
        table([("--" + o.name.replace("_", "-"), o.annotation, f"{o.default!r}", o.help) for o in options])


def library_network(name: str) -> None:
    """Weights and multiply-adds, as published and as counted."""
    from vidi.ops.published_costs import PUBLISHED

    library = catalog.load("networks", "library")
    if name not in PUBLISHED and name not in library.names() and "/" not in name:
        known = [*(n for kind in catalog.KINDS for n in catalog.cards(kind)), *library.names()]
        raise UsageError(f"nothing is named {name!r}; see `vidi list`{nearest_names(name, known)}")
    typer.echo(f"{name}: a network of timm or torchvision")
    if name in PUBLISHED:
        weights, multiply_adds, size_px, source = PUBLISHED[name]
        typer.echo(
            f"  published: {weights:,} weights, {multiply_adds / 1e9:.3g} billion multiply-adds at {size_px} px ({source})"
        )
    size_px = PUBLISHED[name][2] if name in PUBLISHED else library.size_of(name)
    weights, multiply_adds = library.counted(name, size_px=size_px)
    typer.echo(
        f"  counted:   {weights:,} weights, {multiply_adds / 1e9:.4g} billion multiply-adds at {size_px} px"
    )
