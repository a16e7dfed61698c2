"""Pascal VOC XML: what is read, and every way in which it can be wrong."""

import re

import pytest
from trees import grow, kinds, splits, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.parsing import Malformed, parsed_xml
from vidi.data.readers import voc

BOX = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
CAT = f"<object><name>cat</name>{BOX}</object>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><annotation>&b;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><annotation>&a;</annotation>'


def xml(inner=CAT, filename="1.jpg", size="<size><width>2</width><height>2</height></size>"):
    return f"<annotation><filename>{filename}</filename>{size}{inner}</annotation>"


def read(root, **options):
    return voc.read(root, options=ReadOptions(**options))


def listed(root, text, name="1.xml"):
    grow(root, "1.jpg", "2.jpg")
    write(root / "2.xml", xml(filename="2.jpg"))
    write(root / name, text)
    return read(root)


def objects(listing, path="1.jpg"):
    return next(row["annotation"].objects for row in listing.rows if row["path"] == path)


def test_by_hand(tmp_path):
    dog = "<object><name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>1</difficult>"
    dog += "<bndbox><ymax>2.5</ymax><ymin>0</ymin><xmin>0.5</xmin><xmax>2</xmax></bndbox></object>"
    listing = listed(tmp_path, xml(dog + CAT))
    first, second = objects(listing)
    assert (
        first.box == (0.5, 0, 2, 2.5) and first.difficult and first.more == {"pose": "Left", "truncated": "1"}
    )
    assert second.box == (1, 1, 2, 2) and not second.difficult
    assert listing.scheme.labels == ("cat", "dog") and listing.scheme.tasks == ("detection",)
    assert listing.rows[0]["annotation"].size == (2, 2) and listing.remarks == ()


def test_the_devkit_counts_pixels_from_one(tmp_path):
    text = xml("<source><database>The VOC2007 Database</database></source>" + CAT)
    assert objects(listed(tmp_path, text))[0].box == (0, 0, 2, 2)


def test_splits_by_lists(tmp_path):
    for name in "123":
        grow(tmp_path, f"JPEGImages/{name}.jpg")
        write(tmp_path / f"Annotations/{name}.xml", xml(filename=f"{name}.jpg"))
    write(tmp_path / "ImageSets/Main/train.txt", "1\n")
    write(tmp_path / "ImageSets/Main/val.txt", "2\n1\n")
    write(tmp_path / "ImageSets/Main/trainval.txt", "1\n2\n3\n")
    listing = read(tmp_path)
    assert list(splits(listing).values()) == ["train", "validation", None] and kinds(listing) == {
        "leak": ["1"]
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (xml()[:-30], "not XML|ends before"),
        (xml()[:20], "ends before its XML does"),
        ("", "ends before its XML does"),
        (BOMB, "declares entities"),
        (OUTSIDE, "declares entities"),
        ("<html></html>", "its root is <html>"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', "not XML"),
        ("<annotation><a></b></annotation>", "not XML: mismatched tag"),
    ],
)
def test_a_file_that_is_none_is_named_and_the_rest_is_read(tmp_path, text, why):
    listing = listed(tmp_path, text)
    said = [remark.what for remark in listing.remarks if remark.kind == "annotation"]
    assert len(said) == 1 and re.search(why, said[0])
    assert [row["path"] for row in listing.rows] == ["2.jpg"] and kinds(listing)["unlisted"] == ["1.jpg"]


def test_entities_never_grow():
    laughs = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(20)
    )
    with pytest.raises(Malformed, match="entities"):
        parsed_xml(f"<!DOCTYPE x [{laughs}]><annotation>&u;</annotation>".encode())


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        (CAT + f"<object>{BOX}</object>", "has no name"),
        (CAT + "<object><name>cat</name></object>", "has no box"),
        (CAT + CAT.replace("<xmin>1</xmin>", "<xmin>one</xmin>"), "not four numbers"),
        (CAT + CAT.replace("<xmin>1</xmin>", ""), "not four numbers"),
        (CAT.replace("<name>", "<part><name>head</name></part><name>"), "has part, which is not read"),
    ],
)
def test_an_object_that_is_wrong_is_named_and_the_rest_is_read(tmp_path, inner, why):
    listing = listed(tmp_path, xml(inner))
    assert [why in remark.what for remark in listing.remarks] == [True] and len(objects(listing)) == 1


def test_files_and_names_that_do_not_meet(tmp_path):
    listing = listed(tmp_path, xml(filename="2.jpg"))  # 1.xml says 2.jpg: a copy that kept its name
    assert kinds(listing) == {"filename": ["1.xml"]} and len(listing.rows) == 2
    write(tmp_path / "3.xml", xml(filename="9.jpg"))
    assert "its image '9.jpg' is not there" in read(tmp_path).remarks[-1].what
    write(tmp_path / "3.xml", xml(filename="1.jpg"))
    assert kinds(read(tmp_path))["conflict"] == ["3.xml"]


def test_a_size_of_nought_says_nothing(tmp_path):
    listing = listed(tmp_path, xml(size="<size><width>0</width><height>0</height></size>"))
    assert listing.rows[0]["annotation"].size is None


def test_sentences(tmp_path):
    grow(tmp_path, "1.jpg")
    write(tmp_path / "1.xml", "<annotation>")
    with pytest.raises(UsageError, match="has none"):
        read(tmp_path)
