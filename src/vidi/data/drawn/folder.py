"""A drawn data set as files: what a user would have on the disk."""

import csv
import io
from pathlib import Path

from vidi.core.files import atomic
from vidi.data.drawn.examples import Drawn


def write_folder(root: Path, drawn: Drawn) -> Path:
    """PNG files in a folder for each label, and `metadata.csv` with label, split and attributes; returns `root`.

    Pictures with several labels lie in `images`. The folder is that of the label given, be it right or wrong.
    """
    from PIL import Image

    dataset = drawn.dataset
    several = dataset.task == "multilabel"
    folders = ["images" if several else str(target) for target in dataset.column("target")]
    names = [Path(str(path)).name for path in dataset.column("path")]
    files = [f"{folder}/{name}" for folder, name in zip(folders, names, strict=True)]
    if len(set(files)) < len(files):
        raise ValueError("every row wants a file of its own; two paths end in the same name")
    for folder in set(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for file, image in zip(files, drawn.images, strict=True):
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG", compress_level=1)
        (root / file).write_bytes(content.getvalue())
    columns = [dataset.column(name) for name in ("target", "split", *dataset.attributes)]
    with atomic(root / "metadata.csv", "w") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file_name", "label", "split", *dataset.attributes])
        writer.writerows(zip(files, *columns, strict=True))
    return root
