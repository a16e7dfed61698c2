"""What a picture is like, whatever it shows: one number each for how bright, contrasty, sharp and colourful it is."""

import numpy as np
from jaxtyping import Float, Float32, UInt8

from vidi.ops.perceptual_hash import luma

Pictures = UInt8[np.ndarray, "n h w 3"]


def brightness(images: Pictures) -> Float[np.ndarray, " n"]:
    """Mean grey level, 0 (black) to 255."""
    return np.asarray(luma(images).mean(axis=(1, 2)))


def contrast(images: Pictures) -> Float[np.ndarray, " n"]:
    """Standard deviation of the grey levels, 0 (one grey) to 127.5."""
    return np.asarray(luma(images).std(axis=(1, 2)))


def sharpness(images: Pictures) -> Float[np.ndarray, " n"]:
    """Variance of the Laplacian of the grey levels, 0 and up; blur lowers it, noise raises it.

    The four neighbours minus four times the middle, inside the border. Pech-Pacheco et al. 2000, ICPR 3, 314-317.
    Comparable between images of one size; 0 of images smaller than 3 px.
    """
    grey = luma(images).astype(np.float32)
    middle = grey[:, 1:-1, 1:-1]
    if not middle.size:
        return np.zeros(len(images))
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return np.asarray((around - 4 * middle).var(axis=(1, 2), dtype=np.float64))


def colourfulness(images: Pictures) -> Float[np.ndarray, " n"]:
    """0 for greys; about 15 is slightly, 45 quite, 109 extremely colourful.

    sqrt(σ_rg² + σ_yb²) + 0.3 sqrt(μ_rg² + μ_yb²) with rg = R - G, yb = (R + G) / 2 - B. Hasler & Süsstrunk 2003, Proc.
    SPIE 5007, 87-95, section 7.
    """
    red, green, blue = (images[..., channel].astype(np.float32) for channel in range(3))
    opponents = (red - green, (red + green) / 2 - blue)
    spread, mean = (
        np.sqrt(sum(moment(each) ** 2 for each in opponents))
        for moment in (lambda each: each.std(axis=(1, 2)), lambda each: each.mean(axis=(1, 2)))
    )
    return np.asarray(spread + 0.3 * mean, dtype=np.float64)


TRAITS = {
    "brightness": brightness,
    "contrast": contrast,
    "sharpness": sharpness,
    "colourfulness": colourfulness,
}


def pixel_traits(images: Pictures) -> Float32[np.ndarray, "n 4"]:
    """Every trait of every image, in the order of `TRAITS`."""
    return np.stack([trait(images) for trait in TRAITS.values()], axis=1).astype(np.float32)
