"""`vidi VERB …`: every verb's words and options; errors are one sentence and exit code 2."""

import atexit
import errno
import gc
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli.show import plain
from vidi.core.errors import UsageError
from vidi.core.files import cannot_write
from vidi.core.processes import is_main

BEGAN = time.monotonic()
atexit.register(gc.freeze)  # at the end, looking through a million objects for garbage takes half a second
INTERRUPTED = 130
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
app = typer.Typer(
    help="vidi: from a folder of images to a vision model you can stand behind.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[Path, typer.Argument(help="a folder of images, a table, Parquet files or tar shards")]
RunPath = Annotated[Path, typer.Argument(help="a run folder")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for machines")]
Image = Annotated[str | None, typer.Option(help="the column that names the images")]
Target = Annotated[str | None, typer.Option(help="the column with the labels")]
Group = Annotated[str | None, typer.Option(help="a column whose values stay on one side of the split")]
SplitColumn = Annotated[str | None, typer.Option("--split", help="the column that names the split")]
TaskName = Annotated[str | None, typer.Option(help="classification or multilabel; found out if not given")]
Seed = Annotated[int, typer.Option(help="what all randomness starts from")]


def reading(
    image: str | None, target: str | None, group: str | None, split: str | None, task: str | None
) -> dict[str, Any]:
    """The options that say how to read, without those that were not given."""
    given = {"image": image, "target": target, "group": group, "split_column": split, "task": task}
    return {name: value for name, value in given.items() if value is not None}


@app.command()
def check(
    data: Data,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    task: TaskName = None,
    similar: Annotated[bool, typer.Option(help="compare features too, not only perceptual hashes")] = True,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """What is in the data, and what is wrong with it."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.check import check as verb

    found = verb(
        data, similar=similar, seed=seed, say=Terminal(), **reading(image, target, group, split, task)
    )
    show.json_or(json, found.content, lambda: show.data(found.content))


@app.command()
def train(
    data: Annotated[Path | None, typer.Argument(help="what to train on (not with --resume)")] = None,
    recipe: Annotated[str, typer.Option(help="how to train; see `vidi list recipes`")] = "auto",
    minutes: Annotated[float | None, typer.Option(help="how long all of it may take")] = None,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    task: TaskName = None,
    out: Annotated[Path, typer.Option(help="where run folders go")] = Path("runs"),
    name: Annotated[str | None, typer.Option(help="the run's name")] = None,
    seed: Seed = 0,
    resume: Annotated[Path | None, typer.Option(help="a stopped run to go on with")] = None,
    checkpoint_seconds: Annotated[float, typer.Option(help="seconds between checkpoints")] = 30.0,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="an option of the recipe; --NAME VALUE does too"),
    ] = None,
    json: Json = False,
) -> None:
    """Train a model and write its run folder.

    Every option of the recipe is a flag too: `vidi show finetune` lists them.
    """
    from vidi.cli import show
    from vidi.cli.options import recipe_options

    options, read = recipe_options(recipe, option or []), reading(image, target, group, split, task)
    if (data is None) == (resume is None):
        raise UsageError("vidi train wants either data or --resume RUN; see `vidi train --help`")
    if resume is not None and (options or read or minutes or name or seed or recipe != "auto"):
        raise UsageError("--resume goes on with what the run recorded; leave the other options out")
    from vidi.core.progress import Terminal

    if resume is not None:
        from vidi.verbs.resume import resume as again

        run = again(resume, say=Terminal(), checkpoint_seconds=checkpoint_seconds)
    else:
        from vidi.verbs.train import train as verb

        run = verb(
            Path(str(data)),
            recipe=recipe,
            minutes=minutes,
            seed=seed,
            out=out,
            name=name,
            say=Terminal(),
            began=BEGAN,
            read=read,
            checkpoint_seconds=checkpoint_seconds,
            **options,
        )
    if is_main():
        show.json_or(json, {"run": str(run.folder), **run.results}, lambda: show.run(run.folder, run.results))


@app.command()
def demo(
    minutes: Annotated[float | None, typer.Option(help="how long all of it may take")] = 3.0,
    recipe: Annotated[str, typer.Option(help="how to train")] = "auto",
    out: Annotated[Path, typer.Option(help="where the run folder goes")] = Path("runs"),
    json: Json = False,
) -> None:
    """Train on the photos that come with vidi.

    Hands that show the digits 0 to 9, split by student.
    """
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.data.embedded import sign_digits
    from vidi.verbs.train import train as verb

    read = {"target": "digit", "group": "student"}
    path = sign_digits()
    run = verb(
        path,
        recipe=recipe,
        minutes=minutes,
        out=out,
        name="sign-digits",
        say=Terminal(),
        began=BEGAN,
        read=read,
    )
    show.json_or(json, {"run": str(run.folder), **run.results}, lambda: show.demo(run.folder, run.results))


@app.command()
def predict(
    run: RunPath,
    images: Annotated[list[str], typer.Argument(help="files, folders, globs or file: URLs")],
    out: Annotated[Path, typer.Option(help="a .csv, .parquet or .jsonl file")] = Path("predictions.csv"),
    json: Json = False,
) -> None:
    """Predict the labels of images and write a table."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.predict import predict as verb

    done = verb(run, images, out=out, say=Terminal())
    if not done.answered:
        name, error = done.errors[0]
        raise UsageError(
            f"{show.predicted_in_words(done)} (the first, {name}: {error}); the rows with the reasons are in {out}"
        )
    show.json_or(
        json,
        {"out": str(done.out), "answered": done.answered, "failed": done.failed, "errors": list(done.errors)},
        lambda: show.predicted(done),
    )


@app.command()
def evaluate(
    run: RunPath,
    data: Data,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Judge a trained model on other data."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.evaluate import evaluate as verb

    result = verb(run, data, seed=seed, say=Terminal(), read=reading(image, target, group, split, None))
    show.json_or(json, dict(result.results), lambda: show.numbers(result.results, result.folder))


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(help="recipes, networks, augmentations, …")] = None,
    json: Json = False,
) -> None:
    """What there is of a kind."""
    from vidi.cli import cards

    cards.members(kind, as_json=json)


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="a recipe, network, augmentation, …")], json: Json = False
) -> None:
    """What a technique is, where it comes from, and its options."""
    from vidi.cli import cards

    cards.show(name, as_json=json)


@app.command()
def cache(clean: Annotated[bool, typer.Option("--clean", help="remove everything in it")] = False) -> None:
    """Where pixels and features are kept.

    What was decoded and computed is found again; it may be removed at any time.
    """
    from vidi.data.store import Cache

    kept = Cache()
    if clean:
        kept.clean()
    typer.echo(f"{kept.root}: {kept.size_bytes / 2**20:,.1f} MiB")


@app.command()
def version() -> None:
    """The version."""
    from vidi.version import VERSION

    typer.echo(VERSION)


def main() -> None:
    """Run the command line; exit 0 when done, 2 for wrong use or a disk that takes nothing, 130 after Ctrl-C."""
    try:
        code = app(args=asked(sys.argv[1:]), prog_name="vidi", standalone_mode=False)  # 130 after Ctrl-C
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except UsageError as error:
        code = refused(str(error))
    except OSError as error:
        if error.errno not in DISK:
            raise
        code = refused(str(cannot_write(Path(error.filename or "the run"), error)))
    except Exception as error:
        if not hasattr(error, "format_message"):  # what the command line's own errors have
            raise
        code = refused(*in_words(error))
    if code == INTERRUPTED:
        print("vidi: stopped; go on with vidi train --resume RUN", file=sys.stderr)
    sys.exit(code)


def asked(words: list[str]) -> list[str]:
    """The words with a recipe's own options spelled out."""
    if words[:1] != ["train"]:
        return words
    from vidi.cli.options import spelled_out

    command: Any = typer.main.get_command(app)
    own = {
        flag: bool(getattr(parameter, "is_flag", False))
        for parameter in command.commands["train"].params
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    return ["train", *spelled_out(words[1:], own | {"--help": True})]


def refused(sentence: str, sign: str = "vidi: ") -> int:
    """Exit code 2, after the sentence on standard error."""
    print(sign + plain(sentence) if sign else sentence, file=sys.stderr)
    return 2


def in_words(error: Any) -> tuple[str, str]:
    """One sentence for an unknown verb or an option's wrong value; the whole help where nothing was asked for."""
    words = str(error.format_message()).strip().rstrip(".")
    context = getattr(error, "ctx", None)
    if words.startswith("Usage:"):
        return words, ""
    return f"{words}; see `{context.command_path if context else 'vidi'} --help`", "vidi: "


if __name__ == "__main__":
    main()
