"""Small pictures inside a page: as many as it can hold, each as a `data:` address."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

Thumbnail = Callable[[str], bytes | None]

MOST_BYTES = 3_500_000  # of all pictures on a page, as they stand in it


def picture(content: bytes | None) -> str:
    """The picture as a `data:` address; empty for None and for what is neither JPEG, PNG nor WebP."""
    if content is None:
        return ""
    kinds = ((b"\xff\xd8", "jpeg"), (b"\x89PNG", "png"), (b"RIFF", "webp"))
    kind = next((kind for start, kind in kinds if content.startswith(start)), None)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}" if kind else ""


@dataclass
class Album:
    """Pictures by example, until the page is full: `refused` counts those that found no room."""

    thumbnail: Thumbnail
    left: int = MOST_BYTES
    refused: int = 0
    kept: dict[str, str] = field(default_factory=dict)

    def __call__(self, key: str) -> str:
        """The address of an example's picture; empty where there is none, or no room for it."""
        if key not in self.kept:
            self.kept[key] = picture(self.thumbnail(key))
        found = self.kept[key]
        if len(found) > self.left:
            self.refused += 1
            return ""
        self.left -= len(found)
        return found
