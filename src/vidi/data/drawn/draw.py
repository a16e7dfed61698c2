"""From a scene to pixels: every shape is sampled 16 times in each pixel that it can touch."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidi.data.drawn.scene import Scene, Shape
from vidi.data.drawn.shapes import COLOURS, GROUNDS, INSIDE, PATTERNS, patterned, second_tone

SAMPLES = 4  # in each direction of a pixel
SHAPE_PERIOD = 0.6  # of a texture, in radii of its shape
GROUND_PERIOD = 0.16  # of a background's pattern, in sides of the image
CLOUDS = 7  # a background of clouds is interpolated between so many random values in each direction

Window = tuple[slice, slice]
Share = Float32[np.ndarray, "y x"]


def draw(scene: Scene, size_px: int) -> UInt8[np.ndarray, "s s 3"]:
    """The picture of a scene, antialiased, 0..255. The same scene gives the same bytes."""
    if size_px < 1:
        raise ValueError(f"size_px is 1 or more; got {size_px}")
    canvas = ground(scene, size_px)
    for shape in scene.shapes:
        window, first, second = covered(shape, size_px)
        part = canvas[window]
        part *= (1 - first - second)[:, :, None]
        part += first[:, :, None] * np.array(COLOURS[shape.colour], dtype=np.float32)
        if shape.texture != "plain":
            part += second[:, :, None] * second_tone(shape.colour)
    if scene.light != 1:
        canvas *= np.float32(scene.light)
    if scene.grain:
        noise = np.random.default_rng([scene.seed, 1]).standard_normal(canvas.shape, dtype=np.float32)
        canvas += noise * np.float32(scene.grain)
    return to_bytes(canvas)


def draw_all(scenes: Sequence[Scene], size_px: int) -> UInt8[np.ndarray, "n s s 3"]:
    """The pictures of many scenes."""
    images = np.empty((len(scenes), size_px, size_px, 3), dtype=np.uint8)
    for place, scene in enumerate(scenes):
        images[place] = draw(scene, size_px)
    return images


def to_bytes(canvas: Float32[np.ndarray, "*any"]) -> UInt8[np.ndarray, "*any"]:
    """Grey levels rounded to nearest (a half up) and clipped to 0..255."""
    return np.asarray((canvas + np.float32(0.5)).clip(0, 255), dtype=np.uint8)


def coverage(shape: Shape, size_px: int) -> Share:
    """The share of each pixel that the shape covers, in [0, 1], as if it stood alone."""
    whole = np.zeros((size_px, size_px), dtype=np.float32)
    window, first, second = covered(shape, size_px)
    whole[window] = first + second
    return whole


def foreground(scene: Scene, size_px: int) -> Share:
    """The share of each pixel that shows shapes, in [0, 1]; the rest shows the background."""
    behind = np.ones((size_px, size_px), dtype=np.float32)
    for shape in scene.shapes:
        behind *= 1 - coverage(shape, size_px)
    return 1 - behind


def covered(shape: Shape, size_px: int) -> tuple[Window, Share, Share]:
    """The pixels that a shape can touch, and which share of each its two tones cover."""
    rows, columns = _reach(shape.y, shape.size, size_px), _reach(shape.x, shape.size, size_px)
    u, v = turned(
        _samples(columns, size_px) - shape.x,
        _samples(rows, size_px) - shape.y,
        angle_deg=shape.angle_deg,
        unit=shape.size,
    )
    inside = INSIDE[shape.kind](u, v)
    if shape.texture == "plain":
        first = _pixel_shares(inside)
        return (rows, columns), first, np.zeros_like(first)
    second = inside & patterned(shape.texture, u, v, period=SHAPE_PERIOD)
    return (rows, columns), _pixel_shares(inside ^ second), _pixel_shares(second)


def ground(scene: Scene, size_px: int) -> Float32[np.ndarray, "s s 3"]:
    """The background alone in grey levels, before light and grain."""
    background = scene.background
    first, other = (
        np.array(GROUNDS[name], dtype=np.float32) for name in (background.colour, background.other)
    )
    if background.kind == "plain":
        return np.broadcast_to(first, (size_px, size_px, 3)).copy()
    mixed = {"gradient": _gradient, "noise": _clouds}.get(background.kind, _pattern)(scene, size_px)
    return np.asarray(first + mixed[:, :, None] * (other - first), dtype=np.float32)


def _gradient(scene: Scene, size_px: int) -> Share:
    """From 0 to 1 along `angle_deg` (0: to the right), reaching both in the corners."""
    centres = (np.arange(size_px) + 0.5) / size_px - 0.5
    angle = math.radians(scene.background.angle_deg)
    across, _ = turned(centres, centres, angle_deg=scene.background.angle_deg, unit=1.0)
    return across / np.float32(abs(math.cos(angle)) + abs(math.sin(angle))) + np.float32(0.5)


def _clouds(scene: Scene, size_px: int) -> Share:
    """Random values in [0, 1], linearly interpolated; the same clouds at every size."""
    values = np.random.default_rng([scene.seed, 0]).random((CLOUDS, CLOUDS), dtype=np.float32)
    place = (np.arange(size_px) + 0.5) / size_px * (CLOUDS - 1)
    weight = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(CLOUDS))).astype(np.float32)
    return np.asarray(weight @ values @ weight.T)


def _pattern(scene: Scene, size_px: int) -> Share:
    assert scene.background.kind in PATTERNS
    place = _samples(slice(0, size_px), size_px) - 0.5
    u, v = turned(place, place, angle_deg=scene.background.angle_deg, unit=1.0)
    return _pixel_shares(patterned(scene.background.kind, u, v, period=GROUND_PERIOD))


def turned(
    x: np.ndarray, y: np.ndarray, *, angle_deg: float, unit: float
) -> tuple[Float32[np.ndarray, "y x"], Float32[np.ndarray, "y x"]]:
    """The plane of all (x, y) in the coordinates of something turned clockwise by `angle_deg`, `unit` in size."""
    cosine = math.cos(math.radians(angle_deg)) / unit
    sine = math.sin(math.radians(angle_deg)) / unit
    u = (cosine * x).astype(np.float32)[None, :] + (sine * y).astype(np.float32)[:, None]
    v = (-sine * x).astype(np.float32)[None, :] + (cosine * y).astype(np.float32)[:, None]
    return u, v


def _reach(centre: float, radius: float, size_px: int) -> slice:
    """The pixels of one axis that a circle can touch."""
    first, last = math.floor((centre - radius) * size_px), math.ceil((centre + radius) * size_px)
    start = min(max(first, 0), size_px)
    return slice(start, min(max(last, start), size_px))


def _samples(pixels: slice, size_px: int) -> np.ndarray:
    """Where the samples of these pixels lie along one axis, in shares of the image's side."""
    return (np.arange(pixels.start * SAMPLES, pixels.stop * SAMPLES) + 0.5) / (SAMPLES * size_px)


def _pixel_shares(part: Bool[np.ndarray, "high wide"]) -> Share:
    """The share of each pixel's samples that are true."""
    bits = part.view(np.uint8)
    rows = sum(bits[place::SAMPLES] for place in range(1, SAMPLES)) + bits[::SAMPLES]
    both = sum(rows[:, place::SAMPLES] for place in range(1, SAMPLES)) + rows[:, ::SAMPLES]
    return np.asarray(both, dtype=np.float32) / np.float32(SAMPLES**2)
