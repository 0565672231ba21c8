# SPDX-License-Identifier: Apache-2.0
"""Rows of a Parquet file, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import Opaque
from airflow_provider_userattrs.sources.column_types import check_columns, convert

#: Rows made into Python's objects at once.
BATCH = 1_000

UNREADABLE = Verdict(
    Status.INVALID,
    "unreadable-value",
    "value cannot be read: text that is no UTF-8, or a time that Python has none for, such as one beyond the year 9999",
    "Mend the value in the file.",
)

#: What reading a value raises that Python has none for.
_NO_VALUE = (ValueError, ArithmeticError)

#: Bytes of a column read at once; without it a whole column of a row group is.
_BUFFER = 1 << 16


def read_parquet(
    file: Any, name: str, types: Mapping[str, str], group: int = 0, row: int = 0, behind: int | None = None
) -> Iterator[tuple[int, int, list[Row | MalformedRow]]]:
    """Yield rows in batches, each with the place after it: a row group, and rows of that group.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :param types: column -> name of a type.
    :param group: the row group to begin with.
    :param row: how many rows of it to pass over.
    :param behind: the row group behind the last to read; None for all.
    :raises RefusedConfiguration: if pyarrow is missing, or this is no Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        parquet = pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
        check_columns(list(parquet.schema_arrow.names), types, name, shown=False)
        first = 1 + sum(parquet.metadata.row_group(at).num_rows for at in range(group))
        while group < (parquet.num_row_groups if behind is None else behind):
            read = 0
            for batch in parquet.iter_batches(BATCH, row_groups=[group], use_threads=False):
                read += batch.num_rows
                if read <= row:
                    continue
                rest = batch.slice(max(0, batch.num_rows - (read - row))) if read - row < batch.num_rows else batch
                number = first + read - rest.num_rows
                yield group, read, _rows(_without_nanoseconds(pa, rest), types, name, number)
            first += read
            group, row = group + 1, 0
    except pa.ArrowInvalid as error:
        raise RefusedConfiguration(f"{name}, row group {group}: no readable Parquet ({type(error).__name__})") from None


def parquet_columns(file: Any, name: str) -> list[str]:
    """Return the names of the columns.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :raises RefusedConfiguration: if pyarrow is missing, or this is no Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        return list(pq.read_schema(file).names)
    except pa.ArrowInvalid as error:
        raise RefusedConfiguration(f"{name}: no readable Parquet ({type(error).__name__})") from None


def group_sizes(file: Any, name: str) -> list[int]:
    """Return the bytes of each row group.

    :param file: the file, open for reading bytes.
    :param name: its name, for errors.
    :raises RefusedConfiguration: if pyarrow is missing, or this is no Parquet file.
    """
    pa, pq = _pyarrow(name)
    try:
        facts = pq.ParquetFile(file).metadata
    except pa.ArrowInvalid as error:
        raise RefusedConfiguration(f"{name}: no readable Parquet ({type(error).__name__})") from None
    return [facts.row_group(at).total_byte_size for at in range(facts.num_row_groups)]


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
    """Cut timestamps to the microseconds that Python's have; no vendor takes finer ones than seconds."""
    columns = [
        column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _rows(batch: Any, types: Mapping[str, str], name: str, first: int) -> list[Row | MalformedRow]:
    """Return the rows of a batch.

    :param batch: the batch.
    :param types: column -> name of a type.
    :param name: the file's name.
    :param first: the number of its first row in the file, from 1.
    """
    rows, unreadable = _read_batch(batch)
    for at, (column, kind) in unreadable.items():
        verdict = UNREADABLE.saying(f"a value of type {kind}").on(column).at(_place(name, first + at))
        rows[at] = MalformedRow(verdict, rows[at], types or None)
    if types:
        for at, row in enumerate(rows):
            if type(row) is MalformedRow:
                continue
            raw = dict(row)
            try:
                convert(row, types)
            except InvalidRow as invalid:
                rows[at] = MalformedRow(invalid.verdict.at(_place(name, first + at)), raw, types)
    return rows


def _read_batch(batch: Any) -> tuple[list[Any], dict[int, tuple[str, str]]]:
    """Return the rows of a batch, and which of them hold a value that Python has none for: its column and type."""
    try:
        return batch.to_pylist(), {}
    except _NO_VALUE:
        pass
    unreadable: dict[int, tuple[str, str]] = {}
    columns = {}
    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        try:
            columns[column] = values.to_pylist()
        except _NO_VALUE:
            read = columns[column] = []
            for at, value in enumerate(values):
                try:
                    read.append(value.as_py())
                except _NO_VALUE:
                    read.append(Opaque(str(value.type)))
                    unreadable.setdefault(at, (column, str(value.type)))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], unreadable


def _place(name: str, number: int) -> str:
    return f"{name}, row {number:,}"
