# SPDX-License-Identifier: Apache-2.0
"""Checks the columns of files: their names are unique, and all files of a source have the same ones.

Errors give a column's number instead of its name: without a header line, the first line of a CSV file is a user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.column_types import check_columns

HEADER = "the first line of a CSV file must name its columns, each by a unique name"

#: Characters that commonly separate the fields of a CSV file.
_DELIMITERS = (";", "\t", "|", ",")


def check_header(header: list[str], file: str, types: Mapping[str, str], delimiter: str) -> None:
    """Check the header of a CSV file.

    :param header: its first record.
    :param file: the file's name, for errors.
    :param types: column -> name of a type.
    :param delimiter: the delimiter it was read with.
    :raises RefusedConfiguration: if the record cannot be a header.
    """
    if not all(header):
        raise RefusedConfiguration(f"{file}, line 1: a column has no name; {HEADER}")
    if len(header) == 1:
        other = next(
            (character for character in _DELIMITERS if character != delimiter and character in header[0]), None
        )
        if other is not None:
            raise RefusedConfiguration(
                f"{file}, line 1 has one column, whose name contains {other!r}; read it with FileRows(path, "
                f"delimiter={other!r}), or write it with {delimiter!r} between fields"
            )
    for number, name in enumerate(header, 1):
        if name != name.strip():
            raise RefusedConfiguration(
                f"{file}, line 1: the name of column {number:,} has blanks around it; remove them. Note that {HEADER}"
            )
    check_columns(header, types, file, shown=False)


def check_same(columns: Iterable[tuple[str, list[str]]]) -> None:
    """Check that files have the same columns, in any order.

    :param columns: each file's name and its columns.
    :raises RefusedConfiguration: if a file has other columns than the first.
    """
    first, expected = "", frozenset[str]()
    for file, names in columns:
        if not first:
            first, expected = file, frozenset(names)
        elif expected != frozenset(names):
            missing, extra = len(expected.difference(names)), len(frozenset(names) - expected)
            raise RefusedConfiguration(
                f"{file} does not have the same columns as {first}: {missing:,} missing, {extra:,} extra; push "
                "files with other columns separately. A CSV file needs a header line of its own (of files split by "
                "lines only the first has it)"
            )
