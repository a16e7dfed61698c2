"""The verbs that ask whether a model can be stood behind: audit, compare, verify. Exit codes say the verdict."""

from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import Group, Image, Json, RunPath, Seed, SplitColumn, Target, app, reading
from vidi.core.measured import Verdict

EXIT = {Verdict.STANDS: 0, Verdict.FAILS: 1, Verdict.CANNOT_TELL: 3}  # 2 is wrong use


@app.command()
def audit(
    subject: Annotated[Path, typer.Argument(help="a run folder, or a table of anybody's predictions")],
    data: Annotated[
        Path | None, typer.Argument(help="data to judge a run on (default: what it held out)")
    ] = None,
    by: Annotated[str, typer.Option(help="attributes, with commas: every intersection is told")] = "",
    require: Annotated[
        list[str] | None, typer.Option(help='a demand, as "gap(accuracy, sex) <= 0.05"; may be given often')
    ] = None,
    truth: Annotated[str | None, typer.Option(help="a table's column with the true labels")] = None,
    predicted: Annotated[str | None, typer.Option(help="a table's column with the predictions")] = None,
    positive: Annotated[str | None, typer.Option(help="the label whose rates are told")] = None,
    smallest: Annotated[int, typer.Option(help="groups with fewer examples have no rates")] = 10,
    out: Annotated[Path | None, typer.Option(help="where to write (a run's audit: in the run)")] = None,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """For whom does it work, and does it do what was demanded?

    Exit code 0: every demand stands; 1: one fails; 3: cannot tell.
    """
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.audit import audit as verb

    found = verb(
        subject,
        data,
        by=[name.strip() for name in by.split(",") if name.strip()],
        require=require or [],
        truth=truth,
        predicted=predicted,
        group=group,
        positive=positive,
        smallest=smallest,
        out=out,
        seed=seed,
        say=Terminal(),
        read=reading(image, target, group, split, None),
    )
    show.json_or(json, dict(found.results), lambda: show.audited(found.results, found.folder))
    raise typer.Exit(EXIT[found.verdict])


@app.command()
def verify(
    run: RunPath,
    data: Annotated[Path | None, typer.Argument(help="where the data are now (default: as recorded)")] = None,
    json: Json = False,
) -> None:
    """Measure every number of a run's card again.

    Exit code 0: all stand; 1: one fails; 3: cannot tell.
    """
    from vidi.cli import show
    from vidi.core.progress import Terminal
    from vidi.verbs.verify import verify as verb

    found = verb(run, data, say=Terminal())
    show.json_or(json, found.record(), lambda: show.verified(found.record()))
    raise typer.Exit(EXIT[found.verdict])


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="two run folders, or more")],
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Is one run better than another, or is it luck?

    Paired, on the images that all of them held out. Exit code 0: every pair can be told apart; 3: one cannot.
    """
    from vidi.cli import show
    from vidi.verbs.compare import LEVEL
    from vidi.verbs.compare import compare as verb

    found = verb(runs, seed=seed)
    show.json_or(json, found.record(), lambda: show.compared(found.record()))
    raise typer.Exit(0 if all(pair.adjusted < LEVEL for pair in found.pairs) else 3)
