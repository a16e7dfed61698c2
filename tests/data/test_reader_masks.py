"""Class maps and instance maps: which they are, what they hold, and every way in which they can be wrong."""

import numpy as np
import pytest
from PIL import Image
from trees import kinds, splits, write

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.readers import instances, masks
from vidi.data.scan import scan
from vidi.data.targets import Targets
from vidi.verbs.load import list_examples

CLASSES = [[0, 0, 1], [2, 2, 2]]


def save(path, rows, *, dtype=np.uint8, palette=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.array(rows, dtype))
    if palette is not None:
        image = image.convert("P")
        image.putdata(np.array(rows).ravel().tolist())
        image.putpalette(palette)
    image.save(path)


def photo(root, name, height=2, width=3):
    save(root / name, np.full((height, width, 3), 7))


def folder(root, *, names="12", rows=CLASSES, classes="sky\nroad\ntree\n", suffix="png"):
    for name in names:
        photo(root, f"images/{name}.png")
        save(root / f"masks/{name}.{suffix}", rows)
    if classes:
        write(root / "classes.txt", classes)
    return root


def read(root, reader=masks, **options):
    return reader.read(root, options=ReadOptions(**options))


def maps(listing):
    return Targets(scan(listing, name="x"))


def test_by_hand(tmp_path):
    listing = read(folder(tmp_path))
    assert listing.scheme.labels == ("sky", "road", "tree") and listing.scheme.tasks == ("segmentation",)
    assert [row["target"] for row in listing.rows] == ["road|sky|tree"] * 2 and listing.remarks == ()
    assert maps(listing).semantic(0).tolist() == CLASSES


@pytest.mark.parametrize(
    "classes",
    [
        "0 sky\n1 road\n2 void\n",
        "0: sky\n1: road\n2: Unlabelled (ignore)\n",
        "id,name\n0,sky\n1,road\n2,don't care\n",
    ],
)
def test_what_is_void_counts_for_nothing(tmp_path, classes):
    listing = read(folder(tmp_path, classes=classes))
    assert listing.scheme.labels == ("sky", "road") and listing.scheme.ignore == (2,)
    assert maps(listing).semantic(0).tolist() == [[0, 0, 1], [255, 255, 255]]


def test_colours_by_a_list(tmp_path):
    red, blue = (255, 0, 0), (0, 0, 255)
    folder(tmp_path, rows=[[red, red, blue], [blue, blue, (1, 2, 3)]], classes="")
    for text in (
        "road 255 0 0\nsky 0 0 255\n",
        "name,r,g,b\nroad,255,0,0\nsky,0,0,255\n",
        "road:255,0,0::\nsky:0,0,255::\n",
    ):
        write(tmp_path / "class_colors.txt", text)
        listing = read(tmp_path)
        assert listing.scheme.mask == "colour" and set(listing.scheme.labels) == {"road", "sky"}
        assert [(r.kind, r.where) for r in listing.remarks] == [("mask", "class_colors.txt: #010203")]
        said = listing.remarks[0].what
        assert said.startswith(
            "2 masks have it (masks/1.png, masks/2.png: 16.67% of their pixels); it is not in"
        )
        found, labels = maps(listing).semantic(0), listing.scheme.labels
        assert found[0].tolist() == [labels.index("road")] * 2 + [labels.index("sky")] and found[1, 2] == 255


def test_a_map_that_is_void_all_over_is_named(tmp_path):
    folder(tmp_path, classes="sky\nroad\nvoid\n")
    save(tmp_path / "masks/2.png", [[2, 2, 2], [2, 2, 2]])
    (remark,) = read(tmp_path).remarks
    assert (remark.kind, remark.where) == ("mask", "masks/2.png") and "none of its pixels" in remark.what


def test_without_a_list(tmp_path):
    listing = read(folder(tmp_path, classes=""))
    assert listing.scheme.labels == ("0", "1", "2") and kinds(listing) == {"layout": ["."]}
    for name in "12":
        save(tmp_path / f"masks/{name}.png", [[0, 0, 255], [0, 255, 255]])
    listing = read(tmp_path)
    assert listing.scheme.labels == ("background", "foreground") and listing.remarks == ()
    for name in "12":
        save(tmp_path / f"masks/{name}.png", [[0, 1, 255], [0, 255, 2]])
    listing = read(tmp_path)
    assert listing.scheme.ignore == (255,) and listing.scheme.labels == ("0", "1", "2")


def test_a_palettes_places_are_the_classes(tmp_path):
    photo(tmp_path, "images/1.png")
    save(tmp_path / "masks/1.png", CLASSES, palette=[9, 9, 9, 200, 0, 0, 0, 200, 0])
    assert maps(read(tmp_path)).semantic(0).tolist() == CLASSES


def test_splits_and_other_folders(tmp_path):
    for split in ("train", "val"):
        photo(tmp_path, f"{split}/1.png")
        save(tmp_path / f"{split}annot/1.png", CLASSES)
    assert splits(read(tmp_path)) == {"train/1.png": "train", "val/1.png": "validation"}
    assert masks.recognise(tmp_path) > 0.85
    for name in ("1", "2"):
        photo(tmp_path / "x", f"{name}.png")
        save(tmp_path / f"x/{name}_mask.png", CLASSES)
    assert len(read(tmp_path / "x").rows) == 2


def test_two_masks_for_an_image_are_asked_about(tmp_path):
    folder(tmp_path)
    (tmp_path / "masks").rename(tmp_path / "masks_old")
    save(tmp_path / "masks_new/1.png", CLASSES)
    with pytest.raises(UsageError, match="--layout masks:NAME"):
        read(tmp_path)
    assert len(read(tmp_path, part="masks_new").rows) == 1


def test_what_does_not_meet_or_cannot_be_read_is_named(tmp_path):
    folder(tmp_path, names="123456")
    (tmp_path / "masks/1.png").write_bytes((tmp_path / "masks/1.png").read_bytes()[:40])
    save(tmp_path / "masks/2.png", [[0, 1]])
    (tmp_path / "masks/3.png").unlink()
    (tmp_path / "images/4.png").unlink()
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "masks/5.jpg")
    (tmp_path / "masks/5.png").unlink()
    listing = read(tmp_path)
    assert [row["path"] for row in listing.rows] == ["images/2.png", "images/6.png"]
    assert kinds(listing) == {
        "annotation": ["masks/1.png", "masks/5.jpg", "masks/4.png"],
        "unlisted": ["images/3.png"],
    }
    assert "its mask is damaged" in listing.remarks[0].what and "JPEG" in listing.remarks[1].what
    data = scan(listing, name="x")
    assert len(data) == 1 and any(r.kind == "size" and "2 x 1" in r.what for r in data.remarks)


def test_photos_taken_for_masks_are_refused(tmp_path):
    for name in "12":
        photo(tmp_path, f"images/{name}.png", 40, 40)
        save(tmp_path / f"masks/{name}.png", np.random.default_rng(0).integers(0, 256, (40, 40, 3)))
    with pytest.raises(UsageError, match="up to 255 classes"):
        read(tmp_path)


def numbered(root, count=5):
    """Maps of 16 bits that number blobs from 1."""
    for name in "1234":
        photo(root, f"images/{name}.png", 6, 20)
        rows = np.zeros((6, 20))
        for place in range(count - int(name) % 2):
            rows[1:4, 4 * place : 4 * place + 2] = place + 1
        save(root / f"labels/{name}.png", rows, dtype=np.uint16)
    return root


def test_an_instance_map(tmp_path):
    listing = list_examples(numbered(tmp_path), ReadOptions())
    assert listing.layout == "instances" and listing.scheme.tasks == ("instances", "detection")
    assert [len(row["annotation"].objects) for row in listing.rows] == [4, 5, 4, 5]
    targets = maps(listing)
    assert targets.boxes(0)[1].tolist() == [4, 1, 6, 4] and targets.masks(0)[1].sum() == 6


def test_a_file_for_each_object(tmp_path):
    for name in ("a", "b"):
        photo(tmp_path, f"train/{name}/images/{name}.png")
        save(tmp_path / f"train/{name}/masks/1.png", [[255, 255, 0], [0, 0, 0]])
        save(tmp_path / f"train/{name}/masks/2.png", [[0, 0, 0], [0, 0, 255]])
    save(tmp_path / "train/b/masks/3.png", [[0, 0, 0], [0, 0, 0]])
    listing = list_examples(tmp_path, ReadOptions())
    assert listing.layout == "instances" and [len(row["annotation"].objects) for row in listing.rows] == [
        2,
        2,
    ]
    assert kinds(listing) == {"mask": ["train/b/masks/3.png"]}
    assert maps(listing).masks(0)[0].tolist() == [[True, True, False], [False] * 3]
    save(tmp_path / "train/b/masks/2.png", [[0, 0]])
    assert "several sizes" in read(tmp_path, instances).remarks[-1].what


def test_classes_and_objects_are_told_apart(tmp_path):
    """A class comes again in pieces, an object is one piece and numbered anew; where neither shows, it asks."""
    pieces = np.zeros((9, 9))
    pieces[::2, ::2], pieces[1::2, 1::2] = 3, 7
    for name in "123":
        photo(tmp_path / "classes", f"images/{name}.png", 9, 9)
        save(tmp_path / f"classes/labels/{name}.png", pieces)
    assert list_examples(tmp_path / "classes", ReadOptions()).layout == "masks"
    folder(tmp_path / "doubt", names="123", classes="")
    with pytest.raises(UsageError, match=r"--layout masks .* or --layout instances"):
        list_examples(tmp_path / "doubt", ReadOptions())
    assert list_examples(tmp_path / "doubt", ReadOptions(), "masks").scheme.labels == ("0", "1", "2")
    assert (
        len(list_examples(tmp_path / "doubt", ReadOptions(), "instances").rows[0]["annotation"].objects) == 2
    )
