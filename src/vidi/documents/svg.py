"""Small pieces of SVG: escaped elements, and scales with round ticks."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from vidi.documents.text import Number


def element(name: str, *children: object, **attributes: object) -> Markup:
    """One element; text is escaped, `_` in attribute names becomes `-`, `class_` is `class`, None is left out."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    tag = Markup(escape(name))  # noqa: S704  (escaped here)
    if not children:
        return Markup("<{}{}/>").format(tag, written)
    return Markup("<{}{}>{}</{}>").format(tag, written, inside, tag)


def _short(value: object) -> str:
    """Two decimals are a hundredth of a pixel: enough, and the page stays small."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def path(points: Sequence[tuple[Number, Number]], **attributes: object) -> Markup:
    """A line through the points."""
    steps = " ".join(f"{'ML'[index > 0]}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))
    return element("path", d=steps, **attributes)


def ticks(low: Number, high: Number, *, about: int = 4) -> list[Number]:
    """Round numbers (1, 2 or 5 times a power of ten apart) inside [low, high], about `about` of them."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def scale(low: Number, high: Number, start: Number, stop: Number) -> Callable[[Number], Number]:
    """Maps [low, high] to [start, stop] in pixels; one point maps to the middle."""
    if high == low:
        low, high = low - 1, high + 1
    return lambda value: start + (value - low) / (high - low) * (stop - start)
