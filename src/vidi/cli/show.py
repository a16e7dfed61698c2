"""What a verb did, as tables for people or JSON for machines."""

import json as json_
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer


def json_or(as_json: bool, content: Any, otherwise: Callable[[], None]) -> None:
    """JSON on standard output, or what a person reads."""
    if as_json:
        typer.echo(json_.dumps(content, indent=2, ensure_ascii=False, default=str))
    else:
        otherwise()


def plain(text: str) -> str:
    """The text with control characters spelled out: a file's name may hold line ends or orders to the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def table(rows: Sequence[tuple[str, ...]], *, indent: str = "  ") -> None:
    """Columns as wide as what is in them; the last one runs on."""
    rows = [tuple(plain(cell) for cell in row) for row in rows]
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
            f"  {results['seen_in_training']:,} examples that were in the training or validation split were left out"
        )
    if folder is not None:
        typer.echo(f"written to {plain(str(folder))}")


def run(folder: Path, results: Mapping[str, Any]) -> None:
    """What a finished run says of itself."""
    for reason in results["reasons"]:
        typer.echo(f"  · {reason}")
    typer.echo(f"\nOn {results['n']:,} held-out images:")
    numbers(results, None)
    for rival in results.get("baselines", ()):
        first = number(rival["measured"][0])
        typer.echo(f"  beside it, {rival['name']}: {first[0]} {first[1]} {first[2]}")
    if results["data"]["remark_counts"]:
        remarks(results["data"], each=2)
    seconds = results["time"]["total_seconds"]
    typer.echo(f"\n{seconds:.0f} s in all. The report: {plain(str(folder / 'report.html'))}")


def demo(folder: Path, results: Mapping[str, Any], remark: str) -> None:
    """The same, and what may surprise."""
    run(folder, results)
    typer.echo(f"\n{remark}")


def predicted_in_words(done: Any) -> str:
    """`3 images answered, 1 could not be opened`."""
    return f"{done.answered:,} images answered, {done.failed:,} could not be opened"


def predicted(done: Any) -> None:
    """How many answers, and what could not be opened."""
    typer.echo(f"{predicted_in_words(done)}; written to {plain(str(done.out))}")
    if done.silent:
        typer.echo(f'  {done.silent:,} of the answers are "I don\'t know"')
    if done.silent == done.answered:
        typer.echo(
            "  no answer was sure enough; a larger --risk, or more validation images, would allow some"
        )
    if done.unfamiliar:
        typer.echo(
            f"  {done.unfamiliar:,} images are unlike those the model was trained on (column unfamiliar)"
        )
    for name, error in done.errors[:10]:
        typer.echo(f"  {plain(name)}: {error}")
    if done.failed > 10:
        typer.echo(f"  … and {done.failed - 10:,} more, each a row with its error")


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
            typer.echo(f"    {plain(remark['where'])}: {plain(remark['what'])}")
        if count > len(shown):
            typer.echo(f"    … and {count - len(shown):,} more")


def verified(content: Mapping[str, Any]) -> None:
    """What was measured again: everything that does not stand, and how much does."""
    checks = content["checks"]
    stands = [entry for entry in checks if entry["verdict"] == "stands"]
    rest = [entry for entry in checks if entry["verdict"] != "stands"]
    overall = [entry for entry in stands if " of " not in entry["what"]]
    table([(entry["what"], entry["verdict"], entry["said"]) for entry in (*overall, *rest)])
    if len(overall) < len(stands):
        typer.echo(f"  and {len(stands) - len(overall):,} numbers of single labels or groups that stand")
    typer.echo(f"\n{plain(content['run'])}: {content['verdict']}")


def compared(content: Mapping[str, Any]) -> None:
    """Each pair: on which images who was better, how far they are apart, and the sentence."""
    for pair in content["pairs"]:
        typer.echo(
            f"{plain(pair['second'])} against {plain(pair['first'])}, on {pair['n']:,} images both held out:"
        )
        labels = "neither" in pair["images"]
        what = "right: " if labels else "images answered "
        table([(what + who, f"{count:,}") for who, count in pair["images"].items()])
        for found in pair["differences"]:
            name = f"{found['name']} of {plain(found['of'])}" if found["of"] else found["name"]
            typer.echo(f"  {name}: {difference(found)}")
        for way in () if labels else ("better", "worse"):
            for each in pair[way]:
                typer.echo(f"    {way}: {plain(each['path'])} ({each['first']:.2f} to {each['second']:.2f})")
        typer.echo(f"  {plain(pair['sentence'])}")
    if content["left_out"]:
        typer.echo(f"{content['left_out']:,} images were not held out by all of them, and left out")


def difference(found: Mapping[str, Any]) -> str:
    """A paired difference with its interval, or why there is none."""
    interval = found["note"] if found["low"] is None else f"[{found['low']:+.3f}, {found['high']:+.3f}]"
    return f"{'undefined' if found['difference'] is None else format(found['difference'], '+.3f')} {interval}"
