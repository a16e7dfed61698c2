"""The same things seen from elsewhere."""

import math

import numpy as np
from jaxtyping import Float, UInt8

from vidi.core.card import Card
from vidi.ops.field import grid, sampled
from vidi.ops.severity import check_severity, to_uint8, unit

CARD = Card(
    title="Viewpoint",
    idea="Turn the picture in its plane and tilt it away from the camera.",
    paper="Hartley & Zisserman 2004, Multiple View Geometry, section 8.4 (a plane seen by a turned camera)",
    differs=(
        "A photograph is flat: parts that were hidden stay hidden. The angles of a severity are fixed, "
        "only the senses of turning and the tilt's axis are drawn; what comes from beyond the border is "
        "its mirror image."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "lost"},
)
ROLL_TILT_DEG = ((5, 8), (10, 16), (16, 24), (23, 32), (32, 40))
DISTANCE = 2.0  # from camera to picture, in shorter sides: a field of view of 28 degrees


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image as a camera sees it that is rolled, and tilted about an axis in the picture, by fixed angles."""
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    roll_deg, tilt_deg = (math.radians(angle) for angle in ROLL_TILT_DEG[severity - 1])
    sense = 1 if generator.random() < 0.5 else -1
    axis = generator.uniform(0, 2 * math.pi)
    back = homography(
        roll=sense * roll_deg, tilt=tilt_deg, axis=axis, distance_px=DISTANCE * min(height, width)
    )
    y, x = grid(height, width)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    old_x, old_y, depth = (a * x + b * y + c for a, b, c in back)
    old_y, old_x = old_y / depth + (height - 1) / 2, old_x / depth + (width - 1) / 2
    return to_uint8(sampled(unit(image), old_y, old_x))


def homography(*, roll: float, tilt: float, axis: float, distance_px: float) -> Float[np.ndarray, "3 3"]:
    """From (x, y, 1) of the new image to the old one's, both counted from the centre; angles in radians.

    The picture is turned by `roll`, then by `tilt` about an axis in its plane through the centre; the camera's focal
    length is its distance, so that the centre keeps its size and place.
    """
    along = np.array([math.cos(axis), math.sin(axis), 0.0])
    cross = np.array([[0, 0, along[1]], [0, 0, -along[0]], [-along[1], along[0], 0]])
    tilted = np.eye(3) + math.sin(tilt) * cross + (1 - math.cos(tilt)) * cross @ cross  # Rodrigues
    rolled = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    turned = tilted @ rolled
    plane = np.column_stack(
        [turned[:, 0], turned[:, 1], [0, 0, distance_px]]
    )  # of points (x, y) of the picture
    seen = np.diag([distance_px, distance_px, 1.0]) @ plane
    back = np.linalg.inv(seen)
    return np.asarray(back / back[2, 2])
