"""report.html of what a network looks for: every view's picture with its caption."""

import io
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vidi.documents.frame import page
from vidi.documents.pictures import picture


@runtime_checkable
class Shown(Protocol):
    """A picture with its words."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def caption(self) -> str: ...
    @property
    def picture(self) -> UInt8[np.ndarray, "_ _ 3"]: ...


def render(subject: str, sights: Sequence[Shown], left_out: Sequence[tuple[str, str]], *, images: int) -> str:
    """The whole page as HTML; pictures stand inside, as WebP."""
    shown = [
        {"name": one.name, "title": one.title, "caption": one.caption, "address": address(one.picture),
         "wide": one.picture.shape[1], "high": one.picture.shape[0]}
        for one in sights
    ]  # fmt: skip
    return page("network.html", subject=subject, sights=shown, left_out=left_out, images=images)


def address(image: UInt8[np.ndarray, "_ _ 3"]) -> str:
    """The picture as a `data:` address."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(stream, "WEBP", quality=88)
    return picture(stream.getvalue())
