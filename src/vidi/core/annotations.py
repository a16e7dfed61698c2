"""What is drawn on an image beyond a label: boxes, outlines, points, and maps that give each pixel its class.

An `Annotation` is one image's, in plain values; a data set keeps them in one Arrow column, and `Annotations` is that
column as arrays. Masks stay polygons, run lengths or names of files until somebody wants pixels (`data.targets`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

Number = float | int
IGNORE = 255  # in a class map as it is learned from and judged: this pixel counts for nothing
COLUMN = "annotation"  # its name in a data set's table
INSTANCE = pa.struct(
    [
        ("label", pa.string()),
        ("box", pa.list_(pa.float32(), 4)),
        ("crowd", pa.bool_()),
        ("difficult", pa.bool_()),
        ("polygons", pa.list_(pa.list_(pa.float64()))),
        ("rle", pa.string()),
        ("file", pa.string()),
        ("value", pa.int64()),
        ("keypoints", pa.list_(pa.float64())),
        ("more", pa.string()),
    ]
)
TYPE = pa.struct([("objects", pa.list_(INSTANCE)), ("mask", pa.string()), ("digest", pa.string())])


@dataclass(frozen=True)
class Category:
    """A class that may be drawn. `number` is the source's own: COCO's id, YOLO's index, the value in a mask file (of a
    colour red x 65536 + green x 256 + blue). `skeleton` joins keypoints, counted from 1 as COCO does."""

    name: str
    number: int
    above: str | None = None
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Scheme:
    """What may be drawn on the images of a data set, and how it is written down.

    `tasks` are the questions it answers, the usual one first. `mask` says what the files of class maps hold: `index`
    (the value, or a palette's place), `colour`, or None where there are none. `ignore` are the values of pixels that
    count for nothing. `more` is what the source says of the whole set, in JSON's types.
    """

    categories: tuple[Category, ...]
    tasks: tuple[str, ...]
    mask: str | None = None
    ignore: tuple[int, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(category.name for category in self.categories)


@dataclass(frozen=True)
class Instance:
    """One object. `box` is x1, y1, x2, y2 in pixels of the upright image, x to the right and y down.

    Its mask is the union of `polygons` (x1, y1, x2, y2, … each), or `rle` (COCO's text for the image's size), or the
    pixels of `file` that are `value` (without a value: not 0), or not known. `keypoints` are x, y, visibility in turn
    (0 not labelled, 1 hidden, 2 seen). `crowd`: it stands for many, not told apart. `difficult`: not to be counted.
    """

    label: str
    box: tuple[Number, Number, Number, Number]
    crowd: bool = False
    difficult: bool = False
    polygons: tuple[tuple[Number, ...], ...] = ()
    rle: str | None = None
    file: str | None = None
    value: int | None = None
    keypoints: tuple[Number, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_mask(self) -> bool:
        return bool(self.polygons) or self.rle is not None or self.file is not None


@dataclass(frozen=True)
class Annotation:
    """What is drawn on one image: its objects, and the file (relative to the data's root) of its class map if any.

    `size` is the image's width and height where the source states them; `relative` coordinates are shares of the
    image's sides. `content` is a hash over the files of masks.
    """

    objects: tuple[Instance, ...] = ()
    mask: str | None = None
    size: tuple[int, int] | None = None
    relative: bool = False
    content: str | None = None

    @property
    def digest(self) -> str:
        """The same for the same drawing: a hash over everything but the size."""
        told = [[_flat(each) for each in self.objects], self.mask, self.content, self.relative]
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def to_arrow(annotations: Sequence[Annotation]) -> pa.Array:
    """A column of TYPE."""
    rows = [
        {"objects": [_flat(each) for each in one.objects], "mask": one.mask, "digest": one.digest}
        for one in annotations
    ]
    return pa.array(rows, TYPE)


def _flat(each: Instance) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Instance.__dataclass_fields__} | {
        "box": [float(value) for value in each.box],
        "polygons": [[float(value) for value in polygon] for polygon in each.polygons],
        "keypoints": [float(value) for value in each.keypoints],
        "more": json.dumps(each.more, ensure_ascii=False, default=str) if each.more else None,
    }


def from_arrow(value: pa.Scalar) -> Annotation:
    """One row of the column."""
    row = value.as_py()
    return Annotation(tuple(_instance(each) for each in row["objects"]), row["mask"])


def _instance(told: dict[str, Any]) -> Instance:
    return Instance(
        **{
            **told,
            "box": tuple(told["box"]),
            "polygons": tuple(tuple(each) for each in told["polygons"]),
            "keypoints": tuple(told["keypoints"]),
            "more": {} if told["more"] is None else json.loads(told["more"]),
        }
    )


@dataclass(frozen=True)
class Annotations:
    """The objects of n images one after the other; those of image i are `start[i]` to `start[i + 1]`.

    `boxes` are x1, y1, x2, y2 in pixels; `label` numbers the data set's labels.
    """

    start: Int[np.ndarray, " n1"]
    boxes: Float[np.ndarray, "m 4"]
    label: Int[np.ndarray, " m"]
    crowd: Bool[np.ndarray, " m"]
    difficult: Bool[np.ndarray, " m"]

    def of(self, row: int) -> slice:
        """The objects of an image."""
        return slice(int(self.start[row]), int(self.start[row + 1]))

    @property
    def image(self) -> Int[np.ndarray, " m"]:
        """Each object's image."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


def as_arrays(column: pa.ChunkedArray, labels: Sequence[str]) -> Annotations:
    """The column's objects as arrays."""
    whole = column.combine_chunks()
    parts = whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]
    lists = pa.concat_arrays([part.field("objects") for part in parts] or [pa.array([], pa.list_(INSTANCE))])
    objects = lists.flatten()
    start = np.concatenate([[0], np.cumsum(pc.list_value_length(lists).to_numpy(zero_copy_only=False))])
    flat = objects.field("box").flatten().to_numpy(zero_copy_only=False)
    known = pc.index_in(objects.field("label"), value_set=pa.array(list(labels), pa.string()))
    return Annotations(
        start.astype(np.int64),
        np.array(flat, np.float32).reshape(-1, 4),
        np.array(known.fill_null(-1).to_numpy(zero_copy_only=False), np.int64),
        *(
            np.array(objects.field(name).to_numpy(zero_copy_only=False), bool)
            for name in ("crowd", "difficult")
        ),
    )
