"""What an audit says, for people at a terminal."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from vidi.cli.show import number, plain, table

MOST_SLICES, MOST_SMALL = 10, 10
RATES = {
    "selection_rate": "given it",
    "good_outcomes_lost": "deserved it, lost it",
    "good_outcomes_undeserved": "given it undeserved",
}


def told(content: Mapping[str, Any], folder: Path | None) -> None:
    """Demands first, then every group, how far they are apart, and whatever else was asked."""
    typer.echo(f"{content['n']:,} answers of {plain(content['of'])}")
    sentences(content["sentences"])
    if content["claims"]:
        typer.echo("\ndemanded:")
        table([claim(entry) for entry in content["claims"]])
    if content["measured"]:
        typer.echo("\noverall:")
        table([number(entry) for entry in content["measured"] if entry["of"] in ("", "all")])
    groups(content)
    outcomes(content.get("outcomes") or {})
    slices(content)
    for key, title in (("robustness", "corruption"), ("dials", "difficulty")):
        spoiled(content.get(key) or {}, title)
    elephant(content.get("elephant") or ())
    steady = (content.get("steadiness") or {}).get("sentence")
    if steady:
        typer.echo(f"\n{steady}")
    for remark in content["remarks"]:
        typer.echo(f"  noticed: {plain(remark['where'])}: {plain(remark['what'])}")
    if folder is not None:
        typer.echo(f"\nwritten to {plain(str(folder))}; the page: {plain(str(folder / 'audit.html'))}")


def sentences(said: Iterable[str]) -> None:
    for sentence in said:
        typer.echo(f"  · {plain(sentence)}")


def claim(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """A demand, its verdict and the number it was held against."""
    _, value, interval, n = number(entry["measured"])
    return entry["requirement"], entry["verdict"], f"{value} {interval} {n}"


def groups(content: Mapping[str, Any]) -> None:
    """Every rate of every group; gaps, ratios and worst groups; what could have been told; totals that mislead."""
    single = [entry for entry in content["groups"] if "(" not in entry["name"]]
    for name in dict.fromkeys(entry["name"] for entry in single):
        typer.echo(f"\n{plain(name)}:")
        table([(entry["of"], *number(entry | {"of": ""})[1:]) for entry in single if entry["name"] == name])
    spread = [entry for entry in content["groups"] if "(" in entry["name"]]
    if spread:
        typer.echo("\nhow far apart:")
        table([(*number(entry | {"of": ""}), entry["note"]) for entry in spread])
    for name, n in content["small"][:MOST_SMALL]:
        typer.echo(f"  too small to tell: {plain(name)} (n={n:,})")
    if len(content["small"]) > MOST_SMALL:
        typer.echo(f"  … and {len(content['small']) - MOST_SMALL:,} more")
    sentences(entry["sentence"] for entry in content.get("power") or ())
    sentences((content.get("marginals") or {}).get("sentences") or ())


def outcomes(content: Mapping[str, Any]) -> None:
    """Who gets the good outcome, at the first threshold in words, at the others as numbers."""
    if not content:
        return
    typer.echo(f"\nwho gets {plain(content['good'])}:")
    sentences(content["sentences"])
    for allocation in content["thresholds"]:
        at = "as it stands" if allocation["threshold"] is None else f"at {allocation['threshold']:g}"
        rows = [
            (group["of"], *(" ".join(number(group[key])[1:3]) for key in RATES))
            for group in allocation["groups"]
        ]
        table([(at, *RATES.values()), *rows])


def slices(content: Mapping[str, Any]) -> None:
    """The slices that stand out, those surest first."""
    if "slices" not in content:
        return
    typer.echo("\nslices:")
    sentences(content["slices_said"])
    flagged = [entry for entry in content["slices"] if entry["flagged"]]
    table(
        [
            (entry["name"], *number(entry["measured"] | {"of": ""})[1:], f"p {entry['adjusted']:.2g}")
            for entry in flagged[:MOST_SLICES]
        ]
    )
    if len(flagged) > MOST_SLICES:
        typer.echo(f"  … and {len(flagged) - MOST_SLICES:,} more")


def spoiled(content: Mapping[str, Any], what: str) -> None:
    """The accuracy, or what stands for it, at each severity, one row for each corruption, and the mean error."""
    if not content:
        return
    entries = content.get("accuracy") or content["measured"]
    typer.echo(f"\n{entries[0]['name']} by {what} and severity ({plain(content['note'])}):")
    named: dict[str, list[str]] = {"none": [f"{content['clean']['value']:.3f}"]}
    for entry in entries:
        named.setdefault(entry["of"].rpartition(", severity ")[0], []).append(f"{entry['value']:.3f}")
    table([(name.replace("_", " "), "  ".join(values)) for name, values in named.items()])
    told = (content["mean"], content.get("kept"), content["lost"][-1])
    table([number(entry) for entry in told if entry])


def elephant(entries: Iterable[Mapping[str, Any]]) -> None:
    """Each thing over all places and sizes; the rest is in the file."""
    whole = [entry for entry in entries if ":" not in entry["of"]]
    if whole:
        typer.echo("\na thing pasted in:")
        table([number(entry) for entry in whole])
