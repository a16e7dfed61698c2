"""What a model finds on any number of images, written as it comes: a table, COCO's JSON, maps, drawings."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.progress import Quiet, Say
from vidi.data.found import FoundMap
from vidi.documents.drawn import encoded, palette
from vidi.evaluation.dense_model import DenseModel, Seen
from vidi.verbs.drawing import drawn_on
from vidi.verbs.written import TABLES, Predicted, said, written

FORMATS = (".json", *TABLES)
COLUMNS = ("path", "width", "height", "label", "score", "x1", "y1", "x2", "y2", "rle", "error")
Write = Callable[[Seen], None]


def find(
    model: DenseModel,
    images: Any,
    *,
    out: str | Path,
    draw: str | Path | None = None,
    least: float = 0.3,
    say: Say | None = None,
) -> Predicted:
    """Write what is found with a score of `least` or more: one row an object to a CSV, Parquet or JSONL file, or COCO's
    JSON; of class maps a folder without a suffix gets a PNG each. `draw` is a folder for drawings.

    An image with nothing on it is a row without a label, an unreadable one a row with its error. Raises UsageError for
    another format, or if no image is found.
    """
    path = Path(out)
    maps = model.task.networks == "segmenters"
    if path.suffix.lower() not in FORMATS and not (maps and not path.suffix):
        more = ", or a folder for maps" if maps else ""
        raise UsageError(f"--out wants a name ending in {', '.join(FORMATS)}{more}; got {path.name}")
    if not 0 <= least <= 1:
        raise UsageError(f"--min-confidence wants a score, 0 to 1; got {least:g}")
    names, answered, failed = Names(), 0, 0
    errors: list[tuple[str, str]] = []
    with writer(path, model) as write:
        for seen in model.stream(images, least=least, say=say or Quiet()):
            write(seen)
            answered, failed = answered + (not seen.error), failed + bool(seen.error)
            if seen.error and len(errors) < 100:
                errors.append((seen.name, seen.error))
            elif draw is not None and seen.image is not None and seen.found is not None:
                save(
                    Path(draw) / f"{names(seen.name)}.jpg",
                    encoded(drawn_on(seen.image, seen.found, model.labels), quality=88),
                )
        if not answered + failed:
            raise UsageError(f"no image was found in {said(images)}; give image files, a folder or a glob")
    return Predicted(path, answered, failed, tuple(errors))


class Names:
    """A file name for each image, none twice."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        stem = written(Path(name).stem) or "image"
        count = self.taken[stem] = self.taken.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}-{count}"


def save(path: Path, content: bytes) -> None:
    with atomic(path) as stream:
        stream.write(content)


def writer(path: Path, model: DenseModel) -> AbstractContextManager[Write]:
    """A function that writes one image's answer."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _coco(path, model)
    return _table(path, model) if suffix else _maps(path, model)


@contextmanager
def _table(path: Path, model: DenseModel) -> Iterator[Write]:
    with TABLES[path.suffix.lower()](path, list(COLUMNS)) as row:

        def write(seen: Seen) -> None:
            for entry in rows(seen, model.labels):
                row(entry)

        yield write


def rows(seen: Seen, labels: Sequence[str]) -> list[dict[str, Any]]:
    """One record an object; one without a label where there is none."""
    empty: dict[str, Any] = dict.fromkeys(COLUMNS)
    empty |= {"path": written(seen.name), "error": seen.error or None}
    if seen.found is None:
        return [empty]
    empty |= {"height": seen.found.image_hw[0], "width": seen.found.image_hw[1]}
    corners = ("x1", "y1", "x2", "y2")
    found = [
        empty
        | {name: row[name] for name in ("label", "score", "rle")}
        | dict(zip(corners, row["box"], strict=True))
        for row in seen.found.rows(labels)
    ]
    return found or [empty]


@contextmanager
def _coco(path: Path, model: DenseModel) -> Iterator[Write]:
    """COCO's layout: images, categories (numbered from 1) and annotations with scores. The annotations wait in a file,
    because COCO wants all images first and memory is not to grow."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting, atomic(path, "w") as stream:
        count = {"images": 0, "annotations": 0}
        categories = [{"id": n, "name": name} for n, name in enumerate(model.labels, start=1)]
        stream.write('{"categories": ' + json.dumps(categories, ensure_ascii=False) + ', "images": [')

        def write(seen: Seen) -> None:
            count["images"] += 1
            told: dict[str, Any] = {"id": count["images"], "file_name": written(seen.name)}
            if seen.found is None:
                told["error"] = seen.error
            else:
                told |= {"height": seen.found.image_hw[0], "width": seen.found.image_hw[1]}
                for row in seen.found.rows(model.labels):
                    count["annotations"] += 1
                    entry = annotation(row, told, model.labels) | {"id": count["annotations"]}
                    waiting.write(("" if count["annotations"] == 1 else ",\n") + json.dumps(entry))
            stream.write(("" if count["images"] == 1 else ",\n") + json.dumps(told, ensure_ascii=False))

        yield write
        stream.write('], "annotations": [')
        waiting.seek(0)
        while text := waiting.read(1 << 20):
            stream.write(text)
        stream.write("]}\n")


def annotation(row: dict[str, Any], image: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """One of COCO's annotations: x, y, width, height in pixels."""
    x1, y1, x2, y2 = row["box"]
    told: dict[str, Any] = {
        "image_id": image["id"],
        "category_id": labels.index(row["label"]) + 1,
        "bbox": [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)],
    }
    if row["score"] is not None:
        told["score"] = round(row["score"], 5)
    if row["rle"] is not None:
        told["segmentation"] = {"size": [image["height"], image["width"]], "counts": row["rle"]}
    return told


@contextmanager
def _maps(path: Path, model: DenseModel) -> Iterator[Write]:
    """A PNG for each image, of label numbers with a palette, and labels.txt that names them."""
    from PIL import Image

    path.mkdir(parents=True, exist_ok=True)
    save(path / "labels.txt", "".join(f"{n}\t{name}\n" for n, name in enumerate(model.labels)).encode())
    colours = [value for colour in palette(len(model.labels)) for value in colour]
    names = Names()

    def write(seen: Seen) -> None:
        if isinstance(seen.found, FoundMap):
            picture = Image.fromarray(seen.found.classes)
            picture.putpalette(colours)
            with atomic(path / f"{names(seen.name)}.png") as stream:
                picture.save(stream, "PNG")

    yield write
