"""WebDataset: tar files in which the files of one example share a name up to its first dot."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.image_format import IMAGE_SUFFIXES
from vidi.data.joining import placed_rows, roles_of
from vidi.data.listing import Remarks, existing, glance, remark_skipped, split_in, split_of, walk
from vidi.data.tables import Table

CARD = Card(
    title="WebDataset",
    idea="key.jpg with key.cls, key.json or key.txt beside it in a tar; images are read by their place in the tar.",
    paper="Aizman, Maltby, Breuel 2019, arXiv:2001.01858",
    differs="Compressed tars are refused: a place in them cannot be read by itself.",
)

WANTED = "tar files with key.jpg and key.cls, key.json or key.txt were wanted"
TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"\x28\xb5": "zstd"}
LARGEST_TEXT = 1 << 20
BLOCK = 512


@dataclass
class Sample:
    """One example while its tar is read: where its image lies, and what its text files say."""

    shard: str
    image: str | None = None
    offset: int = 0
    length: int = 0
    said: dict[str, Any] = field(default_factory=dict)


def recognise(root: Path) -> float:
    """1 for a tar; 0.95 for a folder of tars (also one folder down) without loose images."""
    if root.is_file():
        return 1.0 if root.name.lower().endswith(TAR) else 0.0
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=2)
    tars = [
        name for each in (seen, *seen.folders.values()) for name in each.others if name.lower().endswith(TAR)
    ]
    if not tars:
        return 0.0
    return 0.2 if seen.holds_images else 0.95


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image with a target. Members that are links, devices or leave their folder are remarked, never opened."""
    existing(root)
    remarks = Remarks()
    folder = root if root.is_dir() else root.parent
    others = [root.name] if root.is_file() else walk(root, remarks).others
    shards = [name for name in others if name.lower().endswith(TAR)]
    if not shards:
        raise UsageError(f"{WANTED}; {root} holds none: pass the folder of the shards{remarks.first()}")
    samples = [sample for shard in shards for sample in _shard(folder, shard, remarks)]
    if not samples:
        raise UsageError(f"{WANTED}; {root} holds no image{remarks.first()}")
    table = _table(root, samples)
    if options.target is None and "cls" in table.columns:
        options = replace(options, target="cls")
    roles = roles_of(table, "image", options, [])
    if roles.target is None:
        held = ", ".join(table.columns) or "nothing beside the images"
        raise UsageError(f"{WANTED}; {root} has {held}, and none looks like a target: say --target NAME")
    places = [
        {
            "file": each.shard,
            "path": f"{each.shard}/{each.image}",
            "offset": each.offset,
            "length": each.length,
            "split": _split(each.shard),
        }
        for each in samples
    ]
    rows = placed_rows(table, roles, places, remarks)
    if not rows:
        raise UsageError(f"{WANTED}; {root} has no image with a target{remarks.first()}")
    remark_skipped([name for name in others if name not in shards], remarks)
    columns = {role: name for role, name in roles.record().items() if role != "image"}
    return Listing(folder, "webdataset", rows, tuple(roles.attributes.values()), remarks.all(), columns)


def _split(shard: str) -> str | None:
    *folders, last = shard.split("/")
    return split_in(last.split(".")[0]) or next(
        (split for part in folders if (split := split_of(part))), None
    )


def _shard(folder: Path, shard: str, remarks: Remarks) -> list[Sample]:
    """The samples of one tar that have an image, in the tar's order."""
    samples: dict[str, Sample] = {}
    path = folder / shard
    _refuse_compressed(path)
    try:
        with tarfile.open(path, "r:") as archive:
            size = path.stat().st_size
            for member in _members(archive, shard, remarks):
                where = f"{shard}/{member.name}"
                if member.offset_data + member.size > size:
                    remarks.add("truncated", where, "the tar ends before this file does; left out")
                    continue
                _note(samples, shard, archive, member, remarks)
            _remark_end(path, archive.offset, shard, remarks)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        what = "ends early" if "end of" in str(error) or isinstance(error, EOFError) else "is no readable tar"
        remarks.add("truncated", shard, f"the tar {what} ({error}); what lies before the break is read")
    return [sample for sample in samples.values() if sample.image is not None]


def _refuse_compressed(path: Path) -> None:
    with path.open("rb") as stream:
        kind = COMPRESSED.get(stream.read(2))
    if kind is not None:
        raise UsageError(
            f"an uncompressed tar was wanted; {path} is compressed ({kind}): decompress it, or unpack "
            "it into a folder"
        )


def _members(archive: tarfile.TarFile, shard: str, remarks: Remarks) -> Iterator[tarfile.TarInfo]:
    """The regular files with safe names; everything else is remarked. Memory stays flat: members are forgotten."""
    while (member := archive.next()) is not None:
        cast(Any, archive).members = []
        name = member.name.encode("utf-8", "backslashreplace").decode()
        parts = PurePosixPath(name).parts
        if member.isdir():
            continue
        if name.startswith("/") or ".." in parts:
            remarks.add("outside", f"{shard}/{name}", "a name that leaves its folder; left out")
        elif not member.isreg() or member.issparse():
            remarks.add("link", f"{shard}/{name}", "a link, a device or a sparse file; left out")
        elif name != member.name:
            remarks.add("skipped", f"{shard}/{name}", "its name is not valid UTF-8; left out")
        elif not any(part.startswith(".") or part == "__MACOSX" for part in parts):
            yield member


def _remark_end(path: Path, offset: int, shard: str, remarks: Remarks) -> None:
    """A tar ends with blocks of zeros (POSIX ustar); `tarfile` also stops, silently, at a header that is none."""
    with path.open("rb") as stream:
        stream.seek(offset)
        block = stream.read(BLOCK)
    if not block:
        remarks.add("truncated", shard, "the tar lacks its end mark: it may have been cut off")
    elif any(block):
        remarks.add("truncated", shard, f"damaged at byte {offset}: what comes after is not read")


def _note(
    samples: dict[str, Sample],
    shard: str,
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    remarks: Remarks,
) -> None:
    """Put one member where it belongs: the image's place, or what a text file says."""
    folder, _, name = member.name.rpartition("/")
    stem, _, extension = name.partition(".")
    kind = extension.lower().rsplit(".", 1)[-1]
    where = f"{shard}/{member.name}"
    sample = samples.setdefault(f"{folder}/{stem}", Sample(shard))
    if f".{kind}" in IMAGE_SUFFIXES:
        if sample.image is not None:
            what = (
                "the same name again"
                if sample.image == member.name
                else f"a second image beside {sample.image}"
            )
            remarks.add("skipped", where, f"{what}; left out")
        else:
            sample.image, sample.offset, sample.length = member.name, member.offset_data, member.size
    elif kind not in ("cls", "json", "txt") or member.size > LARGEST_TEXT:
        remarks.add("skipped", where, "neither an image nor a short cls, json or txt file")
    else:
        stream = archive.extractfile(member)
        content = stream.read() if stream is not None else b""
        sample.said.update(_said(extension.lower(), content, where, remarks))


def _said(kind: str, content: bytes, where: str, remarks: Remarks) -> dict[str, Any]:
    try:
        text = content.decode("utf-8")
        if not kind.endswith("json"):
            return {kind: text}
        record = json.loads(text)
    except (ValueError, RecursionError):
        remarks.add("skipped", where, "not UTF-8 text or not JSON")
        return {}
    if not isinstance(record, dict):
        return {"json": record}
    return {name: value for name, value in record.items() if not isinstance(value, dict)}


def _table(root: Path, samples: Sequence[Sample]) -> Table:
    names = dict.fromkeys(name for sample in samples for name in sample.said)
    columns = {name: [sample.said.get(name) for sample in samples] for name in names}
    return Table(root, columns, [f"{sample.shard}/{sample.image}" for sample in samples])
