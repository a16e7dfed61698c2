"""The verb that looks inside: where a model looks, and how it is fooled. Each mode has a file of its own in `verbs`."""

from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import Json, RunPath, Seed, app
from vidi.core.errors import UsageError


@app.command()
def explain(
    run: RunPath,
    images: Annotated[list[str] | None, typer.Argument(help="files, folders, globs or file: URLs")] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="a map (`vidi list maps`), or all; default: those that pass their checks"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="the label to explain (default: what the model says)")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="the label to hold it against (default: the next likely)")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="where Grad-CAM and HiResCAM look (default: found)")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="a folder for pictures and a page (default: in the run)")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Where does the model look, and why this label?

    Maps of the methods that pass their checks on this model, as pictures and a page; what fails is struck out.
    """
    from vidi.cli import explained, show
    from vidi.core.progress import Terminal
    from vidi.verbs.explain import explain as verb

    if not images:
        raise UsageError("vidi explain wants images after the run: files, folders, globs or file: URLs")
    place = explained.place(run, images[0]) if out is None else out
    found = verb(
        run,
        images,
        method=method,
        label=label,
        against=against,
        layer=layer,
        out=place,
        seed=seed,
        say=Terminal(),
    )
    show.json_or(json, found.record() | {"folder": str(found.folder)}, lambda: explained.maps(found))
