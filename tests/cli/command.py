"""`vidi …` in this process, as a person sees it: exit code, standard output, standard error."""

import contextlib
import io
import sys
from dataclasses import dataclass
from unittest import mock

from vidi.cli.main import main


@dataclass(frozen=True)
class Seen:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence of an error; nothing else may have been said."""
        assert self.code == 2, self
        lines = self.err.strip().splitlines()
        assert len(lines) == 1 and lines[0].startswith("vidi: "), self.err
        assert "Traceback" not in self.err and self.out == ""
        return lines[0].removeprefix("vidi: ")


def vidi(*words: object) -> Seen:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["vidi", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
    return Seen(int(code), out.getvalue(), err.getvalue())


def refused(*words: object) -> str:
    """The sentence with which the command is refused."""
    return vidi(*words).sentence
