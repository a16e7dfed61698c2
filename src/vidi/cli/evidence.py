"""The verbs that ask whether a model can be stood behind: verify. Exit codes say the verdict."""

from pathlib import Path
from typing import Annotated

import typer

from vidi.cli.app import Json, RunPath, app
from vidi.core.measured import Verdict

EXIT = {Verdict.STANDS: 0, Verdict.FAILS: 1, Verdict.CANNOT_TELL: 3}  # 2 is wrong use


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
