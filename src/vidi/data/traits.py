"""What a file says of itself before anybody looks at its picture: size, format, compression, camera, name."""

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.data.decode import Unreadable, read_bytes
from vidi.data.image_format import format_of
from vidi.data.pillow import OPENERS, open_image
from vidi.data.pixels import contents

HEAD_BYTES = 1 << 16  # enough for the tables and the EXIF data that stand before the pixels
MOST_NUMBERS, MOST_DIGITS = 4, 15
MAKE, MODEL, SOFTWARE = 0x010F, 0x0110, 0x0131  # EXIF 2.32, 4.6.4


@dataclass(frozen=True)
class Traits:
    """`quality` is the mean of a JPEG's quantisation tables, 1 for the finest; 0 where there is none.

    `camera` is what EXIF says of make, model and software; empty without. Nothing that copying a file changes.
    """

    bytes: int
    format: str
    quality: float
    camera: str
    prefix: str
    numbers: tuple[int, ...]


def traits(dataset: Dataset, rows: NDArray[np.int64]) -> list[Traits]:
    """Of each row in turn; of a file that has gone by now, its name is left."""
    column = dataset.columns.get("image", "image")
    wanted = dataset.table.select(["path", "file", "offset", "length", "row"]).take(rows).to_pylist()
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place]["file"], wanted[place]["row"] or 0))
    found = dict(zip(order, heads(dataset.root, [wanted[place] for place in order], column), strict=True))
    return [told(str(row["path"]), *found[place]) for place, row in enumerate(wanted)]


def heads(root: Path, rows: Sequence[Mapping[str, Any]], column: str) -> Iterator[tuple[int, bytes]]:
    """The number of bytes of each row's image and the first of them; rows of one Parquet file stand together."""
    for packed, group in itertools.groupby(rows, key=lambda row: row["row"] is not None):
        if packed:
            for content in contents(root, group, column):
                yield (0, b"") if isinstance(content, Unreadable) else (len(content), content[:HEAD_BYTES])
            continue
        for row in group:
            try:
                size = (root / row["file"]).stat().st_size if row["length"] is None else row["length"]
                yield size, read_bytes(root, row["file"], row["offset"] or 0, min(size, HEAD_BYTES))
            except (Unreadable, OSError):
                yield 0, b""


def told(path: str, size: int, head: bytes) -> Traits:
    """From a file's name, its size and its first bytes."""
    kind = format_of(head) or ""
    quality, camera = 0.0, ""
    if kind in OPENERS:
        with (
            contextlib.suppress(Exception),
            open_image(head, kind, check=lambda *_: None) as image,
        ):
            tables = getattr(image, "quantization", {}) or {}
            quality = float(np.mean([np.mean(table) for table in tables.values()])) if tables else 0.0
            exif = image.getexif()
            camera = " ".join(str(exif.get(tag, "")).strip("\0 ") for tag in (MAKE, MODEL, SOFTWARE)).strip()
    return Traits(size, kind, quality, camera, *name_parts(path))


def name_parts(path: str) -> tuple[str, tuple[int, ...]]:
    """A file's name without folder, suffix and digits, and its first four runs of digits as numbers (-1 without)."""
    stem = PurePosixPath(path).stem
    numbers = [int(digits[-MOST_DIGITS:]) for digits in re.findall(r"[0-9]+", stem)[:MOST_NUMBERS]]
    return re.sub(r"[0-9]+", "", stem).casefold(), tuple(numbers + [-1] * (MOST_NUMBERS - len(numbers)))
