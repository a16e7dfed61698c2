"""WebDataset tars: places of images, text beside them, and hostile or broken archives."""

import gzip
import io
import json
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import JPEG, kinds

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.decode import read_bytes
from vidi.data.readers import webdataset


def read(root, **options):
    return webdataset.read(root, options=ReadOptions(**options))


def pack(path, *members, form=tarfile.PAX_FORMAT):
    """A tar of (name, bytes) pairs or ready TarInfos."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=form) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return path


def pairs(labels, start=0):
    """key.jpg, different for each, and key.cls."""
    for place, label in enumerate(labels, start):
        yield f"{place:03}.jpg", JPEG + bytes([place])
        yield f"{place:03}.cls", label.encode()


def test_by_hand(tmp_path):
    pack(tmp_path / "shard-train-000.tar", *pairs("abab"))
    pack(tmp_path / "shard-val-000.tar", *pairs("ab", 4))
    listing = read(tmp_path)
    assert [row["target"] for row in listing.rows] == list("ababab")
    assert [row["split"] for row in listing.rows] == ["train"] * 4 + ["validation"] * 2
    contents = [read_bytes(listing.root, row["file"], row["offset"], row["length"]) for row in listing.rows]
    assert contents == [JPEG + bytes([place]) for place in range(6)]
    assert listing.rows[0]["path"] == "shard-train-000.tar/000.jpg" and listing.remarks == ()
    assert webdataset.recognise(tmp_path) > 0.9
    one = read(tmp_path / "shard-val-000.tar")
    assert len(one.rows) == 2 and webdataset.recognise(tmp_path / "shard-val-000.tar") == 1


def test_json_gives_target_and_attributes(tmp_path):
    said = [{"label": "ab"[place % 2], "age": place, "deep": {"x": 1}} for place in range(4)]
    members = [
        (f"dir.v1/{place}.{kind}", content)
        for place, record in enumerate(said)
        for kind, content in (("jpg", JPEG), ("json", json.dumps(record).encode()))
    ]
    pack(tmp_path / "x.tar", *members)
    listing = read(tmp_path, group="age")
    assert [row["target"] for row in listing.rows] == list("abab")
    assert listing.attributes == ("age",) and [row["age"] for row in listing.rows] == [0, 1, 2, 3]
    assert listing.columns == {"target": "label", "group": "age"}
    with pytest.raises(UsageError, match="did you mean age"):
        read(tmp_path, group="agee")


def test_text_may_be_the_label(tmp_path):
    texts = [(f"{place}.txt", b"ab"[place % 2 :][:1]) for place in range(4)]
    members = [*((f"{place}.png", JPEG) for place in range(4)), *texts]
    assert [row["target"] for row in read(pack(tmp_path / "x.tar", *members)).rows] == list("abab")


def test_hostile_members_are_named_and_never_opened(tmp_path):
    link, device = tarfile.TarInfo("3.jpg"), tarfile.TarInfo("4.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device.type = tarfile.CHRTYPE
    members = [
        ("/abs.jpg", JPEG),
        ("../up.jpg", JPEG),
        ("a/../../up.jpg", JPEG),
        link,
        device,
        (".hid.jpg", JPEG),
    ]
    listing = read(pack(tmp_path / "x.tar", *pairs("ab"), *members))
    assert len(listing.rows) == 2
    assert {kind: len(where) for kind, where in kinds(listing).items()} == {"outside": 3, "link": 2}


def test_a_second_image_and_the_same_name_again_are_named(tmp_path):
    listing = read(pack(tmp_path / "x.tar", *pairs("ab"), ("000.mask.png", JPEG), ("001.jpg", JPEG)))
    assert len(listing.rows) == 2 and len({row["path"] for row in listing.rows}) == 2
    assert kinds(listing)["skipped"] == ["x.tar/000.mask.png", "x.tar/001.jpg"]


def test_an_image_without_a_target_is_named(tmp_path):
    listing = read(pack(tmp_path / "x.tar", *pairs("ab"), ("9.jpg", JPEG), ("8.cls", b"lonely")))
    assert len(listing.rows) == 2 and kinds(listing) == {"no target": ["x.tar/9.jpg"]}


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_truncated_tar_is_read_up_to_the_break_and_said(tmp_path, share):
    path = pack(tmp_path / "x.tar", *((name, content + bytes(5000)) for name, content in pairs("abababab")))
    with tarfile.open(path) as archive:
        end = max(member.offset_data + member.size for member in archive.getmembers())
    path.write_bytes(path.read_bytes()[: int(share * end)])
    listing = read(path)
    assert 0 < len(listing.rows) < 8 and kinds(listing)["truncated"]
    for row in listing.rows:
        read_bytes(listing.root, row["file"], row["offset"], row["length"])


def test_a_damaged_header_in_the_middle_is_said(tmp_path):
    path = pack(tmp_path / "x.tar", *pairs("abab"))
    with tarfile.open(path) as archive:
        at = archive.getmembers()[4].offset
    content = bytearray(path.read_bytes())
    content[at : at + 512] = b"x" * 512
    path.write_bytes(bytes(content))
    listing = read(path)
    assert len(listing.rows) == 2 and f"byte {at}" in listing.remarks[0].what


def test_a_missing_end_mark_is_said(tmp_path):
    path = pack(tmp_path / "x.tar", *pairs("ab"))
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-1]
    path.write_bytes(path.read_bytes()[: last.offset_data + 512])
    listing = read(path)
    assert len(listing.rows) == 2 and kinds(listing) == {"truncated": ["x.tar"]}


def test_sentences(tmp_path):
    with pytest.raises(UsageError, match="holds none"):
        read(tmp_path)
    (tmp_path / "x.tar").write_bytes(b"no tar at all, but long enough" * 100)
    with pytest.raises(UsageError, match=r"no image.*no readable tar"):
        read(tmp_path)
    pack(tmp_path / "x.tar", ("1.jpg", JPEG))
    with pytest.raises(UsageError, match="nothing beside the images"):
        read(tmp_path)
    pack(tmp_path / "x.tar", *((f"{place}.{kind}", JPEG) for place in range(3) for kind in ("jpg", "txt")))
    with pytest.raises(UsageError, match="nothing beside the images"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tgz"])
def test_a_compressed_tar_is_refused(tmp_path, name):
    content = pack(tmp_path / "plain", *pairs("ab")).read_bytes()
    (tmp_path / "plain").unlink()
    (tmp_path / name).write_bytes(gzip.compress(content))
    assert webdataset.recognise(tmp_path) > 0.9
    with pytest.raises(UsageError, match=r"compressed \(gzip\)"):
        read(tmp_path)


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="/.\0\\"), min_size=1, max_size=120)


@settings(max_examples=60, deadline=None)
@given(
    keys=st.dictionaries(KEYS, st.sampled_from("abc"), min_size=1, max_size=6),
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_any_names_come_back(keys, form, tmp_path_factory):
    path = tmp_path_factory.mktemp("tar") / "x.tar"
    members = [(f"{key}.jpg", JPEG) for key in keys] + [(f"{key}.cls", keys[key].encode()) for key in keys]
    listing = read(pack(path, *members, form=form), target="cls")
    expected = {f"x.tar/{key}.jpg": label for key, label in keys.items() if key != "__MACOSX"}
    assert {row["path"]: row["target"] for row in listing.rows} == expected
    assert all(read_bytes(path.parent, "x.tar", row["offset"], row["length"]) == JPEG for row in listing.rows)


@settings(max_examples=80, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), value=st.binary(min_size=1, max_size=40))
def test_scribbled_tars_never_crash(at, value, tmp_path_factory):
    path = pack(tmp_path_factory.mktemp("tar") / "x.tar", *pairs("abab"))
    content = bytearray(path.read_bytes())
    place = int(at * 8 * 1024)
    content[place : place + len(value)] = value
    path.write_bytes(bytes(content))
    try:
        listing = read(path, target="cls")
    except UsageError as error:
        assert str(error)
    else:
        assert all(
            0 <= row["offset"] <= row["offset"] + row["length"] <= len(content) for row in listing.rows
        )
