"""Small JPEGs of a data set's images, for pages."""

from collections.abc import Callable

import numpy as np

from vidi.data.pixels import pixels_store
from vidi.documents.overlays import jpeg
from vidi.verbs.load import SIZE_PX, Loaded


def thumbnails(data: Loaded, *, size_px: int = SIZE_PX, quality: int = 80) -> Callable[[str], bytes | None]:
    """A function from an example's id to its picture, None for an id that the data does not have.

    What the pixel cache holds is read from one store that is opened once: a page asks for hundreds, one by one.
    """
    place = {str(key): number for number, key in enumerate(data.dataset.column("id"))}
    hashes = [str(value) for value in data.dataset.column("hash")]
    store = data.cache.store(pixels_store(size_px, "squash"))
    store.missing(hashes[:1])  # looks once at what is there

    def thumbnail(key: str) -> bytes | None:
        if key not in place:
            return None
        name = hashes[place[key]]
        image = (
            store.get([name])[0]
            if name in store
            else data.pixels(np.asarray([place[key]]), size_px=size_px)[0]
        )
        return jpeg(image, quality=quality)

    return thumbnail
