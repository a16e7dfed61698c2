"""The verbs that paint and study: dream, style, study."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli.app import Json, Seed, app
from vidi.cli.evidence import EXIT
from vidi.core.errors import UsageError

Photo = Annotated[Path, typer.Argument(help="a picture")]
Network = Annotated[str, typer.Option(help="a run folder, or a pretrained network's name")]
Out = Annotated[Path | None, typer.Option(help="the file to write (.png, .jpg or .webp)")]
Size = Annotated[int, typer.Option("--size", help="the longer side in pixels")]
Options = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="another option; see `vidi show`")
]


@app.command()
def dream(
    photo: Photo,
    guide: Annotated[Path | None, typer.Option(help="a picture of what to dream of")] = None,
    network: Network = "lite0",
    layer: Annotated[str | None, typer.Option(help="whose activations grow")] = None,
    out: Out = None,
    size: Size = 384,
    seed: Seed = 0,
    option: Options = None,
    json: Json = False,
) -> None:
    """DeepDream: what a network sees in a photo, drawn into it."""
    from vidi.core.progress import Terminal
    from vidi.verbs.repaint import dream as verb

    more = given("repaintings", "dream", "repaint", option) | ({"layer": layer} if layer else {})
    told(
        json,
        verb(photo, out=out, guide=guide, network=network, size_px=size, seed=seed, say=Terminal(), **more),
    )


@app.command()
def style(
    content: Photo,
    style: Annotated[Path, typer.Argument(help="the picture whose manner is taken")],
    network: Network = "lite0",
    weight: Annotated[float | None, typer.Option("--style-weight", help="more is more of the style")] = None,
    out: Out = None,
    size: Size = 256,
    seed: Seed = 0,
    option: Options = None,
    json: Json = False,
) -> None:
    """Style transfer: a photo's content in another picture's manner."""
    from vidi.core.progress import Terminal
    from vidi.verbs.repaint import style as verb

    more = given("repaintings", "style", "repaint", option) | ({} if weight is None else {"style": weight})
    told(
        json, verb(content, style, out=out, network=network, size_px=size, seed=seed, say=Terminal(), **more)
    )


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="which one; see `vidi list studies`")],
    out: Annotated[Path | None, typer.Option(help="a folder for study.json and the pictures")] = None,
    seed: Seed = 0,
    option: Options = None,
    json: Json = False,
) -> None:
    """A question about learning, answered on the spot.

    Exit code 0: every claim stands; 1: one fails; 3: cannot tell.
    """
    from vidi.cli.show import json_or
    from vidi.core.progress import Terminal
    from vidi.verbs.study import study as verb

    more = given("studies", name, "study", option)
    found = verb(name, out=out, seed=seed, say=Terminal(), **more)
    json_or(json, found.record(), lambda: studied(found.record(), found.folder))
    raise typer.Exit(EXIT[found.verdict])


def of_network(
    run: Path,
    data: list[str],
    views: list[str],
    classes: str,
    layer: str | None,
    out: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """`vidi explain RUN [DATA] --of-network`: what was painted and found, and what does not apply."""
    from vidi.cli.show import json_or, plain
    from vidi.core.progress import Terminal
    from vidi.verbs.look import look

    if len(data) > 1:
        raise UsageError(f"--of-network looks at one data set; got {len(data)} paths")
    found = look(
        run,
        data[0] if data else None,
        views=views,
        classes=[name for name in classes.split(",") if name.strip()],
        layers=[layer] if layer else [],
        out=out,
        seed=seed,
        say=Terminal(),
    )

    def words() -> None:
        for one in found.sights:
            typer.echo(plain(f"{one.title}: {one.caption}"))
        for name, reason in found.left_out:
            typer.echo(plain(f"not shown: {name} ({reason})"))
        typer.echo(f"\nThe page: {found.folder / 'report.html'}")

    json_or(as_json, found.record(), words)


def given(kind: str, name: str, function: str, words: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` as the member's own options, each as its type wants; raises UsageError otherwise."""
    from vidi import catalog
    from vidi.cli.cards import INTERNAL
    from vidi.cli.options import converted

    catalog.load_name(kind, name)
    known = {o.name: o for o in catalog.options(kind, name, function) if o.name not in (*INTERNAL, "seed")}
    found: dict[str, Any] = {}
    for word in words or []:
        key, equals, value = word.partition("=")
        if not equals or key.replace("-", "_") not in known:
            raise UsageError(f"--option wants NAME=VALUE with one of {', '.join(known)}; got {word!r}")
        option = known[key.replace("-", "_")]
        listed = option.annotation.startswith("Sequence")
        found[option.name] = tuple(value.split(",")) if listed else converted(option, value)
    return found


def told(as_json: bool, path: Path) -> None:
    """Where the picture is."""
    from vidi.cli.show import json_or

    json_or(as_json, {"out": str(path)}, lambda: typer.echo(f"written to {path}"))


def studied(record: dict[str, Any], folder: Path) -> None:
    """Each claim with its verdict and number."""
    for claim in record["claims"]:
        interval = f" [{claim['low']:.3g}, {claim['high']:.3g}]" if claim["n"] > 1 else ""
        typer.echo(f"{claim['verdict']}: {claim['sentence']}")
        typer.echo(f"    {claim['name']}: {claim['value']:.3g}{interval}, wanted {claim['bound']}")
    pictures = ", ".join(str(folder / name) for name in record["pictures"])
    typer.echo(f"\n{record['seconds']:g} s in all. The pictures: {pictures}")
