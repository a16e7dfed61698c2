"""`vidi VERB …`: the entry; errors are one sentence and exit code 2."""

import atexit
import errno
import functools
import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vidi.cli import convert, evidence, explain, journey, papers, seeing  # noqa: F401  (their verbs join the app)
from vidi.cli.app import Json, app
from vidi.cli.show import plain
from vidi.core.errors import UsageError
from vidi.core.files import cannot_write

atexit.register(gc.freeze)  # at the end, looking through a million objects for garbage takes half a second
INTERRUPTED = 130
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)


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
        # 130 after Ctrl-C
        code = command()(args=asked(sys.argv[1:]), prog_name="vidi", standalone_mode=False)
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


@functools.cache
def command() -> Any:
    """All verbs with their options, put together once."""
    return typer.main.get_command(app)


def asked(words: list[str]) -> list[str]:
    """The words with a recipe's own options spelled out."""
    if words[:1] != ["train"]:
        return words
    from vidi.cli.options import spelled_out

    own = {
        flag: bool(getattr(parameter, "is_flag", False))
        for parameter in command().commands["train"].params
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
