"""Data sets of drawn scenes: a table, the pictures, and in every row what it was drawn from."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from vidi.core.dataset import Dataset
from vidi.data.drawn.draw import draw_all
from vidi.data.drawn.scene import Scene, from_text, one_of, to_text
from vidi.data.drawn.world import DARK, WORLD, World, random_scene

TARGETS = ("shape", "colour", "texture", "count", "shapes")
ATTRIBUTES = ("shape", "colour", "texture", "count", "background", "brightness", "site", "camera")
SITES, CAMERAS = ("north", "south", "west"), ("new", "old")  # drawn at random: no pixel tells them
SPLIT_PATTERN = ("train", "train", "train", "validation", "test")
MAIN_STANDS_OUT = 0.75  # clutter at most this large beside the main shape leaves no doubt which one it is


class Drawn(NamedTuple):
    """A data set and its pictures, row by row. Column `scene` holds what each was drawn from, before any fault."""

    dataset: Dataset
    images: UInt8[np.ndarray, "n s s 3"]


def values_of(world: World, target: str) -> tuple[str, ...]:
    """The labels of a target in this world, sorted (counts as numbers)."""
    one_of("target", target, TARGETS)
    if target == "count":
        return tuple(str(count) for count in range(world.count[0], world.count[1] + 1))
    field = {"shape": "shapes", "shapes": "shapes", "colour": "colours", "texture": "textures"}[target]
    return tuple(sorted(set(getattr(world, field))))


def attributes_of(world: World, target: str) -> tuple[str, ...]:
    """What is told of every picture beside its target: not the main shape's kind where all shapes are asked for."""
    left_out = {target, "shape" if target == "shapes" else "", "" if len(set(world.count)) > 1 else "count"}
    return tuple(name for name in ATTRIBUTES if name not in left_out)


def scenes(n: int, *, world: World = WORLD, target: str = "shape", seed: int = 0) -> list[Scene]:
    """`n` scenes whose labels take turns; scene i is the same whatever `n` is."""
    labels, made = values_of(world, target), []
    if n < 1:
        raise ValueError(f"n is the number of scenes, 1 or more; got {n}")
    if target in ("shape", "colour", "texture") and world.count[1] > 1 and world.clutter > MAIN_STANDS_OUT:
        raise ValueError(
            f"which shape names the picture? With several shapes, target {target!r} wants World.clutter of at most "
            f"{MAIN_STANDS_OUT}, so that the main one stands out; got {world.clutter}"
        )
    for row in range(n):
        generator, label = np.random.default_rng([seed, row]), labels[row % len(labels)]
        scene = random_scene(
            generator,
            world,
            shape=label if target == "shape" else None,
            colour=label if target == "colour" else None,
            texture=label if target == "texture" else None,
            count=int(label) if target == "count" else None,
        )
        made.append(scene)
    return made


def dataset(
    n: int, *, world: World = WORLD, target: str = "shape", size_px: int = 64, seed: int = 0
) -> Drawn:
    """`n` random scenes as a data set: 60 % train, 20 % validation, 20 % test, labels in the same shares everywhere.

    `target` is the main shape's `shape`, `colour` or `texture`, the `count` of shapes, or all `shapes` there are
    (multilabel). What is not the target is an attribute; `site` and `camera` are attributes that no pixel tells.
    """
    made = scenes(n, world=world, target=target, seed=seed)
    images = draw_all(made, size_px)
    labels = values_of(world, target)
    turn = 1 if target == "shapes" else len(labels)
    told = [_told(scene) for scene in made]
    targets = [each["shapes" if target == "shapes" else target] for each in told]
    attributes = attributes_of(world, target)
    columns = {name: [each[name] for each in told] for name in attributes if name in told[0]}
    columns["site"] = _untold(SITES, n, [seed, 0, 1])  # one number more than a scene's generator has
    columns["camera"] = _untold(CAMERAS, n, [seed, 0, 2])
    own = {
        "id": [f"drawn-{row:05}" for row in range(n)],
        "path": [f"{targets[row].replace('|', '-')}/{row:05}.png" for row in range(n)],
        "hash": hashes(images),
        "target": targets,
        "split": [SPLIT_PATTERN[row // turn % len(SPLIT_PATTERN)] for row in range(n)],
        "width": [size_px] * n,
        "height": [size_px] * n,
    }
    table = pa.table(
        {**own, **{name: columns[name] for name in attributes}, "scene": list(map(to_text, made))}
    )
    task = "multilabel" if target == "shapes" else "classification"
    return Drawn(
        Dataset(
            name="drawn",
            root=Path(),
            layout="drawn",
            table=table,
            labels=labels,
            task=task,
            attributes=attributes,
        ),
        images,
    )


def _untold(levels: tuple[str, ...], n: int, seed: list[int]) -> list[str]:
    """Levels at random, of which no pixel knows; the first ones are the same whatever `n` is."""
    place = np.random.default_rng(seed).random(n) * len(levels)
    return [levels[int(number)] for number in place]


def _told(scene: Scene) -> dict[str, str]:
    """What a scene says of itself, as text."""
    return {
        "shape": scene.main.kind,
        "colour": scene.main.colour,
        "texture": scene.main.texture,
        "count": str(len(scene.shapes)),
        "shapes": "|".join(sorted({shape.kind for shape in scene.shapes})),
        "background": scene.background.kind,
        "brightness": "dark" if scene.light <= DARK[1] else "bright",
    }


def hashes(images: UInt8[np.ndarray, "n h w 3"]) -> list[str]:
    """SHA-256 of each picture's pixels, in hex."""
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def scenes_of(dataset: Dataset) -> list[Scene]:
    """What each row was drawn from; raises ValueError for a data set that was not drawn."""
    if "scene" not in dataset.table.column_names:
        raise ValueError(f"{dataset.name} has no column `scene`: it was not drawn by `dataset`")
    return [from_text(text) for text in dataset.column("scene")]
