"""The verb that looks inside: where a model looks, and how it is fooled. Each mode has a file of its own in `verbs`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli import seeing
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
    box: Annotated[
        int | None, typer.Option(help="which found box, of a model that finds some (default: 1, the surest)")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="where Grad-CAM and HiResCAM look (default: found)")
    ] = None,
    attack: Annotated[
        str | None, typer.Option(help="fool the model instead (`vidi list attacks`), as pgd")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="the size of a change, as 2/255; several with commas (default: 2/255)")
    ] = None,
    norm: Annotated[str | None, typer.Option(help="how a change is measured: linf or l2")] = None,
    target: Annotated[str | None, typer.Option(help="the label that the attack wants to hear")] = None,
    most: Annotated[int | None, typer.Option(help="how many images are attacked (default: 32)")] = None,
    out: Annotated[
        Path | None, typer.Option(help="a folder for pictures and a page (default: in the run)")
    ] = None,
    of_network: Annotated[
        bool,
        typer.Option(
            "--of-network", help="what its units look for; RUN may be a network's name (lite0), IMAGES data"
        ),
    ] = False,
    view: Annotated[
        list[str] | None,
        typer.Option(
            help="with --of-network: views (`vidi list views`), with commas; default: all that apply"
        ),
    ] = None,
    class_: Annotated[
        str, typer.Option("--class", help="with --of-network: classes, with commas; default: the first")
    ] = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Where does the model look, and why this label?

    Maps of the methods that pass their checks on this model, as pictures and a page; what fails is struck out. Of a
    model that finds things one box is explained (--box), or the pixels of a class (--label). With
    --attack: how small a change fools it, on the images given or those that the run held out (exit code 3 where the
    attack itself is not to be believed). With --of-network: what its units look for.
    """
    if of_network:
        maps = {"--method": method, "--label": label, "--against": against, "--box": box, "--attack": attack}
        _refuse(
            "--of-network", {**maps, "--epsilon": epsilon, "--norm": norm, "--target": target, "--most": most}
        )
        seeing.of_network(run, images or [], view or [], class_, layer, out, seed, as_json=json)
        return
    if view or class_:
        raise UsageError("--view and --class go with --of-network")
    if attack is not None:
        maps = {"--method": method, "--label": label, "--against": against, "--box": box, "--layer": layer}
        _refuse("--attack", maps)
        given = {"epsilon": epsilon, "norm": norm, "target": target, "most": most}
        _attack(run, images, attack, {k: v for k, v in given.items() if v is not None}, out, seed, json)
        return
    _refuse("a map", {"--epsilon": epsilon, "--norm": norm, "--target": target, "--most": most})
    asked = {"method": method, "label": label, "against": against, "box": box, "layer": layer}
    _maps(run, images, asked, out, seed, json)


def _refuse(what: str, given: dict[str, Any]) -> None:
    """Raises UsageError if an option was given that means nothing here."""
    found = [flag for flag, value in given.items() if value is not None]
    if found:
        wanted = (
            "--attack NAME" if what == "a map" else "another question" if what == "--of-network" else "maps"
        )
        raise UsageError(f"{', '.join(found)} belongs to {wanted}, not to {what}; leave it out")


def _maps(
    run: Path, images: list[str] | None, asked: dict[str, Any], out: Path | None, seed: int, json: bool
) -> None:
    from vidi.cli import explained, show
    from vidi.core.progress import Terminal
    from vidi.verbs.explain import explain as verb

    if not images:
        raise UsageError("vidi explain wants images after the run: files, folders, globs or file: URLs")
    place = explained.place(run, images[0]) if out is None else out
    found = verb(run, images, **asked, out=place, seed=seed, say=Terminal())
    content = found.record() | {"folder": str(found.folder)}
    show.json_or(json, content, lambda: explained.maps(found))


def _attack(
    run: Path,
    images: list[str] | None,
    name: str,
    asked: dict[str, Any],
    out: Path | None,
    seed: int,
    json: bool,
) -> None:
    from vidi.cli import explained, show
    from vidi.core.progress import Terminal
    from vidi.verbs.attack import attack as verb

    place = (
        explained.place(run, f"{name}-{Path(images[0]).stem if images else 'held-out'}")
        if out is None
        else out
    )
    found = verb(run, images or None, attack=name, **asked, out=place, seed=seed, say=Terminal())
    content = found.record() | {"folder": str(found.folder)}
    show.json_or(json, content, lambda: explained.attacked(found))
    if not found.believable:
        raise typer.Exit(3)
