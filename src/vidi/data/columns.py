"""Which column of a table names the image, the target and the split: as asked, or guessed from names and cells."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from vidi.core.errors import UsageError, nearest_names
from vidi.data.cells import label_texts, text_of
from vidi.data.listing import is_image_name, split_of
from vidi.data.matching import Files
from vidi.data.tables import Table

IMAGE_NAMES = (
    "filename", "file", "image", "imagepath", "path", "filepath", "imagename", "imagefile", "img", "imgpath",
    "photo", "picture", "imageid", "id", "name",
)  # fmt: skip
TARGET_NAMES = ("label", "labels", "target", "targets", "class", "classes", "category", "categories", "y")
LIKELY_NAMES = (
    "classname", "labelname", "categoryname", "labeltext", "labelid", "classid", "categoryid", "classlabel",
    "classification", "species", "breed", "variety", "diagnosis", "dx", "disease", "digit", "genre", "style",
    "emotion", "scene", "finding", "findings", "tag", "tags", "grade", "groundtruth", "gt", "cls",
)  # fmt: skip
SPLIT_NAMES = ("split", "set", "subset", "partition", "fold", "usage", "phase", "dataset")
SAMPLE = 1000
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"-?\d+(\.0*)?")


def plain(name: str) -> str:
    """`File Name` and `file_name` as `filename`."""
    return re.sub(r"[\W_]+", "", name.lower())


def asked_for(table: Table, asked: str, flag: str) -> str:
    """The column the user named; raises UsageError with the names there are."""
    if asked in table.columns:
        return asked
    names = list(table.columns)
    shown = (", ".join(names[:20]) or "them: it has no columns") + (", …" if len(names) > 20 else "")
    raise UsageError(
        f"--{flag} wants a column of {table.name}; {asked!r} is none of {shown}{nearest_names(asked, names)}"
    )


def sample(cells: Sequence[Any]) -> list[str]:
    """Up to SAMPLE cells, evenly spread, as text; missing ones left out."""
    step = max(1, len(cells) // SAMPLE)
    return [text for cell in cells[::step] if (text := text_of(cell)) is not None]


def ranked(names: Iterable[str], preferred: Sequence[str]) -> list[str]:
    """`names`, those in `preferred` first and in its order."""
    place = {name: rank for rank, name in enumerate(preferred)}
    return sorted(names, key=lambda name: place.get(plain(name), len(place)))


def image_column(table: Table, files: Files, asked: str | None) -> str:
    """The column whose cells name files there are; raises UsageError if there is none."""
    if asked is not None:
        return asked_for(table, asked, "image")
    scores = {name: match_score(table.columns[name], files) for name in table.columns}
    best = max(scores.values(), default=0.0)
    names = ranked((name for name in scores if scores[name] >= 0.95 * best), IMAGE_NAMES)
    if best >= 0.5:
        return names[0]
    named = ranked((name for name in scores if names_images(table.columns[name])), IMAGE_NAMES)
    if named:
        return max(named, key=scores.__getitem__)
    raise UsageError(
        f"no column of {table.name} names images in {files.root}; it has {', '.join(list(table.columns)[:20])}: "
        "say --image COLUMN, or move the table beside its images"
    )


def match_score(cells: Sequence[Any], files: Files) -> float:
    """The share of sampled cells that name a file, each file counted once, in [0, 1]."""
    texts = sample(cells)
    found = {file for text in texts if (file := files.find(text).file) is not None}
    return len(found) / len(texts) if texts else 0.0


def names_images(cells: Sequence[Any]) -> bool:
    texts = sample(cells)
    return bool(texts) and sum(map(is_image_name, texts)) > len(texts) / 2


def split_column(table: Table, others: Sequence[str], asked: str | None) -> str | None:
    """The column whose cells are names of splits; with `asked`, raises UsageError if its cells are none."""
    if asked is not None:
        name = asked_for(table, asked, "split")
        strange = sorted(
            {text for cell in table.columns[name] if (text := text_of(cell)) and not split_of(text)}
        )
        if strange:
            raise UsageError(
                f"--split wants a column of train, validation and test; {name!r} holds {', '.join(strange[:5])}"
            )
        return name
    for name in ranked((name for name in table.columns if name not in others), SPLIT_NAMES):
        cells = {text_of(cell) for cell in table.columns[name]} - {None}
        splits = {split_of(str(cell)) for cell in cells}
        if cells and None not in splits and (len(splits) > 1 or plain(name) in SPLIT_NAMES):
            return name
    return None


def target_column(
    table: Table,
    others: Sequence[str],
    asked: str | None,
    folders: Sequence[str | None] = (),
    *,
    guess: bool = True,
) -> str | None:
    """The column to learn: by its name, by being each image's folder, by being text that repeats (if to `guess`).

    Raises UsageError, with the flag and the candidates, where several would do; None where none would.
    """
    if asked is not None:
        return asked_for(table, asked, "target")
    names = [name for name in table.columns if name not in others]
    for tier in (TARGET_NAMES, LIKELY_NAMES):
        named = [name for name in ranked(names, tier) if plain(name) in tier]
        if named:
            return one_of(table, named)
        if not guess:
            return None
    mirrored = [name for name in names if folders and _mirrors(table.columns[name], folders)]
    if len(mirrored) == 1:
        return mirrored[0]
    candidates = [name for name in names if repeats(table.columns[name])]
    return one_of(table, candidates) if candidates else None


def one_of(table: Table, names: Sequence[str]) -> str:
    """The only candidate; of columns that say the same in other words, the one in words. Else UsageError."""
    first = label_texts(table.columns[names[0]])
    for name in names[1:]:
        pairs = set(zip(first, label_texts(table.columns[name]), strict=True))
        if len(pairs) != len({a for a, _ in pairs}) or len(pairs) != len({b for _, b in pairs}):
            raise UsageError(
                f"which column of {table.name} is to be learnt? {', '.join(names)} would do: say --target {names[0]}"
                + (" or another of them" if len(names) > 2 else f" or --target {names[1]}")
            )
    worded = [name for name in names if not _is_numeric(table.columns[name])]
    return worded[0] if worded else names[0]


def _is_numeric(cells: Sequence[Any]) -> bool:
    return all(map(_NUMBER.fullmatch, sample(cells)))


def repeats(cells: Sequence[Any]) -> bool:
    """True for a column like a target: at least two different cells, each standing twice or more on average.

    Fractions are measurements rather than classes; they count only if few (20) and repeated ten times on average.
    """
    texts = [text for cell in cells if (text := text_of(cell)) is not None]
    different = set(texts)
    fractions = all(map(_NUMBER.fullmatch, different)) and not all(map(_WHOLE.fullmatch, different))
    most = min(20, len(texts) // 10) if fractions else min(1000, len(texts) // 2)
    return 2 <= len(different) <= most


def _mirrors(cells: Sequence[Any], folders: Sequence[str | None]) -> bool:
    pairs = [
        (text, folder)
        for text, folder in zip(label_texts(cells), folders, strict=True)
        if folder is not None and text is not None
    ]
    return bool(pairs) and all(text == folder for text, folder in pairs)
