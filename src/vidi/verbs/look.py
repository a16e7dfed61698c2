"""What a network looks for: every view that applies, as pictures and a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.files import atomic, write_json
from vidi.core.network import Preprocessing
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.documents import network_page
from vidi.explanations.sights import Given, Sight, classes_named
from vidi.verbs.held_out import at_hand
from vidi.verbs.load import Loaded, load
from vidi.verbs.networks import network_of
from vidi.verbs.repaint import write
from vidi.verbs.resume import split_as_before

MOST = 300  # images that are looked at


@dataclass(frozen=True)
class Looked:
    """Where the pictures are, each with its title and caption, and which views do not apply, with the reason."""

    folder: Path
    sights: tuple[Sight, ...]
    left_out: tuple[tuple[str, str], ...]

    def record(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "pictures": [
                {"file": f"{one.name}.png", "title": one.title, "caption": one.caption} for one in self.sights
            ],
            "left out": [{"view": name, "reason": reason} for name, reason in self.left_out],
        }


def look(
    subject: str | Path,
    data: str | Path | Loaded | None = None,
    *,
    views: Sequence[str] = (),
    classes: Sequence[str] = (),
    layers: Sequence[str] = (),
    size_px: int | None = None,
    most_images: int = MOST,
    out: str | Path | None = None,
    seed: int = 0,
    say: Say | None = None,
    read: dict[str, Any] | None = None,
    **options: Any,
) -> Looked:
    """Pictures of what a network looks for, and report.html with all of them.

    `subject` is a run folder or a network's name (`lite0`: the embedded one with ImageNet's classes). Images are
    `data`'s, else those that the run held out, up to `most_images`; without any, views that need images are left out.
    `views`, `classes` and `layers` name what is wanted; by default every view that applies. `options` go to one view.
    Pictures go to `out`, else to `RUN/network/`. Raises UsageError for a name that there is not, and for
    a single view that does not apply.
    """
    say = say or Quiet()
    named = [name.strip() for one in views for name in one.split(",") if name.strip()]
    wanted = [catalog.load_name("views", name) for name in named] or list(catalog.cards("views"))
    if options and len(wanted) != 1:
        raise UsageError("options belong to one view; name it with --view")
    network, labels = network_of(subject, size_px=size_px)
    images, label, own = pictures_of(
        subject, data, labels, network.preprocessing, most_images, seed, say, read or {}
    )
    given = Given(network, labels, images, label, classes_named(classes, labels), tuple(layers), own, say)
    sights, left_out = [], []
    for number, name in enumerate(wanted):
        try:
            view = catalog.load("views", name).view
            sights += view(given, generator=seeded(seed), **options)
        except UsageError as error:
            if len(named) == 1:
                raise
            left_out.append((name, str(error)))
        say.track("views", number + 1, len(wanted), name)
    if not sights:
        raise UsageError(f"no view applies: {'; '.join(f'{name}: {reason}' for name, reason in left_out)}")
    folder = Path(out) if out else place_of(subject)
    found = Looked(folder, tuple(sights), tuple(left_out))
    write_all(found, str(subject), len(images))
    return found


def place_of(subject: str | Path) -> Path:
    """`network/` in the run, or `NAME-network/` where one is."""
    path = Path(subject)
    return path / "network" if path.is_dir() else Path(f"{path.name}-network")


def write_all(found: Looked, subject: str, images: int) -> None:
    """The pictures, what they show as JSON, and the page."""
    for one in found.sights:
        write(found.folder / f"{one.name}.png", one.picture)
    write_json(found.folder / "pictures.json", {"subject": subject, "images": images, **found.record()})
    with atomic(found.folder / "report.html", "w") as stream:
        stream.write(network_page.render(subject, found.sights, found.left_out, images=images))


def pictures_of(
    subject: str | Path,
    data: str | Path | Loaded | None,
    labels: tuple[str, ...],
    preprocessing: Preprocessing,
    most: int,
    seed: int,
    say: Say,
    read: dict[str, Any],
) -> tuple[UInt8[Tensor, "n 3 s s"], Int[Tensor, " n"], tuple[str, ...]]:
    """Images at the network's size with their labels' places; none where a network comes without data.

    Of a run's own data those that it held out. If a label is none of the network's, places are among the data's labels,
    which come third; else nothing does.
    """
    nothing = torch.zeros((0, 3, preprocessing.size_px, preprocessing.size_px), dtype=torch.uint8)
    if data is None and not Path(subject).is_dir():
        return nothing, torch.zeros(0, dtype=torch.int64), ()
    loaded = data if isinstance(data, Loaded) else opened(subject, data, say, seed, read)
    own = data is None
    rows = loaded.dataset.where("test") if own else np.arange(len(loaded))
    order = torch.randperm(len(rows), generator=seeded(seed))[:most].sort().values.numpy()
    rows = rows[order]
    pixels = loaded.pixels(rows, size_px=preprocessing.size_px, fit=preprocessing.fit)
    images = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).contiguous()
    targets = [str(value).split("|")[0] for value in loaded.dataset.column("target")[rows]]
    own_labels = () if set(targets) <= set(labels) else tuple(sorted(set(targets)))
    place = {name: number for number, name in enumerate(own_labels or labels)}
    return images, torch.tensor([place[target] for target in targets]), own_labels


def opened(subject: str | Path, data: str | Path | None, say: Say, seed: int, read: dict[str, Any]) -> Loaded:
    """The data that were named, else those that the run was trained on, with its own split."""
    if data is not None:
        return load(data, seed=seed, say=say, fewest_labels=1, **read)
    folder = RunFolder.open(Path(subject))
    return split_as_before(at_hand(folder, None, say), folder)
