"""Which file a table's cell means: by path, by name, by name without its suffix; never one outside the folder."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Match:
    """The file a cell means, or in `kind` and `what` why there is none."""

    file: str | None = None
    kind: str = ""
    what: str = ""


NOTHING = Match(None, "missing file", "names no image; left out")
OUTSIDE = Match(None, "outside", "names a file outside of the folder; left out")
MISSING = Match(None, "missing file", "names a file that is not there; left out")
SEVERAL = Match(None, "several files", "names several files of the folder; give the path; left out")


class Files:
    """The image files of a folder, found by what people write in tables. Nothing on the disk is touched."""

    def __init__(self, root: Path, files: Sequence[str], *, base: str = "") -> None:
        self.root, self.base = root, base
        self.known = frozenset(files)
        self.endings: dict[str, list[str]] = {}
        for file in files:
            name = file.rsplit("/", 1)[-1]
            for key in {name, posixpath.splitext(name)[0]}:
                self.endings.setdefault(key, []).append(file)
        self.roots = tuple({posixpath.join(str(each), "") for each in (root, _resolved(root))})

    def find(self, text: str) -> Match:
        """The one file that `text` means: its path from the table or the root, else a path that ends like it."""
        relative = self._relative(text)
        if relative is None:
            return OUTSIDE
        for start in dict.fromkeys((self.base, "")):
            whole = posixpath.normpath(posixpath.join(start, relative))
            if whole in self.known:
                return Match(whole)
        if posixpath.normpath(posixpath.join(self.base, relative)).startswith("../"):
            return OUTSIDE
        return self._by_ending(posixpath.normpath(relative))

    def _by_ending(self, path: str) -> Match:
        folder, _, name = path.rpartition("/")
        found = self.endings.get(name, [])
        ending = f"/{folder}" if folder else ""
        found = [file for file in found if f"/{posixpath.dirname(file)}".endswith(ending)]
        exact = [file for file in found if file.endswith(name)] or found
        if len(exact) == 1:
            return Match(exact[0])
        return SEVERAL if exact else MISSING

    def _relative(self, text: str) -> str | None:
        """`text` as a path from the table's folder; None for an absolute path elsewhere."""
        path = text.strip()
        if path not in self.known and "\\" in path:
            path = path.replace("\\", "/")
        path = path.removeprefix("file://")
        for root in self.roots:
            if path.startswith(root):
                return posixpath.relpath(path[len(root) :], self.base or ".")
        if path.startswith("/") or path[1:3] == ":/":
            return None
        return path


def _resolved(root: Path) -> Path:
    try:
        return root.resolve()
    except (OSError, RuntimeError):
        return root
