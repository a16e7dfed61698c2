"""Scenes made up at random within a world's bounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidi.data.drawn.draw import coverage
from vidi.data.drawn.scene import BACKGROUNDS, Background, Scene, Shape, one_of
from vidi.data.drawn.shapes import AREAS, COLOURS, GROUNDS, SHAPES, TEXTURES

DARK, BRIGHT = (0.45, 0.6), (0.85, 1.0)  # the light of dark scenes and of bright ones
TRIES, ROUNDS, SHRINK = 40, 20, 0.9
SEEN_AT_PX = 64  # what can be seen is judged at this size


@dataclass(frozen=True)
class World:
    """What scenes may hold. Pairs are the least and the greatest value, both possible.

    `size` is of a shape's radius in shares of the image's side; all shapes but the main one are `clutter` times
    as large. Two shapes' circles may share `overlap` of the sum of their radii: 0 none, 1 anything. Unless
    `inside`, shapes may reach beyond the image. At least the share `seen` of every shape's area is visible.
    `dark` is the share of dark scenes.
    """

    shapes: tuple[str, ...] = ("disc", "square", "triangle", "star")
    colours: tuple[str, ...] = ("red", "yellow", "green", "blue")
    textures: tuple[str, ...] = TEXTURES
    backgrounds: tuple[str, ...] = BACKGROUNDS
    grounds: tuple[str, ...] = tuple(GROUNDS)
    count: tuple[int, int] = (1, 1)
    size: tuple[float, float] = (0.2, 0.36)
    clutter: float = 1.0
    overlap: float = 0.0
    inside: bool = True
    seen: float = 0.25
    dark: float = 0.3
    grain: float = 4.0

    def __post_init__(self) -> None:
        known = {
            "shapes": SHAPES,
            "colours": COLOURS,
            "textures": TEXTURES,
            "backgrounds": BACKGROUNDS,
            "grounds": GROUNDS,
        }
        for field, names in known.items():
            if not getattr(self, field):
                raise ValueError(f"World.{field} names at least one of {', '.join(names)}; got none")
            for name in getattr(self, field):
                one_of(f"World.{field}", name, names)
        _in_order("count", self.count, least=1.0, most=math.inf)
        _in_order("size", self.size, least=0.001, most=0.5 if self.inside else math.inf)
        for field in ("overlap", "seen", "dark"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"World.{field} is a share in [0, 1]; got {getattr(self, field)}")
        if not 0 < self.clutter <= 1:
            raise ValueError(f"World.clutter is a factor above 0, 1 at most; got {self.clutter}")


def _in_order(field: str, pair: tuple[int, int] | tuple[float, float], *, least: float, most: float) -> None:
    if not least <= pair[0] <= pair[1] <= most:
        raise ValueError(f"World.{field} is (least, greatest) within {least} and {most}; got {pair}")


WORLD = World()


def random_scene(
    generator: np.random.Generator,
    world: World = WORLD,
    *,
    shape: str | None = None,
    colour: str | None = None,
    texture: str | None = None,
    count: int | None = None,
) -> Scene:
    """A scene of this world; `shape`, `colour` and `texture` are the main shape's if given.

    Raises ValueError if so many shapes find no room even when they are an eighth as large, or if they hide one
    another in every try.
    """
    count = int(generator.integers(world.count[0], world.count[1] + 1)) if count is None else count
    if count < 1:
        raise ValueError(f"count is 1 or more; got {count}")
    asked = {"kind": shape, "colour": colour, "texture": texture}
    shapes = _shapes(generator, world, count, {name: value for name, value in asked.items() if value})
    dark = generator.random() < world.dark
    return Scene(
        shapes=shapes,
        background=_background(generator, world),
        light=float(generator.uniform(*(DARK if dark else BRIGHT))),
        grain=world.grain,
        seed=int(generator.integers(1 << 32)),
    )


def _shapes(
    generator: np.random.Generator, world: World, count: int, main: Mapping[str, str]
) -> tuple[Shape, ...]:
    """Shapes in the order they are drawn, all of them seen; the last one is as `main` says."""
    for _ in range(ROUNDS):
        size = generator.uniform(*world.size, count)
        size[:-1] *= world.clutter
        made = []
        for number, (x, y, radius) in enumerate(_places(generator, size, world)):
            chosen = {
                "kind": _one(generator, world.shapes),
                "colour": _one(generator, world.colours),
                "texture": _one(generator, world.textures),
            }
            chosen |= main if number == count - 1 else {}
            made.append(Shape(**chosen, x=x, y=y, size=radius, angle_deg=float(generator.uniform(0, 360))))
        if (world.overlap == 0 and world.inside) or all_seen(made, world.seen):
            return tuple(made)
    raise ValueError(
        f"{count} shapes hide one another in all of {ROUNDS} scenes; ask for fewer or smaller ones, less overlap, or "
        f"less to be seen of each than {world.seen}"
    )


def all_seen(shapes: Sequence[Shape], least: float) -> bool:
    """Whether at least the share `least` of every shape's area is within the image and not hidden."""
    free = np.ones((SEEN_AT_PX, SEEN_AT_PX), dtype=np.float32)
    for shape in reversed(shapes):
        covered = coverage(shape, SEEN_AT_PX)
        if float((covered * free).sum()) < least * AREAS[shape.kind] * (shape.size * SEEN_AT_PX) ** 2:
            return False
        free *= 1 - covered
    return True


def _one(generator: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(generator.integers(len(names)))]


def _background(generator: np.random.Generator, world: World) -> Background:
    """Its two colours differ if the world has two."""
    kind = _one(generator, world.backgrounds)
    first = int(generator.integers(len(world.grounds)))
    step = int(generator.integers(1, len(world.grounds))) if len(world.grounds) > 1 else 0
    other = world.grounds[(first + step) % len(world.grounds)]
    return Background(kind, world.grounds[first], other, float(generator.uniform(0, 360)))


def _places(
    generator: np.random.Generator, size: NDArray[np.float64], world: World
) -> list[tuple[float, float, float]]:
    """A centre and a radius for every shape; all are made smaller until they find room."""
    for smaller in range(ROUNDS):
        radii = size * SHRINK**smaller
        places: list[tuple[float, float, float]] = []
        for radius in radii.tolist():
            margin = radius if world.inside else 0.0
            for x, y in generator.uniform(margin, 1 - margin, (TRIES if places else 1, 2)).tolist():
                if all(
                    math.hypot(x - other[0], y - other[1]) >= (1 - world.overlap) * (radius + other[2])
                    for other in places
                ):
                    places.append((x, y, radius))
                    break
            else:
                break
        if len(places) == len(radii):
            return places
    raise ValueError(
        f"{len(size)} shapes of size {world.size} find no room; ask for fewer, smaller or overlapping ones"
    )
