"""The verbs that ask whether a model can be stood behind: audit, compare, verify. Exit codes say the verdict."""

from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import Group, Image, Json, RunPath, Seed, SplitColumn, Target, app, reading
from vidi.core.measured import Verdict

EXIT = {Verdict.STANDS: 0, Verdict.FAILS: 1, Verdict.CANNOT_TELL: 3}  # 2 is wrong use


@app.command()
def audit(
    subject: Annotated[
        Path, typer.Argument(help="a run folder, a table of anybody's predictions, or a published table")
    ],
    data: Annotated[
        Path | None, typer.Argument(help="data to judge a run on (default: what it held out)")
    ] = None,
    by: Annotated[str, typer.Option(help="attributes, with commas: every intersection is told")] = "",
    require: Annotated[
        list[str] | None, typer.Option(help='a demand, as "gap(accuracy, sex) <= 0.05"; may be given often')
    ] = None,
    truth: Annotated[str | None, typer.Option(help="a table's column with the true labels")] = None,
    predicted: Annotated[str | None, typer.Option(help="a table's column with the predictions")] = None,
    counts: Annotated[str | None, typer.Option(help="a published table's column with each group's n")] = None,
    error: Annotated[
        str | None, typer.Option(help="its column with errors in percent, 6.0|9.8 where two circulate")
    ] = None,
    positive: Annotated[str | None, typer.Option(help="the label whose rates are told")] = None,
    good: Annotated[
        str | None, typer.Option(help="the label that is good to get: who gets it, who pays?")
    ] = None,
    threshold: Annotated[
        list[float] | None, typer.Option(help="of the positive label's probability; may be given often")
    ] = None,
    score: Annotated[
        str | None, typer.Option(help="a column of numbers that --threshold cuts instead")
    ] = None,
    smallest: Annotated[int, typer.Option(help="groups with fewer examples have no rates")] = 10,
    slices: Annotated[bool, typer.Option("--slices", help="look for groups that nobody named")] = False,
    corruptions: Annotated[
        str,
        typer.Option(help="names with commas, standard (ImageNet-C's fifteen) or all: accuracy under them"),
    ] = "",
    dials: Annotated[str, typer.Option(help="the six difficulties: names with commas, or all")] = "",
    elephant: Annotated[
        str | None, typer.Option(help="a cut-out to paste in: a file, a folder of such, or drawn")
    ] = None,
    steadiness: Annotated[
        bool, typer.Option("--steadiness", help="ask again, alone and in other batches")
    ] = False,
    most: Annotated[int, typer.Option(help="images that are spoiled, at most")] = 500,
    baseline: Annotated[
        Path | None, typer.Option(help="a run whose errors under corruptions are what errors are divided by")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="where to write (a run's audit: in the run)")] = None,
    image: Image = None,
    target: Target = None,
    group: Group = None,
    split: SplitColumn = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """For whom does it work, and where does it break?

    Exit code 0: every demand stands; 1: one fails; 3: cannot tell.
    """
    from vidi.cli import audited, show
    from vidi.core.progress import Terminal
    from vidi.verbs.audit import audit as verb

    found = verb(
        subject,
        data,
        by=words(by),
        require=require or [],
        truth=truth,
        predicted=predicted,
        counts=counts,
        error=error,
        group=group,
        positive=positive,
        good=good,
        score=score,
        thresholds=threshold or [],
        smallest=smallest,
        slices=slices,
        corruptions=words(corruptions),
        dials=words(dials),
        elephant=elephant,
        steadiness=steadiness,
        most=most,
        baseline=baseline,
        out=out,
        seed=seed,
        say=Terminal(),
        read=reading(image, target, group, split, None),
    )
    show.json_or(json, dict(found.results), lambda: audited.told(found.results, found.folder))
    raise typer.Exit(EXIT[found.verdict])


def words(text: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


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
