"""`vidi card`: what an author answers; the papers are written anew with it."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import Json, app
from vidi.core.errors import UsageError

card = typer.Typer(help="What only an author can say of a run: asked, answered, and written into its papers.")
app.add_typer(card, name="card", no_args_is_help=True)

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
