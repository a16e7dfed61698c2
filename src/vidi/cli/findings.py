"""What `vidi check` found, as a person reads it: what needs a look first, then the rest in a line or two."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from vidi.cli.show import number, plain, remarks, table

SHOWN = 5  # of many alike
MOST_LABELS = 30
TOLD_ABOVE = (
    "label",
    "object",
    "exact duplicates",
    "near duplicates",
)  # kinds of remarks that have a part of their own


def data(content: Mapping[str, Any], folder: Path | None) -> None:
    """The data, its labels, and every audit's findings."""
    head(content)
    labels(content)
    if "drawings" in content:
        drawings(content["drawings"])
    for what in ("object", "region"):
        if f"{what}_errors" in content:
            wrong_objects(content[f"{what}_errors"], what)
    copies(content["duplicates"])
    if content.get("label_errors"):
        wrong_labels(content["label_errors"])
    if "shortcuts" in content:
        shortcuts(content["shortcuts"], content["shortcuts_sentences"])
    if "outliers" in content:
        outliers(content["outliers"], content["outliers_sentence"])
    balance(content["imbalance"])
    stated(content["ledger"])
    if content["not_asked"]:
        part("not asked", content["not_asked"])
    kept = {kind: n for kind, n in content["remark_counts"].items() if kind not in TOLD_ABOVE}
    if kept:
        remarks(dict(content) | {"remark_counts": kept})
    else:
        typer.echo("\nno file was set aside")
    if folder is not None:
        typer.echo(f"\nThe report: {plain(str(folder / 'report.html'))}")


def head(content: Mapping[str, Any]) -> None:
    widths, heights = content["sizes"]["width"], content["sizes"]["height"]
    typer.echo(f"{content['examples']:,} images in {plain(content['root'])} ({content['layout']})")
    typer.echo(f"  split: {', '.join(f'{name} {count:,}' for name, count in content['splits'].items())}")
    typer.echo(
        f"  sizes: {widths[0]}x{heights[0]} to {widths[2]}x{heights[2]}, median {widths[1]}x{heights[1]} pixels"
    )


def labels(content: Mapping[str, Any]) -> None:
    typer.echo("\nlabels:")
    rows: list[tuple[str, ...]] = [("", "train", "validation", "test")]
    for label, parts in list(content["counts"].items())[:MOST_LABELS]:
        rows.append((label, *(f"{parts[name]:,}" for name in ("train", "validation", "test"))))
    table(rows)
    if len(content["counts"]) > MOST_LABELS:
        typer.echo(f"  … and {len(content['counts']) - MOST_LABELS} more labels")


def part(title: str, sentences: Sequence[str], named: Sequence[str] = (), more: int = 0) -> None:
    """A heading, what was found in sentences, and some by name."""
    typer.echo(f"\n{title}:")
    for said in sentences:
        typer.echo(f"  {plain(said)}")
    for name in named:
        typer.echo(f"    {plain(name)}")
    if more > 0:
        typer.echo(f"    … and {more:,} more")


def drawings(found: Mapping[str, Any]) -> None:
    """What is drawn, and what is drawn twice."""
    named = [
        f"{each['path']}: {' and '.join(dict.fromkeys(each['labels']))} at "
        f"({', '.join(f'{value:.0f}' for value in each['box'])}), {each['overlap']:.0%} of both"
        for each in found["pairs"][:SHOWN]
    ]
    part("what is drawn", found["sentences"], named, found["count"] - len(named))


def copies(found: Mapping[str, Any]) -> None:
    named = []
    for pair in found["pairs"][:SHOWN]:
        apart = [
            f"{pair[f'{what}_a']} and {pair[f'{what}_b']}"
            for what in ("split", "target")
            if pair[f"{what}_a"] != pair[f"{what}_b"]
        ]
        sign = {"exact": "=", "near": "~", "mirrored": "~ mirrored"}[pair["kind"]]
        where = f" ({'; '.join(apart)})" if apart else ""
        named.append(f"{pair['path_a']} {sign} {pair['path_b']}{where}")
    part("copies", found["sentences"], named, found["count"] - len(named))


def wrong_labels(found: Mapping[str, Any]) -> None:
    named = [
        f"{each['path']}: labelled {each['given']}, looks like {each['suggested']} "
        f"(its label has probability {each['score']:.2g})"
        for each in found["suspects"][:SHOWN]
    ]
    part("wrong labels", [found["sentence"]], named, found["count"] - len(named))


def wrong_objects(found: Mapping[str, Any], what: str) -> None:
    """Objects or regions in doubt: a few of each kind by name."""
    from vidi.verbs.against import in_words

    named = []
    for kind in found["counts"]:
        mine = [each for each in found["suspects"] if each["kind"] == kind][:SHOWN]
        named += [f"{each['path']}: {in_words(each)}" for each in mine]
    part(f"wrong {what}s", found["sentences"], named, found["count"] - len(named))


def shortcuts(found: Sequence[Mapping[str, Any]], sentences: Sequence[str]) -> None:
    """What tells the label in full; of the rest, how well."""
    much = [each["sentence"] for each in found if each["level"] == "much"]
    if found and not any(each["flagged"] for each in found):
        much.insert(0, "No view without the object gives the label away.")
    part("shortcuts", [*much, *sentences])
    rest = [each for each in found if each["level"] != "much"]
    if rest:
        typer.echo(f"  balanced accuracy of what remains (chance is {rest[0]['chance']:.2f}):")
        said = {"none": "as chance", "little": "a little better than chance"}
        table(
            [(each["what"], *number(each["measured"])[1:3], said[each["level"]]) for each in rest],
            indent="    ",
        )


def outliers(found: Sequence[Mapping[str, Any]], sentence: str) -> None:
    named = [f"{each['path']}: {each['reason']}" for each in found[:SHOWN]]
    part("outliers", [sentence], named, len(found) - len(named))


def balance(found: Mapping[str, Any]) -> None:
    part("balance", found["sentences"])


def stated(ledger: Mapping[str, Any]) -> None:
    """What is known of licence, source and consent, the most frequent first."""
    lines = []
    for what in ("licences", "sources", "consent"):
        counts = sorted(ledger[what].items(), key=lambda item: -item[1])
        named = [f"{name} ({count:,})" for name, count in counts[:SHOWN]]
        more = f", and {len(counts) - SHOWN:,} more" if len(counts) > SHOWN else ""
        lines.append(f"{what}: {', '.join(named) or 'no images'}{more}")
    if ledger["withdrawn"]:
        lines.append(f"withdrawn and set aside: {ledger['withdrawn']:,}")
    part("licence, source and consent", lines)
