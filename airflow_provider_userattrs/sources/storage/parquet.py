# SPDX-License-Identifier: Apache-2.0
"""Reads rows from Parquet, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import Opaque
from airflow_provider_userattrs.sources.column_types import check_columns, convert_row

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

#: Bytes of a column read at once. Without a buffer, pyarrow reads the column's whole row group.
_BUFFER = 1 << 16


def read_parquet(
    file: Any, name: str, types: Mapping[str, str], group: int = 0, row: int = 0, stop: int | None = None
) -> Iterator[tuple[int, int, list[Row | MalformedRow]]]:
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


def row_group_sizes(file: Any, name: str) -> list[int]:
    """Return the size of each row group, in bytes.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :raises RefusedConfiguration: if pyarrow is missing, or this is not a Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        metadata = pq.ParquetFile(file).metadata
    except pa.ArrowInvalid as error:
        raise _unreadable_file(name, error) from None
    return [metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups)]


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


def _rows(batch: Any, types: Mapping[str, str], name: str, first: int) -> list[Row | MalformedRow]:
    """Return the rows of a pyarrow record batch.

    :param batch: the record batch.
    :param types: column -> name of a type.
    :param name: the file's name.
    :param first: the number of its first row in the file, from 1.
    """
    rows, unreadable = _read_batch(batch)
    locate = partial(_location, name)
    for index, (column, kind) in unreadable.items():
        verdict = UNREADABLE.saying(f"a value of type {kind}").on(column).at(locate(first + index))
        rows[index] = MalformedRow(verdict, rows[index], types or None)
    if types:
        for index, row in enumerate(rows):
            if type(row) is not MalformedRow:
                rows[index] = convert_row(row, types, locate, first + index)
    return rows


def _read_batch(batch: Any) -> tuple[list[Any], dict[int, tuple[str, str]]]:
    """Return the rows of a record batch, and column and type of the first unreadable value by index of its row."""
    try:
        return batch.to_pylist(), {}
    except _VALUE_ERRORS:
        pass
    unreadable: dict[int, tuple[str, str]] = {}
    columns = {}
    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        try:
            columns[column] = values.to_pylist()
        except _VALUE_ERRORS:
            read = columns[column] = []
            for index, value in enumerate(values):
                try:
                    read.append(value.as_py())
                except _VALUE_ERRORS:
                    read.append(Opaque(str(value.type)))
                    unreadable.setdefault(index, (column, str(value.type)))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], unreadable


def _location(name: str, number: int) -> str:
    return f"{name}, row {number:,}"
