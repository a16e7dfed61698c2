"""The command line's frame: the app that every verb joins, and the words that several verbs share."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

BEGAN = time.monotonic()
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
Layout = Annotated[
    str | None,
    typer.Option(
        help="how the data are laid out (`vidi list readers`), as NAME or NAME:PART-OF-A-PATH; found out"
    ),
]
TaskName = Annotated[
    str | None, typer.Option(help="what is asked (`vidi list tasks`); found out if not given")
]
Licence = Annotated[
    str | None, typer.Option("--licence", "--license", help="the column with each image's licence")
]
Source = Annotated[str | None, typer.Option(help="the column that says where each image is from")]
Consent = Annotated[str | None, typer.Option(help="the column that says whether its use was consented to")]
Seed = Annotated[int, typer.Option(help="what all randomness starts from")]


def reading(
    image: str | None,
    target: str | None,
    group: str | None,
    split: str | None,
    task: str | None,
    **rights: str | None,
) -> dict[str, Any]:
    """The options that say how to read, without those that were not given; `rights` are licence, source, consent."""
    given = {"image": image, "target": target, "group": group, "split_column": split, "task": task, **rights}
    return {name: value for name, value in given.items() if value is not None}
