"""The data set that comes with vidi."""

from pathlib import Path


def sign_digits() -> Path:
    """A Parquet file: 2,062 photos of hands that show the digits 0 to 9 (columns image, digit, student)."""
    return Path(__file__).with_name("sign_digits.parquet")
