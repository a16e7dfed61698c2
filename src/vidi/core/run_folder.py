"""Where a run is written: names, schemas with versions, checksums."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.files import cannot_write, read_json, sha256, write_json
from vidi.core.processes import agreed, is_main
from vidi.version import VERSION

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class RunFolder:
    """One run's folder (DESIGN: the run folder). JSON in it carries `schema`: `vidi/<what>/<version>`."""

    path: Path

    @staticmethod
    def create(parent: Path, name: str, *, today: date | None = None) -> "RunFolder":
        """`parent/2026-11-22-name`, with `-2`, `-3`, … where that exists; raises UsageError if it can't be made."""
        return RunFolder(Path(agreed(lambda: str(RunFolder._made(parent, name, today)))))

    @staticmethod
    def _made(parent: Path, name: str, today: date | None) -> Path:
        safe = re.sub(r"[^\w.-]+", "-", name, flags=re.UNICODE).strip("-.")[:60] or "data"
        stem = f"{today or date.today()}-{safe}"
        for count in range(1, 10_000):
            path = parent / (stem if count == 1 else f"{stem}-{count}")
            try:
                path.mkdir(parents=True)
                return path
            except FileExistsError:
                continue
            except OSError as error:
                raise cannot_write(path, error) from error
        raise UsageError(f"{parent} holds 10,000 runs named {stem}; give another --name")

    @staticmethod
    def open(path: Path) -> "RunFolder":
        """An existing run; raises UsageError if `path` isn't one."""
        if not path.is_dir():
            raise UsageError(
                f"a run folder was wanted; {path} {'is a file' if path.exists() else 'does not exist'}"
            )
        if not (path / "recipe.json").exists() and not (path / "model.json").exists():
            raise UsageError(f"{path} is not a run folder: it has neither recipe.json nor model.json")
        return RunFolder(path)

    def write(self, name: str, what: str, content: dict[str, Any]) -> None:
        """A JSON document with its schema in front, written by the main process."""
        if is_main():
            write_json(self.path / name, {"schema": f"vidi/{what}/{SCHEMA_VERSION}", **content})

    def read(self, name: str, what: str) -> dict[str, Any]:
        """A JSON document of this version or an older one, whose bytes are those that were written."""
        self.check(name)
        content = read_json(self.path / name)
        schema = content.get("schema", "") if isinstance(content, dict) else ""
        match = re.fullmatch(rf"vidi/{what}/(\d+)", str(schema))
        if match is None:
            raise UsageError(
                f"{self.path / name} should say schema vidi/{what}/{SCHEMA_VERSION}; it says {schema!r}"
            )
        if int(match[1]) > SCHEMA_VERSION:
            raise UsageError(
                f"{self.path / name} was written by a newer vidi (schema {match[1]}, this one reads up to "
                f"{SCHEMA_VERSION}); upgrade vidi"
            )
        return dict(content)

    def decide(self, name: str, make: Callable[[], Any]) -> Any:
        """What was decided under `name` before; else `make()`, kept for a run that resumes.

        JSON values only, and as JSON gives them back (tuples as lists) also the first time. Of many processes the
        main one decides for all.
        """
        return agreed(lambda: self._decided(name, make))

    def _decided(self, name: str, make: Callable[[], Any]) -> Any:
        path = self.path / "checkpoints" / "decisions.json"
        decisions = read_json(path) if path.exists() else {}
        if name not in decisions:
            decisions[name] = json.loads(json.dumps(make()))
            write_json(path, decisions)
        return decisions[name]

    def seal(self) -> None:
        """Write every file's checksum; from then on a changed byte is noticed."""
        self._seal(p.name for p in self.path.iterdir() if p.is_file() and p.name != MANIFEST)

    def unseal(self) -> None:
        """No checksums any more: what a folder held is about to be replaced by new results."""
        (self.path / MANIFEST).unlink(missing_ok=True)

    def reseal(self, written: Iterable[str]) -> None:
        """The checksums once more after some files were written anew; what else lies there now is not taken in.

        Whoever calls this has made sure that `changed` named nothing but what was to be written.
        """
        known = self.read(MANIFEST, "manifest")["sha256"]
        self._seal(name for name in {*known, *written} if (self.path / name).exists())

    def seal_also(self, name: str) -> None:
        """Take one file in that was written later, or anew; every other checksum, and the papers' version, stays."""
        manifest = self.read(MANIFEST, "manifest")
        digests = {**manifest["sha256"], name: sha256(self.path / name)}
        self.write(MANIFEST, "manifest", {"vidi": manifest["vidi"], "sha256": dict(sorted(digests.items()))})

    def _seal(self, names: Iterable[str]) -> None:
        digests = {name: sha256(self.path / name) for name in sorted(names)}
        self.write(MANIFEST, "manifest", {"vidi": VERSION, "sha256": digests})

    def changed(self) -> dict[str, str]:
        """What became of each sealed file that is not as it was written; empty if all are."""
        found = {}
        for name, digest in self.read(MANIFEST, "manifest")["sha256"].items():
            path = self.path / name
            if not path.exists():
                found[name] = "the file is gone"
            elif sha256(path) != digest:
                found[name] = "the file has changed since the run wrote it"
        return found

    @property
    def sealed(self) -> bool:
        return (self.path / MANIFEST).exists()

    def check(self, name: str) -> None:
        """Raises UsageError if a sealed file has changed since it was written, or is gone."""
        if name == MANIFEST or not self.sealed:
            return
        known = self.read(MANIFEST, "manifest").get("sha256", {})
        if name not in known:
            return
        path = self.path / name
        if not path.exists():
            raise UsageError(f"{path} is missing, though this run wrote it; restore it or train again")
        if sha256(path) != known[name]:
            raise UsageError(
                f"{path} has changed since the run wrote it (its checksum differs); restore it or train again"
            )
