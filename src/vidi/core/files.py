"""Writes that are all there or not at all, and paths that stay inside their folder."""

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from vidi.core.errors import UsageError


@contextlib.contextmanager
def atomic(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """A file that appears under its name only when it is complete and on the disk.

    Raises UsageError with a sentence if the folder is read-only or the disk is full; nothing half-written stays.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        temporary = Path(name)
        text = "b" not in mode
        with open(handle, mode, encoding="utf-8" if text else None, newline="" if text else None) as stream:  # noqa: PTH123
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> UsageError:
    """The sentence for a disk that takes nothing."""
    why = {
        errno.ENOSPC: "the disk is full; free some space or choose another place",
        errno.EROFS: "the disk is read-only; choose another place",
        errno.EACCES: "the folder may not be written; choose another place or change its permissions",
        errno.EPERM: "the folder may not be written; choose another place or change its permissions",
        errno.ENOTDIR: "a part of the path is a file, not a folder; choose another place",
        errno.EEXIST: "a part of the path is a file, not a folder; choose another place",
        errno.ENOENT: "no folder can be made there; choose another place",
        errno.EISDIR: "a folder has that name; choose another name",
        errno.EDQUOT: "the disk quota is used up; free some space or choose another place",
    }.get(error.errno or 0, error.strerror or str(error))
    return UsageError(f"{path} cannot be written: {why}")


def write_json(path: Path, content: Any) -> None:
    """Indented, sorted as given, UTF-8, atomic. NaN is a mistake of ours."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic(path, "w") as stream:
        stream.write(text + "\n")


def read_json(path: Path, *, largest_bytes: int = 64 << 20) -> Any:
    """The content of a JSON file of bounded size; raises UsageError if it is not JSON."""
    try:
        if path.stat().st_size > largest_bytes:
            raise UsageError(f"{path} is larger than {largest_bytes >> 20} MiB: not a file that vidi wrote")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} is missing; is its folder one that vidi wrote?") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is not readable JSON ({error}); restore it from a copy") from None


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def inside(root: Path, relative: str) -> Path | None:
    """`root / relative`, or None where that leaves `root` (by `..`, an absolute path or a link)."""
    path = root / relative
    try:
        return path if path.resolve().is_relative_to(root.resolve()) else None
    except (OSError, RuntimeError, ValueError):  # a looping link, or a NUL in the name
        return None
