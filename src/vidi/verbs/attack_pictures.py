"""An attack as pictures and a page: each image before, the change made visible, and after."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.core.files import atomic, write_json
from vidi.documents import attack_page
from vidi.documents.panels import Panel, Row, figure
from vidi.verbs.attacked import Attacked, Changed
from vidi.verbs.pictured import checked_folder, safe

FILE, PAGE, PICTURES = "attack.json", "attack.html", "pictures"


def write(path: Path, found: Attacked, run: str) -> Path:
    """The folder with its page, attack.json, and for each image one picture and the attacked image itself as PNG."""
    folder = checked_folder(path, PAGE)
    rows = [row_of(one, found.epsilon, found.fooled.norm) for one in found.changed]
    for place, (one, row) in enumerate(zip(found.changed, rows, strict=True), start=1):
        name = f"{place:04}-{safe(one.name)}"
        with atomic(folder / PICTURES / f"{name}.png") as stream:
            stream.write(figure([row], columns=3))
        _save(folder / PICTURES / f"{name}-attacked.png", one.attacked)
    write_json(folder / FILE, {"schema": "vidi/attack/1", **found.record()})
    page = attack_page.render(
        run=run,
        attack=found.fooled.attack,
        norm=found.fooled.norm,
        epsilon=found.epsilon,
        target=found.target,
        what=found.what,
        measured=(found.clean, *found.robust),
        rules=found.sane,
        rows=rows,
    )
    with atomic(folder / PAGE, "w") as stream:
        stream.write(page)
    return folder


def row_of(one: Changed, epsilon: float, norm: str) -> Row:
    """Before, the change as many times as large as fits, after."""
    change = one.attacked.astype(np.int16) - one.original
    largest = int(np.abs(change).max())
    times = 127 // max(largest, 1)
    seen = (127 + times * change).clip(0, 255).astype(np.uint8)
    what = f"the change, {times} times as large" if largest else "no change"
    how = (
        f"at most {largest} of 255 grey levels a pixel"
        if norm == "linf"
        else f"length {np.sqrt((change.astype(float) ** 2).sum()):.0f} grey levels"
    )
    panels = [
        Panel(f"says {one.before[0]} ({one.before[1]:.0%})", one.original, "as it is"),
        Panel(what, seen, how),
        Panel(f"says {one.after[0]} ({one.after[1]:.0%})", one.attacked, "attacked"),
    ]
    return Row(Path(one.name).name, panels)


def _save(path: Path, image: UInt8[np.ndarray, "s s 3"]) -> None:
    """As PNG, so that not a grey level changes."""
    from PIL import Image

    with atomic(path) as stream:
        saved: Any = Image.fromarray(image)
        saved.save(stream, format="PNG")
