"""A table of metadata (CSV, TSV, JSON lines, Parquet) as columns of plain values."""

import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.errors import UsageError
from vidi.data.listing import Remarks, is_image_name
from vidi.data.parquet_rows import holds_bytes

LARGEST_BYTES = 1 << 30
DELIMITED = (".csv", ".tsv", ".tab", ".txt")
JSON_LINES = (".jsonl", ".ndjson")
READABLE = (*DELIMITED, *JSON_LINES, ".parquet")


@dataclass(frozen=True)
class Table:
    """Columns of equal length by name, cells as they stand in the file (text in CSV); `where` names each row."""

    path: Path
    columns: Mapping[str, Sequence[Any]]
    where: Sequence[str]

    @property
    def name(self) -> str:
        return self.path.name

    def __len__(self) -> int:
        return len(self.where)


def read_table(path: Path, remarks: Remarks, *, most_rows: int | None = None) -> Table:
    """The table in `path`, or its first `most_rows`; rows that are broken are remarked and left out.

    Raises UsageError if it is no table at all or has no rows.
    """
    suffix = path.suffix.lower()
    try:
        if path.stat().st_size > LARGEST_BYTES and suffix != ".parquet" and most_rows is None:
            raise UsageError(f"{path} is larger than {LARGEST_BYTES >> 20} MiB; convert it to Parquet")
        if suffix in DELIMITED:
            table = _delimited(path, remarks, most_rows)
        elif suffix in JSON_LINES:
            table = _json_lines(path, remarks, most_rows)
        else:
            table = _parquet(path, most_rows)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    if not len(table):
        raise UsageError(f"{path} has no rows; a table with a row for each image was wanted")
    return table


def _text(path: Path, remarks: Remarks, most_bytes: int | None) -> str:
    with path.open("rb") as stream:
        content = stream.read() if most_bytes is None else stream.read(most_bytes)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if most_bytes is not None and error.start > len(content) - 4:  # a character cut in two by the bound
            return content[: error.start].decode("utf-8-sig")
    for encoding in ("cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        remarks.add("encoding", path.name, f"not UTF-8; read as {encoding}")
        return text
    raise AssertionError("latin-1 decodes everything")


def _delimited(path: Path, remarks: Remarks, most_rows: int | None) -> Table:
    text = _text(path, remarks, None if most_rows is None else 1 << 20)
    head = text[: text.find("\n") if "\n" in text else len(text)]
    if path.suffix.lower() == ".tsv":
        delimiter = "\t"
    else:
        delimiter = max(",;\t", key=head.count) if any(mark in head for mark in ",;\t") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] | None = None
    rows: list[list[str]] = []
    where: list[str] = []
    for line, row in _csv_rows(reader, path, most_rows):
        if header is None:
            header = _header(row, path, remarks)
            if not any(is_image_name(cell) for cell in row):
                continue
        if len(row) > len(header):
            what = f"{len(row)} cells where the header has {len(header)}; is a comma not quoted? left out"
            remarks.add("row", f"{path.name}, line {line}", what)
            continue
        rows.append(row + [""] * (len(header) - len(row)))
        where.append(f"{path.name}, line {line}")
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header or [])
    return Table(path, dict(zip(header or [], cells, strict=True)), where)


def _csv_rows(reader: Any, path: Path, most_rows: int | None) -> Iterator[tuple[int, list[str]]]:
    count = 0
    while most_rows is None or count <= most_rows:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                f"{path} is not CSV from line {line} on ({error}); is a quote left open?"
            ) from error
        if any(cell.strip() for cell in row):
            count += 1
            yield line, row


def _header(row: list[str], path: Path, remarks: Remarks) -> list[str]:
    """Unique column names: the first row's, or numbers where that row is data already."""
    if any(is_image_name(cell) for cell in row):
        remarks.add("header", path.name, "the first row names an image: the columns are called column_1, …")
        return [f"column_{position}" for position in range(1, len(row) + 1)]
    names: list[str] = []
    for position, cell in enumerate(row, start=1):
        name = cell.strip() or f"column_{position}"
        while name in names:
            name = f"{name}_{position}"
            remarks.add("header", path.name, f"two columns are called {cell.strip()}; one is now {name}")
        names.append(name)
    return names


def _json_lines(path: Path, remarks: Remarks, most_rows: int | None) -> Table:
    records: list[dict[str, Any]] = []
    where: list[str] = []
    for line, text in enumerate(_text(path, remarks, None if most_rows is None else 1 << 20).split("\n"), 1):
        if most_rows is not None and len(records) >= most_rows:
            break
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
            where.append(f"{path.name}, line {line}")
        else:
            remarks.add("row", f"{path.name}, line {line}", "not a JSON object; left out")
    names = dict.fromkeys(name for record in records for name in record)
    return Table(path, {name: [record.get(name) for record in records] for name in names}, where)


def _parquet(path: Path, most_rows: int | None) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = [field.name for field in file.schema_arrow if not holds_bytes(field.type)]
            if most_rows is None:
                table = file.read(columns=names)
            else:
                batches = list(itertools.islice(file.iter_batches(batch_size=most_rows, columns=names), 1))
                table = pa.Table.from_batches(batches) if batches else file.read(columns=names)
        columns = {name: table.column(name).to_pylist() for name in names}
    except (pa.ArrowException, ValueError) as error:
        first = str(error).split("\n")[0]
        raise UsageError(
            f"{path} is not a readable Parquet file ({first}); restore it from a copy"
        ) from error
    return Table(path, columns, [f"{path.name}, row {row}" for row in range(table.num_rows)])
