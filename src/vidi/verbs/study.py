"""A question about learning answered on the spot: claims with verdicts, pictures, and a file with both."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi import catalog
from vidi.core.device import machine, versions
from vidi.core.errors import UsageError
from vidi.core.files import write_json
from vidi.core.measured import Verdict
from vidi.core.progress import Quiet, Say
from vidi.core.study import Studied
from vidi.verbs.repaint import write


@dataclass(frozen=True)
class Answered:
    """What a study found, where it was written, and how long it took."""

    name: str
    folder: Path
    found: Studied
    seconds: float

    @property
    def verdict(self) -> Verdict:
        return self.found.verdict

    def record(self) -> dict[str, Any]:
        return {
            "study": self.name,
            "verdict": str(self.verdict),
            "claims": [one.record() for one in self.found.stated],
            "pictures": [f"{name}.png" for name in self.found.pictures],
            "seconds": round(self.seconds, 1),
        }


def study(
    name: str, *, out: str | Path | None = None, seed: int = 0, say: Say | None = None, **options: Any
) -> Answered:
    """Carry out a study (`vidi list studies`); study.json and its pictures go to `out`, else to `studies/NAME/`.

    Raises UsageError for a study or an option that there is not.
    """
    member = catalog.load("studies", name)
    known = [option.name for option in catalog.options("studies", name, "study") if option.name != "say"]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"{name} has no option {unknown[0]!r}; it has {', '.join(known)}")
    began = time.monotonic()
    found: Studied = member.study(seed=seed, say=say or Quiet(), **options)
    folder = Path(out) if out else Path("studies") / name
    answered = Answered(name, folder, found, time.monotonic() - began)
    for title, image in found.pictures.items():
        write(folder / f"{title}.png", image)
    write_json(folder / "study.json", answered.record() | {"machine": machine(), "versions": versions()})
    return answered
