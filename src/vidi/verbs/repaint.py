"""A photo painted again by what a network sees: `dream` and `style`."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.progress import Quiet, Say
from vidi.data.decode import Unreadable, decode, read_bytes
from vidi.ops.resize import stretched
from vidi.verbs.networks import network_of

SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


def dream(
    photo: str | Path, *, out: str | Path | None = None, guide: str | Path | None = None, **options: Any
) -> Path:
    """DeepDream: the photo with more of what a layer sees in it; `guide` is a picture of what to dream of.

    Writes `PHOTO-dream.png` beside where it is called, or `out`, and returns the path. For options see `repainted`.
    """
    return repainted("dream", photo, guide, out=out, **options)


def style(content: str | Path, style: str | Path, *, out: str | Path | None = None, **options: Any) -> Path:
    """The content's photo in the style's manner, as `CONTENT-style.png` or `out`. For options see `repainted`."""
    return repainted("style", content, style, out=out, **options)


def repainted(
    name: str,
    photo: str | Path,
    model: str | Path | None,
    *,
    out: str | Path | None = None,
    network: str | Path = catalog.DEFAULT_NETWORK,
    size_px: int = 256,
    seed: int = 0,
    say: Say | None = None,
    **options: Any,
) -> Path:
    """Open the pictures with their longer side at `size_px`, repaint, write. `network` is a run folder or a name.

    `options` are those of the repainting (`vidi show dream`). Raises UsageError for pictures that cannot be opened, an
    option that it does not have, and a network that does not take pictures of this size.
    """
    member = catalog.load("repaintings", name)
    known = [option.name for option in catalog.options("repaintings", name, "repaint")]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"{name} has no option {unknown[0]!r}; it has {', '.join(known)}")
    if not 32 <= size_px <= 4096:
        raise UsageError(f"--size is the longer side in pixels, 32 to 4096; got {size_px}")
    path = Path(out) if out else Path(f"{Path(photo).stem}-{name}.png")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--out wants a name ending in {', '.join(SUFFIXES)}; got {path.name}")
    pictures = [opened(given, size_px) for given in (photo, model) if given is not None]
    net, _ = network_of(network)
    try:
        made = member.repaint(net, *pictures, generator=seeded(seed), say=say or Quiet(), **options)
    except UsageError:
        raise
    except (AssertionError, RuntimeError) as error:
        raise UsageError(
            f"{network} cannot take {tuple(pictures[0].shape[1:])} pixels ({str(error)[:120].splitlines()[0]}); "
            "take a convolutional network such as lite0"
        ) from error
    write(path, made.permute(1, 2, 0).numpy())
    return path


def opened(path: str | Path, size_px: int) -> UInt8[Tensor, "3 h w"]:
    """The picture with its longer side `size_px`; raises UsageError with the reason if it cannot be opened."""
    place = Path(path)
    if not place.is_file():
        raise UsageError(
            f"a picture was wanted; {place} {'is a folder' if place.is_dir() else 'does not exist'}"
        )
    try:
        image = decode(
            read_bytes(place.parent, place.name, None, None), at_least_px=size_px, name=place.name
        ).image
    except Unreadable as error:
        raise UsageError(f"{place} cannot be opened ({error})") from error
    height, width = image.shape[:2]
    factor = size_px / max(height, width)
    small = stretched(image, height=max(32, round(height * factor)), width=max(32, round(width * factor)))
    return torch.from_numpy(small).permute(2, 0, 1).contiguous()


def write(path: Path, image: UInt8[np.ndarray, "h w 3"]) -> None:
    """The picture in the format that the name says, all of it or nothing."""
    from PIL import Image

    kind = SUFFIXES[path.suffix.lower()]
    options: dict[str, Any] = {"optimize": True} if kind == "PNG" else {"quality": 92}
    with atomic(path) as stream:
        Image.fromarray(np.ascontiguousarray(image)).save(stream, kind, **options)
