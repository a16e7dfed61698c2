"""The verbs of the main job: check, train, demo, predict, evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import (
    BEGAN,
    Consent,
    Data,
    Group,
    Image,
    Json,
    Layout,
    Licence,
    RunPath,
    Seed,
    Source,
    SplitColumn,
    Target,
    TaskName,
    app,
    reading,
)
from vidi.core.errors import UsageError
from vidi.core.processes import is_main


@app.command()
def check(
    data: Data,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    task: TaskName = None,
    layout: Layout = None,
    licence: Licence = None,
    source: Source = None,
    consent: Consent = None,
    similar: Annotated[bool, typer.Option(help="compare features too, not only perceptual hashes")] = True,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="a run that finds wrong and missing objects where it did not learn; may be given often"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="a folder for report.html, results.json and the papers")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """What is in the data, and what is wrong with it."""
    from vidi.cli import findings, show
    from vidi.core.progress import Terminal
    from vidi.verbs.check import check as verb

    rights = {"licence": licence, "source": source, "consent": consent}
    read = reading(image, target, group, split, task, layout=layout, **rights)
    found = verb(data, similar=similar, against=against or [], seed=seed, out=out, say=Terminal(), **read)
    show.json_or(json, found.content, lambda: findings.data(found.content, found.folder))


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
    layout: Layout = None,
    licence: Licence = None,
    source: Source = None,
    consent: Consent = None,
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

    options = recipe_options(recipe, option or [])
    rights = {"licence": licence, "source": source, "consent": consent}
    read = reading(image, target, group, split, task, layout=layout, **rights)
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
    task: Annotated[str, typer.Option(help="classification, or detection")] = "classification",
    out: Annotated[Path, typer.Option(help="where the run folder goes")] = Path("runs"),
    json: Json = False,
) -> None:
    """Train on the photos that come with vidi.

    Hands that show the digits 0 to 9, split by student; with --task detection blood cells.
    """
    from vidi.cli import show
    from vidi.core.errors import UsageError
    from vidi.core.progress import Terminal
    from vidi.data.embedded import DEMOS
    from vidi.verbs.train import train as verb

    if task not in DEMOS:
        raise UsageError(
            f"--task wants one of {', '.join(DEMOS)}: for these there is a data set; got {task!r}"
        )
    told = DEMOS[task]
    run = verb(
        told.path,
        recipe=recipe,
        minutes=minutes,
        out=out,
        name=told.name,
        say=Terminal(),
        began=BEGAN,
        read=told.read,
    )
    content = {"run": str(run.folder), **run.results}
    show.json_or(json, content, lambda: show.demo(run.folder, run.results, told.remark))


@app.command()
def predict(
    run: RunPath,
    images: Annotated[list[str], typer.Argument(help="files, folders, globs or file: URLs")],
    out: Annotated[
        Path, typer.Option(help="a .csv, .parquet or .jsonl file; for objects also .json (COCO)")
    ] = Path("predictions.csv"),
    sets: Annotated[
        bool, typer.Option("--sets", help="also the labels that hold the true one in 9 of 10 cases")
    ] = False,
    risk: Annotated[
        float | None, typer.Option(help='say "I don\'t know" where more than this share would be wrong')
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(help='say "I don\'t know" below this probability; of objects, leave out lower scores'),
    ] = None,
    draw: Annotated[Path | None, typer.Option(help="a folder for drawings of what was found")] = None,
    json: Json = False,
) -> None:
    """Predict the labels of images and write a table."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.predict import predict as verb

    done = verb(
        run, images, out=out, sets=sets, risk=risk, min_confidence=min_confidence, draw=draw, say=Terminal()
    )
    if not done.answered:
        name, error = done.errors[0]
        raise UsageError(
            f"{show.predicted_in_words(done)} (the first, {name}: {error}); the rows with the reasons are in {out}"
        )
    show.json_or(
        json,
        {**vars(done), "out": str(done.out), "errors": list(done.errors)},
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
    layout: Layout = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Judge a trained model on other data."""
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.evaluate import evaluate as verb

    read = reading(image, target, group, split, None, layout=layout)
    result = verb(run, data, seed=seed, say=Terminal(), read=read)
    show.json_or(json, dict(result.results), lambda: show.numbers(result.results, result.folder))
