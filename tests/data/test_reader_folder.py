"""The folder reader: splits, domains, tables beside, odd names, links."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import JPEG, grow, kinds, splits, targets, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.listing import MOST_REMARKS, split_in, split_of
from vidi.data.readers import folder

ANY = ReadOptions()


def read(root, **options):
    return folder.read(root, options=ReadOptions(**options))


def test_by_hand(tmp_path):
    grow(tmp_path, "cat/1.jpg", "cat/2.png", "dog/1.JPEG")
    assert targets(read(tmp_path)) == {"cat/1.jpg": "cat", "cat/2.png": "cat", "dog/1.JPEG": "dog"}
    assert set(splits(read(tmp_path)).values()) == {None}
    assert folder.recognise(tmp_path) > 0.8


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Training", "VALID", "Testing"), ("TRAIN", "dev", "eval")]
)
def test_split_folders_under_any_of_their_names(tmp_path, names):
    for name in names:
        grow(tmp_path, f"{name}/cat/{name}.jpg", f"{name}/dog/{name}.jpg")
    listing = read(tmp_path)
    assert [splits(listing)[f"{name}/cat/{name}.jpg"] for name in names] == ["train", "validation", "test"]
    assert set(targets(listing).values()) == {"cat", "dog"}


def test_splits_may_stand_below_the_classes(tmp_path):
    grow(tmp_path, "cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg")
    listing = read(tmp_path)
    assert targets(listing) == {"cat/train/1.jpg": "cat", "cat/test/2.jpg": "cat", "dog/train/3.jpg": "dog"}
    assert splits(listing)["cat/test/2.jpg"] == "test"


def test_a_class_called_train_among_others_is_a_class(tmp_path):
    grow(tmp_path, "train/1.jpg", "car/2.jpg", "ship/3.jpg")
    assert set(targets(read(tmp_path)).values()) == {"train", "car", "ship"}


def test_a_folder_beside_the_splits_is_named_and_left_out(tmp_path):
    grow(tmp_path, "train/a/1.jpg", "train/b/2.jpg", "val/a/3.jpg", "raw/c/4.jpg")
    listing = read(tmp_path)
    assert len(listing.rows) == 3 and kinds(listing) == {"skipped": ["raw/c/4.jpg"]}


def test_deeper_folders_belong_to_their_class(tmp_path):
    grow(tmp_path, "cat/1.jpg", "cat/2019/2.jpg", "cat/2019/may/3.jpg", "dog/4.jpg")
    assert list(targets(read(tmp_path)).values()) == ["cat", "cat", "cat", "dog"]


def test_classes_that_hold_only_folders_are_remarked(tmp_path):
    grow(tmp_path, "base/n1/1.jpg", "base/n2/2.jpg", "novel/n3/3.jpg", "novel/n4/4.jpg")
    listing = read(tmp_path)
    assert set(targets(listing).values()) == {"base", "novel"} and list(kinds(listing)) == ["layout"]


def test_folders_around_everything_are_passed_through(tmp_path):
    grow(tmp_path, "archive/PetImages/cat/1.jpg", "archive/PetImages/dog/2.jpg")
    assert set(targets(read(tmp_path)).values()) == {"cat", "dog"}
    assert folder.recognise(tmp_path) >= 0.5


def test_folders_that_repeat_are_classes_and_those_above_an_attribute(tmp_path):
    for domain in ("photo", "sketch"):
        grow(tmp_path, f"{domain}/cat/1.jpg", f"{domain}/dog/1.jpg")
    listing = read(tmp_path)
    assert targets(listing)["sketch/dog/1.jpg"] == "dog"
    assert listing.attributes == ("folder",)
    assert [row["folder"] for row in listing.rows] == ["photo", "photo", "sketch", "sketch"]
    assert list(kinds(listing)) == ["layout"]
    other = read(tmp_path, target="folder")
    assert targets(other)["sketch/dog/1.jpg"] == "sketch" and other.rows[0]["subfolder"] == "cat"
    assert read(tmp_path, group="folder").columns["group"] == "folder"


def test_system_files_pass_silently_and_others_by_name(tmp_path):
    grow(
        tmp_path,
        "a/1.jpg",
        "b/2.jpg",
        "a/.hidden.jpg",
        "__MACOSX/a/3.jpg",
        ".git/4.jpg",
        "a/Thumbs.db",
        ".DS_Store",
    )
    grow(tmp_path, "README.txt", "a/notes.md", content=b"words")
    listing = read(tmp_path)
    assert len(listing.rows) == 2
    assert kinds(listing) == {"skipped": ["README.txt", "a/notes.md"]}


def test_many_remarks_end_in_a_count(tmp_path):
    grow(tmp_path, "a/1.jpg", "b/2.jpg")
    grow(tmp_path, *(f"a/{count:03}.txt" for count in range(MOST_REMARKS + 7)), content=b"words")
    remarks = read(tmp_path).remarks
    assert len(remarks) == MOST_REMARKS + 1 and "7 more" in remarks[-1].what


def test_an_image_outside_of_the_classes_is_set_aside_by_name(tmp_path):
    grow(tmp_path, "1.jpg", "cat/2.jpg", "dog/3.jpg")
    listing = read(tmp_path)
    assert len(listing.rows) == 2 and kinds(listing) == {"no target": ["1.jpg"]}


def test_a_file_without_a_suffix_is_an_image_if_it_starts_like_one(tmp_path):
    grow(tmp_path, "a/photo", "b/photo")
    grow(tmp_path, "LICENSE", content=b"text")
    listing = read(tmp_path)
    assert len(listing.rows) == 2 and kinds(listing) == {"skipped": ["LICENSE"]}


@pytest.mark.parametrize(
    "files, words",
    [
        ((), "is empty"),
        (("1.jpg", "2.jpg"), "no class folders"),
        (("a.docx", "b.xlsx"), "none of them an image"),
    ],
)
def test_what_has_no_classes_gets_a_sentence(tmp_path, files, words):
    grow(tmp_path, *files)
    with pytest.raises(UsageError, match=words):
        read(tmp_path)


def test_a_missing_path_or_a_file_gets_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read(tmp_path / "gone")
    grow(tmp_path, "1.jpg")
    with pytest.raises(UsageError, match="pass the folder"):
        read(tmp_path / "1.jpg")


def test_links_that_leave_loop_or_lead_nowhere_are_remarked(tmp_path):
    outside = grow(tmp_path / "outside", "secret.jpg")
    root = grow(tmp_path / "root", "cat/1.jpg", "dog/2.jpg")
    (root / "cat" / "out.jpg").symlink_to(outside / "secret.jpg")
    (root / "fox").symlink_to(outside)
    (root / "cat" / "round").symlink_to(root)
    (root / "cat" / "self.jpg").symlink_to(root / "cat" / "self.jpg")
    (root / "cat" / "gone.jpg").symlink_to("nothing.jpg")
    (root / "dog" / "same.jpg").symlink_to("2.jpg")
    listing = read(root)
    assert list(targets(listing)) == ["cat/1.jpg", "dog/2.jpg", "dog/same.jpg"]
    assert sorted(kinds(listing)["link"]) == [
        "cat/gone.jpg",
        "cat/out.jpg",
        "cat/round",
        "cat/self.jpg",
        "fox",
    ]


def test_a_root_that_is_a_link_is_read(tmp_path):
    grow(tmp_path / "real", "cat/1.jpg", "dog/2.jpg")
    (tmp_path / "link").symlink_to("real")
    assert len(read(tmp_path / "link").rows) == 2


def test_a_table_beside_gives_attributes(tmp_path):
    grow(tmp_path, "cat/1.jpg", "dog/2.jpg", "dog/3.jpg")
    write(tmp_path / "meta.csv", "image,sex,age,path\ncat/1.jpg,f,7,x\ndog/2.jpg,m,,y\ncat/9.jpg,f,3,z\n")
    listing = read(tmp_path, group="sex")
    assert listing.attributes == ("sex", "age", "given_path")
    assert [row["age"] for row in listing.rows] == [7, None, None]
    assert [row["path"] for row in listing.rows] == ["cat/1.jpg", "dog/2.jpg", "dog/3.jpg"]
    assert listing.columns["group"] == "sex" and kinds(listing) == {"missing file": ["meta.csv, line 4"]}


def test_a_table_beside_gives_the_target_only_when_asked(tmp_path):
    grow(tmp_path, "cat/1.jpg", "dog/2.jpg")
    write(tmp_path / "meta.csv", "image,sex\ncat/1.jpg,f\ndog/2.jpg,m\n")
    assert list(targets(read(tmp_path)).values()) == ["cat", "dog"]
    assert list(targets(read(tmp_path, target="sex")).values()) == ["f", "m"]


@pytest.mark.parametrize("flag", ["group", "target", "split"])
def test_an_unknown_column_is_refused_with_the_nearest(tmp_path, flag):
    grow(tmp_path, "cat/1.jpg", "dog/2.jpg")
    with pytest.raises(UsageError, match=f"--{flag} 'sexx'"):
        read(tmp_path, **{flag: "sexx"})
    write(tmp_path / "meta.csv", "image,sex\ncat/1.jpg,f\ndog/2.jpg,m\n")
    with pytest.raises(UsageError, match="did you mean sex"):
        read(tmp_path, **{flag: "sexx"})


def test_a_name_that_is_not_unicode_is_set_aside(tmp_path):
    grow(tmp_path, "cat/1.jpg", "dog/2.jpg")
    (tmp_path / "cat" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(JPEG)
    listing = read(tmp_path)
    assert len(listing.rows) == 2 and kinds(listing) == {"skipped": ["cat/caf\\udce9.jpg"]}


def test_the_splits_names():
    assert split_of(" Valid ") == "validation" and split_of("trains") is None
    assert split_in("train-00000-of-00002") == "train" and split_in("imagenet_val_3") == "validation"
    assert split_in("train_and_test") is None and split_in("contest") is None


ODD = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: not name.startswith((".", "_")) and len(name.encode()) < 100 and name.lower() != "icon\r"
)


@settings(max_examples=60, deadline=None)
@given(tree=st.dictionaries(ODD, st.sets(ODD, min_size=1, max_size=4), min_size=2, max_size=4))
def test_any_tree_of_odd_names_is_listed_whole(tree, tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    made = {f"{label}/{name}.jpg": label for label, names in tree.items() for name in names}
    grow(root, *made)
    if not all(split_of(label) for label in tree):
        assert targets(read(root)) == made
    again = read(root) if not all(split_of(label) for label in tree) else None
    assert again is None or [row["path"] for row in again.rows] == sorted(made)
