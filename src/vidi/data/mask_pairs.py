"""What every layout of images and masks begins with: the folder walked, its files paired, their facts sifted."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vidi.core.errors import UsageError
from vidi.data.annotated import counted
from vidi.data.listing import Glance, Remarks, Walked, existing, holds, walk
from vidi.data.mask_facts import MaskFacts
from vidi.data.pairing import MASK_FOLDER, Pairs, pairs_of


@dataclass(frozen=True)
class Paired:
    """What lies in a folder, which mask belongs to which image, and what was noticed so far."""

    walked: Walked
    pairs: Pairs
    remarks: Remarks

    def remark_left(self) -> None:
        """Remarks the images and masks that found no partner."""
        counted(self.remarks, "unlisted", self.pairs.images_left, "no mask is for it; left out")
        counted(
            self.remarks, "annotation", self.pairs.masks_left, "a mask without an image of its own; left out"
        )


def paired(root: Path, *, wanted: str, part: str | None, many: bool) -> Paired:
    """The images and masks of a folder. `many`: an image may have a folder of masks, too.

    Raises UsageError, which begins with `wanted`, where `root` is a file or nothing in it is another's mask.
    """
    if not existing(root).is_dir():
        raise UsageError(f"{wanted}; {root} is a file: pass the folder that holds both")
    remarks = Remarks()
    walked = walk(root, remarks)
    pairs = pairs_of(walked.images, part=part)
    if not pairs.one and not (many and pairs.many):
        raise UsageError(f"{wanted}; {holds(root, walked)}, and none is another's mask{remarks.first()}")
    return Paired(walked, pairs, remarks)


def named_for_masks(seen: Glance) -> bool:
    """Whether a folder named for masks holds images."""
    return any(
        bool(MASK_FOLDER.search(name) and each.holds_images) or named_for_masks(each)
        for name, each in seen.folders.items()
    )


def usable(found: Iterable[MaskFacts], remarks: Remarks) -> dict[str, MaskFacts]:
    """The masks that can be read, by file, in order; the others are remarked with the reason."""
    kept = {}
    for each in found:
        if each.wrong:
            remarks.add("annotation", each.file, f"its mask is {each.wrong}; left out")
        else:
            kept[each.file] = each
    return kept
