"""What a person sees while something takes longer than two seconds."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class Say(Protocol):
    """Where messages and progress go; the edge decides how they look."""

    def __call__(self, message: str) -> None: ...

    def track(self, what: str, done: int, total: int, detail: str = "") -> None:
        """`done` of `total` (0: nobody knows yet); may be called as often as one likes."""
        ...


class Quiet:
    """Says nothing: for use as a library and in tests."""

    def __call__(self, message: str) -> None:
        return

    def track(self, what: str, done: int, total: int, detail: str = "") -> None:
        return


class Terminal:
    """Messages on standard error; a bar on a terminal, a line every ten seconds elsewhere.

    A bar appears only when two seconds have passed, so quick things leave no trace.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.live = sys.stderr.isatty()
        self.what, self.began, self.shown = "", 0.0, 0.0

    def __call__(self, message: str) -> None:
        self._clear()
        print(message, file=sys.stderr, flush=True)

    def track(self, what: str, done: int, total: int, detail: str = "") -> None:
        now = self.clock()
        if what != self.what:
            self.what, self.began, self.shown = what, now, now
        pause = 0.2 if self.live else 10.0
        over = 0 < total <= done
        if now - self.began < 2.0 or (now - self.shown < pause and not over):
            return
        self.shown = now
        left = (now - self.began) * (total - done) / max(done, 1)
        of = f"/{total:,}" if total else ""
        time_said = f"{left:.0f} s left" if total else f"{now - self.began:.0f} s"
        line = f"{what} {done:,}{of}  {detail}{'  ' if detail else ''}{time_said}"
        if not self.live:
            print(line, file=sys.stderr, flush=True)
        else:
            filled = round(24 * done / total) if total else 0
            print(f"\r\x1b[2K{'━' * filled}{'─' * (24 - filled)} {line}", end="", file=sys.stderr, flush=True)
        if over:
            self._clear()

    def _clear(self) -> None:
        if self.live and self.what:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def tracked(items: Iterable[T], say: Say, what: str, total: int) -> Iterator[T]:
    """The items, with progress said for each."""
    for count, item in enumerate(items, start=1):
        yield item
        say.track(what, count, total)
