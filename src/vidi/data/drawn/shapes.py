"""What scenes are made of: outlines, patterns and named colours, each in a shape's own coordinates.

A shape lies in the unit circle around (0, 0), u to the right and v down, and touches it.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

Plane = Float32[np.ndarray, "y x"]
Part = Bool[np.ndarray, "y x"]

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 48, 49),
    "orange": (240, 140, 30),
    "yellow": (250, 214, 50),
    "green": (46, 158, 74),
    "cyan": (40, 190, 200),
    "blue": (46, 86, 214),
    "purple": (134, 62, 176),
    "pink": (240, 120, 170),
    "brown": (120, 72, 36),
    "white": (250, 250, 250),
    "black": (16, 16, 16),
}
GROUNDS: Mapping[str, tuple[int, int, int]] = {
    "paper": (236, 232, 222),
    "mist": (200, 208, 214),
    "sand": (214, 196, 160),
    "moss": (150, 160, 128),
    "stone": (140, 138, 134),
    "slate": (88, 96, 106),
}

HALF_SQUARE = math.sqrt(0.5)
RING_HOLE = 0.55  # radius of a ring's hole
ARM_LENGTH, ARM_WIDTH = 3 / math.sqrt(10), 1 / math.sqrt(10)  # half of each; a cross is made of five squares
PENTAGON_WITHIN_STAR = math.cos(math.radians(72))  # distance of its sides from the centre


def _half_planes(
    u: Plane, v: Plane, *, sides: int, distance: float, first_deg: float
) -> UInt8[np.ndarray, "y x"]:
    """In how many of `sides` half-planes each point lies; their edges are `distance` from the centre."""
    count = np.zeros(u.shape, dtype=np.uint8)
    for side in range(sides):
        angle = math.radians(first_deg + 360 * side / sides)
        count += u * np.float32(math.cos(angle)) + v * np.float32(math.sin(angle)) <= distance
    return count


def _disc(u: Plane, v: Plane) -> Part:
    return np.asarray(u * u + v * v <= 1)


def _square(u: Plane, v: Plane) -> Part:
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) <= HALF_SQUARE)


def _triangle(u: Plane, v: Plane) -> Part:
    return np.asarray(_half_planes(u, v, sides=3, distance=0.5, first_deg=-30.0) == 3)


def _star(u: Plane, v: Plane) -> Part:
    """A pentagram: its middle lies inside all five lines, each of its points outside exactly one."""
    return np.asarray(_half_planes(u, v, sides=5, distance=PENTAGON_WITHIN_STAR, first_deg=-90.0) >= 4)


def _ring(u: Plane, v: Plane) -> Part:
    square = u * u + v * v
    return np.asarray((square <= 1) & (square >= RING_HOLE**2))


def _cross(u: Plane, v: Plane) -> Part:
    across, down = np.abs(u), np.abs(v)
    return np.asarray((np.maximum(across, down) <= ARM_LENGTH) & (np.minimum(across, down) <= ARM_WIDTH))


def _semicircle(u: Plane, v: Plane) -> Part:
    return np.asarray((u * u + v * v <= 1) & (v <= 0))


def _hexagon(u: Plane, v: Plane) -> Part:
    return np.asarray(_half_planes(u, v, sides=6, distance=math.sqrt(0.75), first_deg=0.0) == 6)


INSIDE: Mapping[str, Callable[[Plane, Plane], Part]] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
    "semicircle": _semicircle,
    "hexagon": _hexagon,
}
SHAPES = tuple(INSIDE)
AREAS: Mapping[str, float] = {
    "disc": math.pi,
    "square": 2.0,
    "triangle": 3 * math.sqrt(3) / 4,
    "star": 5 * math.sin(math.radians(36)) * math.cos(math.radians(72)) / math.cos(math.radians(36)),
    "ring": math.pi * (1 - RING_HOLE**2),
    "cross": 2.0,
    "semicircle": math.pi / 2,
    "hexagon": 3 * math.sqrt(3) / 2,
}


def _stripes(u: Plane, v: Plane) -> Part:
    return np.asarray(np.sin(v) > 0)


def _dots(u: Plane, v: Plane) -> Part:
    return np.asarray(np.cos(u) + np.cos(v) > 0.7)


def _checks(u: Plane, v: Plane) -> Part:
    return np.asarray((np.sin(u) > 0) ^ (np.sin(v) > 0))


PATTERNS: Mapping[str, Callable[[Plane, Plane], Part]] = {
    "stripes": _stripes,
    "dots": _dots,
    "checks": _checks,
}
TEXTURES = ("plain", *PATTERNS)


def patterned(texture: str, u: Plane, v: Plane, *, period: float) -> Part:
    """Where the second tone of a texture lies, for a pattern that repeats after `period`; nowhere if plain."""
    if texture == "plain":
        return np.zeros(u.shape, dtype=bool)
    turn = np.float32(2 * math.pi / period)
    return PATTERNS[texture](u * turn, v * turn)


def second_tone(colour: str) -> Float32[np.ndarray, " 3"]:
    """The other tone of a texture in `colour`: half way to white for dark colours, to black for light ones."""
    first = np.array(COLOURS[colour], dtype=np.float32)
    brightness = first @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.asarray((first + (255 if brightness < 128 else 0)) / 2, dtype=np.float32)


def _on_circle(degrees: list[float]) -> Float[np.ndarray, "n 2"]:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _corners(kind: str) -> Float[np.ndarray, "n 2"]:
    """The corners (u, v) of a shape's convex hull; arcs are not among them."""
    signs = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)], dtype=np.float64)
    arms = np.array([ARM_LENGTH, ARM_WIDTH])
    return {
        "square": signs * HALF_SQUARE,
        "triangle": _on_circle([-90.0, 30.0, 150.0]),
        "star": _on_circle([-90.0 + 72 * point for point in range(5)]),
        "cross": np.concatenate([signs * arms, signs * arms[::-1]]),
        "semicircle": _on_circle([0.0, 180.0]),
        "hexagon": _on_circle([30.0 + 60 * corner for corner in range(6)]),
    }.get(kind, np.zeros((0, 2)))


def extremes(kind: str, angle_deg: float) -> tuple[float, float, float, float]:
    """The box (left, top, right, bottom) around a shape turned clockwise by `angle_deg`, in its own radius."""
    angle = math.radians(angle_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = _corners(kind) @ turn.T
    if kind in ("disc", "ring", "semicircle"):
        ends = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
        upper = (ends @ turn)[:, 1] <= 0  # back in its own coordinates: is it on the half that is there?
        points = np.concatenate([points, ends[upper] if kind == "semicircle" else ends])
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
