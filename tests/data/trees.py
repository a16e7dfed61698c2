"""Small folders of real images for the readers' tests."""

import io
from pathlib import Path

from PIL import Image

from vidi.core.dataset import Listing


def picture(form="JPEG"):
    stream = io.BytesIO()
    Image.new("RGB", (2, 2), (200, 30, 60)).save(stream, form)
    return stream.getvalue()


JPEG = picture()


def grow(root: Path, *files: str, content: bytes = JPEG) -> Path:
    """The folder with these files in it."""
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def targets(listing: Listing) -> dict[str, str]:
    return {row["path"]: row["target"] for row in listing.rows}


def splits(listing: Listing) -> dict[str, str | None]:
    return {row["path"]: row["split"] for row in listing.rows}


def kinds(listing: Listing) -> dict[str, list[str]]:
    """What was remarked, by kind."""
    found: dict[str, list[str]] = {}
    for remark in listing.remarks:
        found.setdefault(remark.kind, []).append(remark.where)
    return found
