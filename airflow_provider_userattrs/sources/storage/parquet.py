# SPDX-License-Identifier: Apache-2.0
"""Reads rows from Parquet, one row group after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from types import NoneType
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.chunk import Chunk, Table
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, name_cells
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import Opaque
from airflow_provider_userattrs.sources.column_types import check_columns, convert_columns, convert_row

#: Rows converted to Python objects at once.
CHUNK = 1_000

UNREADABLE = Verdict(
    Status.INVALID,
    "unreadable-value",
    "value cannot be read: text that is not UTF-8, or a time outside of Python's range, such as a year beyond 9999",
    "Fix the value in the file.",
)

#: What pyarrow raises for a value that Python cannot represent.
_VALUE_ERRORS = (ValueError, ArithmeticError)

#: Types whose values numpy makes as pyarrow does, and sooner: decimals, dates, and times without a zone or in UTC.
_BY_NUMPY = re.compile(r"decimal128\(.*\)|date32\[day\]|timestamp\[(s|ms|us)(, tz=UTC)?\]")

#: Bytes of a column read at once. Without a buffer, pyarrow reads the column's whole row group.
_BUFFER = 1 << 16


class RowGroup(NamedTuple):
    """How many rows a row group has, and how many bytes."""

    rows: int
    size: int


def read_parquet(
    file: Any, name: str, types: Mapping[str, str], group: int = 0, row: int = 0, stop: int | None = None
) -> Iterator[tuple[int, int, Chunk]]:
    """Yield rows in chunks, each with the row group it is from and the number of rows of the group read so far.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :param types: column -> name of a type.
    :param group: the row group to begin with.
    :param row: how many of its rows to skip.
    :param stop: the row group to stop before; None to read all.
    :raises RefusedConfiguration: if pyarrow is missing, or this is not a Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        parquet = pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
        check_columns(list(parquet.schema_arrow.names), types, name, shown=False)
        first = 1 + sum(parquet.metadata.row_group(index).num_rows for index in range(group))
        while group < (parquet.num_row_groups if stop is None else stop):
            read = 0
            for batch in parquet.iter_batches(CHUNK, row_groups=[group], use_threads=False):
                read += batch.num_rows
                if read <= row:
                    continue
                rest = batch.slice(max(0, batch.num_rows - (read - row))) if read - row < batch.num_rows else batch
                number = first + read - rest.num_rows
                yield group, read, _rows(_without_nanoseconds(pa, rest), types, name, number)
            first += read
            group, row = group + 1, 0
    except pa.ArrowInvalid as error:
        raise _unreadable_file(f"{name}, row group {group:,}", error) from None


def parquet_columns(file: Any, name: str) -> list[str]:
    """Return the names of the columns.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :raises RefusedConfiguration: if pyarrow is missing, or this is not a Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        return list(pq.read_schema(file).names)
    except pa.ArrowInvalid as error:
        raise _unreadable_file(name, error) from None


def row_groups(file: Any, name: str) -> list[RowGroup]:
    """Return what a file's footer says of each row group.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :raises RefusedConfiguration: if pyarrow is missing, or this is not a Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        metadata = pq.ParquetFile(file).metadata
    except pa.ArrowInvalid as error:
        raise _unreadable_file(name, error) from None
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [RowGroup(group.num_rows, group.total_byte_size) for group in groups]


def _unreadable_file(location: str, error: Exception) -> RefusedConfiguration:
    return RefusedConfiguration(
        f"{location} cannot be read as Parquet ({type(error).__name__}); write it again, or set FileRows(format=...)"
    )


def _pyarrow(name: str) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise RefusedConfiguration(
            f"{name} needs pyarrow; install airflow-provider-userattrs with the extra parquet"
        ) from None
    return pyarrow, pyarrow.parquet


def _without_nanoseconds(pa: Any, batch: Any) -> Any:
    """Truncate timestamps to Python's microseconds; no vendor takes anything finer than seconds."""
    columns = [
        column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _rows(batch: Any, types: Mapping[str, str], name: str, first: int) -> Chunk:
    """Return the rows of a pyarrow record batch.

    :param batch: the record batch.
    :param types: column -> name of a type.
    :param name: the file's name.
    :param first: the number of its first row in the file, from 1.
    """
    names = tuple(batch.schema.names)
    unreadable: dict[int, Verdict] = {}
    columns = [_cells(column, values, unreadable) for column, values in zip(names, batch.columns, strict=True)]
    if not unreadable and (converted := convert_columns(columns, names, types)) is not None:
        return Chunk(Table(converted, batch.num_rows), names)
    rows: list[Any] = list(Table(columns, batch.num_rows))
    locate = partial(_location, name)
    for index, verdict in unreadable.items():
        raw = name_cells(names, rows[index])
        rows[index] = MalformedRow(verdict.at(locate(first + index)), raw, types or None)
    if types:
        for index, cells in enumerate(rows):
            if type(cells) is not MalformedRow:
                row = convert_row(name_cells(names, cells), types, locate, first + index)
                rows[index] = row if isinstance(row, MalformedRow) else tuple(row.values())
    return Chunk(rows, names)


def _cells(name: str, values: Any, unreadable: dict[int, Verdict]) -> list[Any]:
    """Return the cells of a column.

    :param name: its name.
    :param values: a pyarrow array.
    :param unreadable: gets the verdicts on values that cannot be read, by index, unless their rows have one.
    """
    try:
        return _by_numpy(values) or values.to_pylist()
    except _VALUE_ERRORS:
        pass
    kind = str(values.type)
    cells = []
    for index, value in enumerate(values):
        try:
            cells.append(value.as_py())
        except _VALUE_ERRORS:
            cells.append(Opaque(kind))
            unreadable.setdefault(index, UNREADABLE.saying(f"a value of type {kind}").on(name))
    return cells


def _by_numpy(values: Any) -> list[Any] | None:
    """Return the cells of a column by way of numpy; None without it, and for values that it would make otherwise."""
    if not _BY_NUMPY.fullmatch(str(values.type)) or values.null_count == len(values):
        return None
    try:
        cells: list[Any] = values.to_numpy(zero_copy_only=False).tolist()
    except ImportError:
        return None
    # A time beyond Python's is an integer, and one that numpy takes for a missing one is None.
    if set(map(type, cells)) - {Decimal, datetime, date, NoneType} or cells.count(None) != values.null_count:
        return None
    if getattr(values.type, "tz", None) is None:
        return cells
    utc = values.drop_null()[0].as_py().tzinfo
    return [None if cell is None else cell.replace(tzinfo=utc) for cell in cells]


def _location(name: str, number: int) -> str:
    return f"{name}, row {number:,}"
