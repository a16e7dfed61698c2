"""The same program in many processes (torchrun, accelerate launch): who writes, who waits, what all agree on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Value = TypeVar("Value")
_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


def several() -> bool:
    """Whether others run beside this process, and take part in what it does now."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and not _ALONE.get()


def is_main() -> bool:
    """The first of the processes: it writes, speaks and decides."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def alone() -> Iterator[None]:
    """Inside, what the process does waits for no others: they must not do the same in the meantime."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


@contextmanager
def main_first() -> Iterator[None]:
    """The main process goes through first and the others after it, to find what it kept."""
    if several() and not is_main():
        wait()
    yield
    if several() and is_main():
        wait()


def agreed(make: Callable[[], Value]) -> Value:
    """What the main process makes, in every process; only the main one calls `make`. Values that pickle is safe for:
    they travel between processes that were started together."""
    if not several():
        return make()
    from accelerate.utils import broadcast_object_list

    _state()
    values = [make() if is_main() else None]
    broadcast_object_list(values)
    return values[0]  # type: ignore[return-value]


def wait() -> None:
    """Until every process is here."""
    if several():
        _state().wait_for_everyone()


def _state() -> Any:
    """Accelerate's, made once; a process may wait long, while another one reads a large data set."""
    from datetime import timedelta

    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available(), timeout=timedelta(hours=24))
