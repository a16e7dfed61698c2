"""`vidi convert`: the same data in another layout."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli.app import Data, Image, Json, Layout, SplitColumn, Target, TaskName, app


@app.command()
def convert(
    data: Data,
    to: Annotated[str, typer.Option(help="the layout to write: coco, voc, yolo, masks, folder, parquet")],
    out: Annotated[Path | None, typer.Option(help="a new folder (default: NAME-TO here)")] = None,
    image: Image = None,
    target: Target = None,
    split: SplitColumn = None,
    task: TaskName = None,
    layout: Layout = None,
    json: Json = False,
) -> None:
    """The same data in another layout.

    Images are copied to the byte; what the layout cannot hold is counted.
    """
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.convert import convert as verb

    found = verb(
        data,
        out,
        to=to,
        layout=layout,
        image=image,
        target=target,
        split_column=split,
        task=task,
        say=Terminal(),
    ).record()
    show.json_or(json, found, lambda: told(found))


def told(found: dict[str, Any]) -> None:
    """The record in sentences."""
    drawn = f" with {found['objects']:,} objects" if found["objects"] else ""
    typer.echo(
        f"{found['folder']}: {found['images']:,} images{drawn}, read as {found['from']}, as {found['to']}"
    )
    for kind, count in found["noticed"].items():
        typer.echo(
            f"  on reading: {count:,} remark{'' if count == 1 else 's'} of the kind {kind}; see `vidi check`"
        )
    for what, count in found["lost"].items():
        typer.echo(f"  not in this layout: {what}: {count:,}")
    if not found["lost"]:
        typer.echo("  nothing that was read is lost")
