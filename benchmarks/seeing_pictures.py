"""Pictures to try repaintings on, drawn by program: clouds, a mosaic, and the embedded photos' first hand.

python benchmarks/seeing_pictures.py DIR
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image

from vidi.core.device import seeded
from vidi.ops.canvas import Canvas

SIDE = 384


def clouds(seed: int = 0) -> np.ndarray:
    """Noise whose waves fall off as in natural images, from sky to white."""
    plane = Canvas(1, SIDE, generator=seeded(seed), contrast=0.6, decay=1.7).picture()[0].mean(dim=0).numpy()
    share = np.clip((plane - np.quantile(plane, 0.35)) / np.ptp(plane) * 1.9, 0, 1)[..., None]
    sky = np.linspace([70, 120, 190], [150, 190, 225], SIDE)[:, None]
    return ((1 - share) * sky + share * np.array([250, 248, 244])).astype(np.uint8)


def mosaic(seed: int = 1, stones: int = 420) -> np.ndarray:
    """Stones with dark joints between them (Voronoi cells), in bands of warm and cold colours."""
    draw = np.random.default_rng(seed)
    place = draw.random((stones, 2)) * SIDE
    colours = np.array(
        [[24, 60, 120], [230, 160, 40], [196, 60, 40], [240, 226, 190], [30, 130, 130], [80, 30, 70]]
    )
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(x[..., None] - place[:, 0], y[..., None] - place[:, 1])
    order = np.argpartition(away, 1, axis=2)[..., :2]
    near = np.take_along_axis(away, order, axis=2)
    stone = np.take_along_axis(order, near.argmin(axis=2)[..., None], axis=2)[..., 0]
    ring = np.hypot(*(place - SIDE / 2).T) / 38 + draw.normal(0, 0.35, stones)
    hue = colours[ring.astype(int) % len(colours)] * draw.uniform(0.8, 1.15, (stones, 1))
    joint = np.clip(np.abs(near[..., 0] - near[..., 1]) / 3 - 0.3, 0, 1)[..., None]
    return np.clip(hue[stone] * joint + 25 * (1 - joint), 0, 255).astype(np.uint8)


def hand() -> np.ndarray:
    """The embedded photos' first image of a five."""
    import pyarrow.parquet as pq

    from vidi.data.embedded import sign_digits

    table = pq.read_table(sign_digits())
    row = [str(value) for value in table.column("digit").to_pylist()].index("5")
    found = table.column("image")[row].as_py()
    content = found["bytes"] if isinstance(found, dict) else found
    return np.asarray(
        Image.open(io.BytesIO(content)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in {"clouds": clouds(), "mosaic": mosaic(), "hand": hand()}.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()
