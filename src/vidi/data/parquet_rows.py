"""Images inside Parquet files: which column holds them, and their bytes, row after row, in bounded memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vidi.data.decode import Unreadable

WINDOW = 64
BUFFER_BYTES = 1 << 20


def holds_bytes(kind: Any) -> bool:
    """True for an Arrow type that can hold an image's bytes: binary, or the hub's struct of bytes and path."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and holds_bytes(kind.field(at).type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def read_rows(root: Path, file: str, column: str, rows: Sequence[int]) -> Iterator[bytes]:
    """The images' bytes in the order of `rows` (empty where the cell is); raises Unreadable where the file breaks off.

    Fast for rows in rising order: these are streamed by the file's pages, a few in memory, never a whole row group.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(root / file, pre_buffer=False, buffer_size=BUFFER_BYTES) as source:
            cursor = Cursor(source, column)
            for start in range(0, len(rows), WINDOW):
                window = rows[start : start + WINDOW]
                found = {row: cursor.at(row) for row in sorted(set(window))}
                for row in window:
                    yield found[row]
    except FileNotFoundError:
        raise Unreadable("missing: there is no such file") from None
    except (pa.ArrowException, OSError) as error:
        first = str(error).split("\n")[0]
        raise Unreadable(f"damaged Parquet file: {first[:200]}") from error


class Cursor:
    """A place in a Parquet column; it moves forward by streaming, backward by starting a row group again."""

    def __init__(self, source: Any, column: str) -> None:
        import pyarrow as pa

        self.source = source
        at = source.schema_arrow.get_field_index(column)
        if at < 0 or not holds_bytes(source.schema_arrow.field(at).type):
            raise Unreadable(f"column {column!r} of the Parquet file holds no bytes")
        self.leaf = f"{column}.bytes" if pa.types.is_struct(source.schema_arrow.field(at).type) else column
        groups = source.metadata.num_row_groups
        lengths = [source.metadata.row_group(group).num_rows for group in range(groups)]
        self.starts = np.cumsum([0, *lengths])
        self.batches: Iterator[Any] = iter(())
        self.batch: Any = None
        self.first, self.group = 0, -1

    def at(self, row: int) -> bytes:
        """The bytes of a row's image."""
        if not 0 <= row < self.starts[-1]:
            raise Unreadable(f"row {row} is beyond the Parquet file's {self.starts[-1]} rows")
        group = int(np.searchsorted(self.starts, row, side="right")) - 1
        if group != self.group or row < self.first or self.batch is None:
            self._open(group)
        while row >= self.first + self.batch.num_rows:
            self.first += self.batch.num_rows
            self.batch = next(self.batches)
        value = self.batch.column(0)[row - self.first].as_py()
        if isinstance(value, dict):
            value = value.get("bytes")
        return value or b""

    def _open(self, group: int) -> None:
        self.group, self.first = group, int(self.starts[group])
        self.batches = self.source.iter_batches(
            batch_size=WINDOW, row_groups=[group], columns=[self.leaf], use_threads=False
        )
        self.batch = next(self.batches)
