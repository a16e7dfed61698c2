"""What is in a picture, said exactly: shapes in the order they are drawn, what lies behind them, and the light."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from vidi.data.drawn.shapes import COLOURS, GROUNDS, PATTERNS, SHAPES, TEXTURES

BACKGROUNDS = ("plain", "gradient", "noise", *PATTERNS)


def one_of(what: str, name: str, known: Iterable[str]) -> None:
    """Raises ValueError with the names there are unless `name` is one of them."""
    if name not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}; got {name!r}")


@dataclass(frozen=True)
class Shape:
    """One shape: centre and size in shares of the image's side, x to the right and y down.

    `size` is the radius of the circle around the shape; `angle_deg` turns it clockwise. A texture turns with it.
    """

    kind: str
    colour: str
    texture: str = "plain"
    x: float = 0.5
    y: float = 0.5
    size: float = 0.25
    angle_deg: float = 0.0

    def __post_init__(self) -> None:
        one_of("Shape.kind", self.kind, SHAPES)
        one_of("Shape.colour", self.colour, COLOURS)
        one_of("Shape.texture", self.texture, TEXTURES)
        if not all(map(math.isfinite, (self.x, self.y, self.angle_deg))):
            raise ValueError(
                f"Shape.x, y and angle_deg are finite; got {self.x}, {self.y} and {self.angle_deg}"
            )
        if not 0 < self.size < math.inf:
            raise ValueError(f"Shape.size is a share of the image's side, above 0; got {self.size}")


@dataclass(frozen=True)
class Background:
    """What lies behind the shapes: plain `colour`, or `colour` and `other` in a gradient, clouds or a pattern."""

    kind: str = "plain"
    colour: str = "mist"
    other: str = "stone"
    angle_deg: float = 0.0

    def __post_init__(self) -> None:
        one_of("Background.kind", self.kind, BACKGROUNDS)
        one_of("Background.colour", self.colour, GROUNDS)
        one_of("Background.other", self.other, GROUNDS)
        if not math.isfinite(self.angle_deg):
            raise ValueError(f"Background.angle_deg is finite; got {self.angle_deg}")


@dataclass(frozen=True)
class Scene:
    """Shapes from the hindmost to the one in front, which is the main one: it names the picture.

    `light` multiplies every pixel (1: as the colours say). `grain` is the standard deviation of the camera's noise
    in grey levels. `seed` makes the grain and a background of clouds.
    """

    shapes: tuple[Shape, ...] = ()
    background: Background = Background()
    light: float = 1.0
    grain: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.light < math.inf:
            raise ValueError(f"Scene.light is a factor, 0 or more; got {self.light}")
        if not 0 <= self.grain < math.inf:
            raise ValueError(
                f"Scene.grain is a standard deviation in grey levels, 0 or more; got {self.grain}"
            )
        if self.seed < 0:
            raise ValueError(f"Scene.seed is 0 or more; got {self.seed}")

    @property
    def main(self) -> Shape:
        """The shape in front, which nothing hides."""
        if not self.shapes:
            raise ValueError("an empty scene has no main shape")
        return self.shapes[-1]


def to_text(scene: Scene) -> str:
    """The scene as one line of JSON."""
    return json.dumps(asdict(scene))


def from_text(text: str) -> Scene:
    """The scene that `to_text` wrote."""
    said = json.loads(text)
    shapes = tuple(Shape(**shape) for shape in said.pop("shapes"))
    return Scene(shapes=shapes, background=Background(**said.pop("background")), **said)
