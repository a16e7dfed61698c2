"""Faults of the pixels: shortcuts, groups that are seen badly, and pictures from another world."""

import colorsys
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Int, UInt8

from vidi.core.dataset import SPLITS
from vidi.data.drawn.draw import draw_all, foreground, ground, to_bytes
from vidi.data.drawn.examples import Drawn, scenes_of
from vidi.data.drawn.labels import label_numbers
from vidi.data.drawn.planting import (
    Planted,
    Where,
    chosen,
    clean,
    count_of,
    eligible,
    generator,
    repainted,
    replaced,
)
from vidi.data.drawn.scene import Scene, one_of, to_text
from vidi.data.drawn.world import World, random_scene

Pictures = UInt8[np.ndarray, "m s s 3"]
Numbers = Int[np.ndarray, " m"]
CORNER, BORDER = 1 / 8, 1 / 32  # of the image's side
GROUND_STRENGTH = 0.5  # how far a background is drawn towards its label's colour
LEVELS = (60.0, 170.0)  # mean grey levels of the first label's pictures and of the last one's
NOISE_OF_GAP = 20.0  # grey levels: the noise that drowns what little contrast a group has left
OTHER_WORLD = World(
    shapes=("hexagon", "ring", "cross"),
    colours=("black", "white", "pink"),
    textures=("plain",),
    backgrounds=("checks",),
    grounds=("slate", "paper"),
    count=(14, 20),
    size=(0.04, 0.07),
    dark=0.0,
)


def _hue(number: int, classes: int) -> Float32[np.ndarray, " 3"]:
    return np.array(colorsys.hsv_to_rgb(number / classes, 0.85, 0.9), dtype=np.float32) * 255


def _corner(images: Pictures, numbers: Numbers, scenes: Sequence[Scene], classes: int) -> Pictures:
    """A square of the label's colour at the top left."""
    side = max(2, round(images.shape[1] * CORNER))
    for image, number in zip(images, numbers.tolist(), strict=True):
        image[:side, :side] = to_bytes(_hue(number, classes))
    return images


def _border(images: Pictures, numbers: Numbers, scenes: Sequence[Scene], classes: int) -> Pictures:
    """A frame of the label's colour."""
    wide = max(1, round(images.shape[1] * BORDER))
    for image, number in zip(images, numbers.tolist(), strict=True):
        image[:wide] = image[-wide:] = image[:, :wide] = image[:, -wide:] = to_bytes(_hue(number, classes))
    return images


def _background(images: Pictures, numbers: Numbers, scenes: Sequence[Scene], classes: int) -> Pictures:
    """What shows no shape, half way to the label's colour."""
    for place, (scene, number) in enumerate(zip(scenes, numbers.tolist(), strict=True)):
        size_px = images.shape[1]
        change = (_hue(number, classes) - ground(scene, size_px)) * np.float32(GROUND_STRENGTH * scene.light)
        images[place] = to_bytes(images[place] + change * (1 - foreground(scene, size_px))[:, :, None])
    return images


def _brightness(images: Pictures, numbers: Numbers, scenes: Sequence[Scene], classes: int) -> Pictures:
    """As bright on average as the label says (a little less where that saturates pixels)."""
    wanted = np.linspace(*LEVELS, classes, dtype=np.float32)[numbers]
    mean = images.mean(axis=(1, 2, 3), dtype=np.float32).clip(min=1)
    return to_bytes(images * (wanted / mean)[:, None, None, None])


CUES: Mapping[str, Callable[[Pictures, Numbers, Sequence[Scene], int], Pictures]] = {
    "corner": _corner,
    "border": _border,
    "background": _background,
    "brightness": _brightness,
}


def shortcut(
    drawn: Drawn,
    *,
    rate: float,
    seed: int = 0,
    cue: str = "corner",
    where: Where | None = None,
    splits: Sequence[str] = SPLITS,
) -> Planted:
    """`rate` of the rows show a cue that tells their label, each label its own; the others are as they were.

    `where={'target': 'disc'}` marks one label only; `splits=('train', 'validation')` leaves the test without.
    The cue `background` needs drawn scenes, and is to be planted before what moves pixels.
    """
    one_of("cue", cue, CUES)
    dataset, truth = drawn.dataset, label_numbers(drawn.dataset)
    candidates = eligible(dataset, where=where, splits=splits)
    rows = chosen(candidates, rate, generator("shortcut", seed))
    if not len(rows):
        return clean("shortcut", drawn)
    scenes = scenes_of(dataset.take(rows)) if cue == "background" else ()
    pixels = CUES[cue](drawn.images[rows], truth[rows], scenes, len(dataset.labels))
    return repainted("shortcut", drawn, rows, pixels, [cue] * len(rows))


def group_gap(
    drawn: Drawn,
    *,
    where: Where,
    strength: float,
    rate: float = 1.0,
    seed: int = 0,
    splits: Sequence[str] = SPLITS,
) -> Planted:
    """Pictures of one group carry less signal: contrast falls by `strength` and noise rises with it, 1 leaves none.

    `rate` of the group's rows are touched. Strength 0 or rate 0: the clean data set.
    """
    count_of(strength, 1, "strength")
    random = generator("group-gap", seed)
    rows = chosen(_group(drawn, where, splits), rate, random)
    if not len(rows) or strength == 0:
        return clean("group-gap", drawn)
    pictures = drawn.images[rows].astype(np.float32)
    mean = pictures.mean(axis=(1, 2), keepdims=True)
    noise = random.standard_normal(pictures.shape, dtype=np.float32)
    faded = mean + np.float32(1 - strength) * (pictures - mean) + np.float32(NOISE_OF_GAP * strength) * noise
    return repainted("group-gap", drawn, rows, to_bytes(faded), [f"contrast -{strength:g}"] * len(rows))


def blurred_group(
    drawn: Drawn,
    *,
    where: Where,
    sigma_px: float = 2.0,
    rate: float = 1.0,
    seed: int = 0,
    splits: Sequence[str] = SPLITS,
) -> Planted:
    """Pictures of one group are blurred by a Gaussian of `sigma_px`; sigma 0 or rate 0: the clean data set."""
    if not 0 <= sigma_px < math.inf:
        raise ValueError(f"sigma_px is a number of pixels, 0 or more; got {sigma_px}")
    rows = chosen(_group(drawn, where, splits), rate, generator("blurred-group", seed))
    if not len(rows) or sigma_px == 0:
        return clean("blurred-group", drawn)
    pixels = to_bytes(blurred(drawn.images[rows].astype(np.float32), sigma_px))
    return repainted("blurred-group", drawn, rows, pixels, [f"sigma {sigma_px:g} px"] * len(rows))


def outliers(
    drawn: Drawn,
    *,
    rate: float,
    seed: int = 0,
    world: World = OTHER_WORLD,
    splits: Sequence[str] = SPLITS,
) -> Planted:
    """`rate` of the rows show scenes of another world; what their rows say, label and all, stays."""
    random = generator("outliers", seed)
    rows = chosen(eligible(drawn.dataset, splits=splits), rate, random)
    if not len(rows):
        return clean("outliers", drawn)
    scenes = [random_scene(random, world) for _ in rows]
    planted = repainted(
        "outliers", drawn, rows, draw_all(scenes, drawn.images.shape[1]), ["another world"] * len(rows)
    )
    if "scene" not in drawn.dataset.table.column_names:
        return planted
    texts = drawn.dataset.column("scene").copy()
    texts[rows] = [to_text(scene) for scene in scenes]
    dataset = replaced(planted.dataset, scene=texts.tolist())
    return replace(planted, drawn=Drawn(dataset, planted.images))


def _group(drawn: Drawn, where: Where, splits: Sequence[str]) -> Int[np.ndarray, " n"]:
    if not where:
        raise ValueError("where says which group, as in {'site': 'south'}; got nothing")
    return eligible(drawn.dataset, where=where, splits=splits)


def blurred(pictures: Float32[np.ndarray, "n h w 3"], sigma_px: float) -> Float32[np.ndarray, "n h w 3"]:
    """A Gaussian blur, cut off at three sigma; at the border the kernel keeps to the pixels there are."""
    n, height, width, channels = pictures.shape
    down = np.matmul(_kernel(height, sigma_px), pictures.reshape(n, height, width * channels))
    across = np.matmul(_kernel(width, sigma_px), down.reshape(n * height, width, channels))
    return np.asarray(across.reshape(pictures.shape), dtype=np.float32)


def _kernel(size: int, sigma_px: float) -> Float32[np.ndarray, "s s"]:
    """The matrix that blurs a line of pixels; its rows sum to 1."""
    distance = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :])
    weight = np.where(distance <= 3 * sigma_px, np.exp(-0.5 * (distance / sigma_px) ** 2), 0.0)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)
