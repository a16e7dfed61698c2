"""What `vidi explain` did, for people."""

from datetime import date
from pathlib import Path
from typing import Any

import typer

from vidi.cli.show import number, plain, table

MOST = 20


def place(run: Path, image: str) -> Path:
    """A folder in the run that is not there yet, named after the day and the first image."""
    stem = f"{date.today()}-{Path(image).stem[:60] or 'images'}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 10_000)))
    return next(run / "explanations" / name for name in names if not (run / "explanations" / name).exists())


def maps(found: Any) -> None:
    """What the model says of each image, each method's verdict with its reason, and where the pictures are."""
    from vidi.verbs.pictured import kind

    read = [one for one in found.images if not one.error]
    for one in read[:MOST]:
        why = f", and not {one.against} ({one.probabilities[one.against]:.0%})" if one.against else ""
        what = f"{one.what}, " if one.what else ""
        typer.echo(
            f"{plain(one.name)}: {what}{plain(one.label)} ({one.probabilities[one.label]:.0%}){plain(why)}"
        )
    if len(read) > MOST:
        typer.echo(f"  … and {len(read) - MOST:,} more")
    for one in [one for one in found.images if one.error][:MOST]:
        typer.echo(f"{plain(one.name)}: {plain(one.error)}")
    typer.echo("\nmethods:")
    table([(one.method, kind(one), one.reason) for one in found.beliefs])
    if found.folder is not None:
        typer.echo(f"\nwritten to {plain(str(found.folder))}: explanations.html, {len(read):,} pictures")


def attacked(found: Any) -> None:
    """What survives changes of each size, whether the attack is to be believed, and some images."""
    typer.echo(f"{found.fooled.attack}, {found.fooled.norm}, on {plain(found.what)}")
    table([number(one.record()) for one in (found.clean, *found.robust)])
    typer.echo("\nis the attack sound?")
    table([("holds" if rule.holds else "broken", rule.rule, rule.seen) for rule in found.sane])
    typer.echo("")
    for one in found.changed:
        typer.echo(f"{plain(one.name)}: {said(one.before)} -> {said(one.after)}")
    for name, error in found.errors[:MOST]:
        typer.echo(f"{plain(name)}: {plain(error)}")
    if not found.believable:
        typer.echo("\nThe attack breaks a rule: its numbers say nothing about the model.")
    if found.folder is not None:
        typer.echo(f"\nwritten to {plain(str(found.folder))}: attack.html, the pictures")


def said(answer: tuple[str, float]) -> str:
    return f"{plain(answer[0])} ({answer[1]:.0%})"
