"""`vidi card`: what an author answers; `vidi data`: whose the images are, and which were withdrawn."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli.app import Consent, Data, Image, Json, Licence, Source, Target, app, reading
from vidi.core.errors import UsageError

card = typer.Typer(help="What only an author can say of a run.")
app.add_typer(card, name="card", no_args_is_help=True)

data = typer.Typer(help="Whose the images are; withdraw some.")
app.add_typer(data, name="data", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="a run folder, or one that `vidi check --out` wrote")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="also over papers that were edited by hand")]


@card.command()
def questions(run: Folder) -> None:
    """Print a YAML file to fill in.

    Every question with its key and why it is asked; answers that were given already stand in it.
    """
    from vidi.verbs import card as verb

    typer.echo(verb.questions(run), nl=False)


@card.command("set")
def set_(
    run: Folder,
    key: Annotated[str, typer.Argument(help="a question's key; `vidi card questions` lists them")],
    answer: Annotated[str, typer.Argument(metavar="TEXT", help="the answer; an empty one takes it back")],
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Answer one question."""
    answered(run, {key: answer}, overwrite=overwrite, json=json)


@card.command()
def edit(
    run: Folder,
    answers: Annotated[Path | None, typer.Option(help="a YAML file with answers (default: $EDITOR)")] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Answer many questions: from a file, or in your editor."""
    if answers is not None:
        answered(run, answers, overwrite=overwrite, json=json)
        return
    if not in_terminal():
        raise UsageError(
            "without a terminal no editor can be opened; say --answers FILE (vidi card questions writes one)"
        )
    import click

    from vidi.verbs import card as verb

    content = click.edit(verb.questions(run), extension=".yaml")
    if content is None:
        typer.echo("nothing was changed")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8", delete=False) as draft:
        draft.write(content)
    try:
        answered(run, Path(draft.name), overwrite=overwrite, json=json)
    except UsageError as error:
        raise UsageError(f"{error} (what you wrote is kept: --answers {draft.name})") from error
    Path(draft.name).unlink()


def in_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def answered(run: Path, given: Path | dict[str, str], *, overwrite: bool, json: bool) -> None:
    """Keep the answers, and say what is still open."""
    from vidi.cli import show
    from vidi.verbs.card import edit_card

    done = edit_card(run, given, overwrite=overwrite)
    left = ", ".join(f"{count} in the {paper}" for paper, count in done.open.items())

    def said() -> None:
        typer.echo(f"{len(done.answers)} answers; not stated: {left}")
        typer.echo(f"written anew: {', '.join(path.name for path in done.written)}")

    show.json_or(json, done.record(), said)


@data.command()
def withdraw(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="content hashes, ids or paths of images")],
    of: Annotated[Path, typer.Option("--data", help="the data that they are withdrawn from")],
    runs: Annotated[Path, typer.Option(help="the folder below which runs are looked for")] = Path("runs"),
    reason: Annotated[str, typer.Option(help="why, for those who read the ledger")] = "",
    ledger: Annotated[
        Path | None,
        typer.Option(
            help="the ledger (default: vidi-withdrawn.json in the data; another is found by $VIDI_LEDGER)"
        ),
    ] = None,
    image: Image = None,
    target: Target = None,
    json: Json = False,
) -> None:
    """Set images aside for good, and name every run whose model saw them.

    With all their exact copies, on every later load. A model that was trained on them still holds what it learned.
    """
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.ledger import withdraw as verb

    read = reading(image, target, None, None, None)
    done = verb(ids, of, runs=runs, reason=reason, file=ledger, say=Terminal(), read=read).record()
    show.json_or(json, done, lambda: withdrawn(done, runs))


def withdrawn(done: dict[str, Any], runs: Path) -> None:
    """What was marked, what stays although it shows the same, and which models have seen it."""
    from vidi.cli.show import plain, table

    for title, key in (("withdrawn", "withdrawn"), ("withdrawn before", "already")):
        if done[key]:
            typer.echo(f"{title}:")
            table([(entry["path"], entry["hash"][:16], entry["reason"]) for entry in done[key]])
    typer.echo(f"kept in {plain(done['ledger'])}; every later load sets them aside")
    if done["near_copies"]:
        typer.echo("\nthe same picture in other bytes, not withdrawn:")
        table([(path,) for path in done["near_copies"]])
    if not done["runs"]:
        typer.echo(f"\nno run below {plain(str(runs))} has seen them")
    for seen in done["runs"]:
        typer.echo(f"\n{plain(seen['run'])}:")
        table([(f"in {split}", ", ".join(paths)) for split, paths in seen.items() if split != "run"])
    for path in done["unread"]:
        typer.echo(f"\ncould not be read, so nobody knows what its model saw: {plain(path)}")
    typer.echo("\nCached pixels of them stay until `vidi cache --clean`.")


@data.command("ledger")
def ledger_(
    of: Data,
    image: Image = None,
    target: Target = None,
    licence: Licence = None,
    source: Source = None,
    consent: Consent = None,
    json: Json = False,
) -> None:
    """How many images are under which licence, from where, with which consent; what was withdrawn."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.ledger import inspect

    read = reading(image, target, None, None, None, licence=licence, source=source, consent=consent)
    found = inspect(of, say=Terminal(), read=read)
    show.json_or(json, found, lambda: inspected(found))


def inspected(found: dict[str, Any]) -> None:
    """One table for each of licence, source and consent, and every example that was withdrawn or refused."""
    from vidi.cli.show import plain, table

    typer.echo(f"{found['examples']:,} images in {plain(found['data'])}")
    for key, role in (("licences", "licence"), ("sources", "source"), ("consent", "consent")):
        column = found["columns"].get(role)
        where = f"(column {plain(column)})" if column else f"(no column says so; name one with --{role})"
        typer.echo(f"\n{role} {where}:")
        table([(text, f"{count:,}") for text, count in found["ledger"][key].items()])
    for title, key in (("withdrawn", "withdrawn"), ("consent refused, still used", "refused")):
        if found[key]:
            typer.echo(f"\n{title}:")
            table([(where, what) for where, what in found[key]])
