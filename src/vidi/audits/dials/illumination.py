"""The same things in another light."""

import math

import numpy as np
from jaxtyping import Float32, UInt8

from vidi.core.card import Card
from vidi.ops.field import grid
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Illumination",
    idea="Light the picture from one side with a lamp that is warmer or colder than before.",
    paper="Poynton 2012, Digital Video and HD, chapter 27 (linear light); IEC 61966-2-1 (sRGB)",
    differs=(
        "No surfaces are known, so the light falls off across the picture in one direction, by a number "
        "of stops, in linear light."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "stays"},
)
STOPS = (0.6, 1.2, 2.0, 3.0, 4.0)  # how much darker the far end is: each halves the light
TINT_STOPS = 0.25  # of these, how much red and blue part


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with its light falling off from one border to the opposite, at an angle that is drawn."""
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    stops, angle = STOPS[severity - 1], generator.uniform(0, 2 * math.pi)
    warmth = TINT_STOPS if generator.random() < 0.5 else -TINT_STOPS
    y, x = grid(height, width)
    along = math.sin(angle) * y + math.cos(angle) * x
    share = (along - along.min()) / (along.max() - along.min())
    tint = np.array([warmth, 0, -warmth], dtype=np.float32) / 2 - abs(warmth) / 2  # no channel gets lighter
    light = np.exp2(stops * (tint - share[..., None])).astype(np.float32)
    return to_uint8(encoded(linear(unit(image)) * light))


def linear(image: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """Light from sRGB values, both in [0, 1]."""
    return np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """sRGB values from light, both in [0, 1]."""
    bright = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, bright).astype(np.float32)
