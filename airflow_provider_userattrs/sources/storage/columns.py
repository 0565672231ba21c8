# SPDX-License-Identifier: Apache-2.0
"""The columns of files: each with a name of its own, and the same in all the files of a source.

Errors name columns by their positions: without a header line the first line of a CSV file is a user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.column_types import check_columns

HEADER = "the first line of a CSV file names its columns, each by a name of its own"

#: What stands between fields of CSV files besides the comma.
_DELIMITERS = (";", "\t", "|", ",")


def check_header(header: list[str], file: str, types: Mapping[str, str], delimiter: str) -> None:
    """Check the columns that the first record of a CSV file names.

    :param header: the record.
    :param file: the file's name, for errors.
    :param types: column -> name of a type.
    :param delimiter: what was taken to stand between fields.
    :raises RefusedConfiguration: if the record cannot be a header.
    """
    if not all(header):
        raise RefusedConfiguration(f"{file}, line 1: a column has no name; {HEADER}")
    if len(header) == 1:
        other = next((each for each in _DELIMITERS if each != delimiter and each in header[0]), None)
        if other is not None:
            raise RefusedConfiguration(
                f"{file}, line 1 has one column, and it holds {other!r}; read it with FileRows(path, "
                f"delimiter={other!r}), or write it with {delimiter!r} between fields"
            )
    for number, name in enumerate(header, 1):
        if name != name.strip():
            raise RefusedConfiguration(
                f"{file}, line 1: the name of column {number} has blanks around it; take them away. Note that {HEADER}"
            )
    check_columns(header, types, file, shown=False)


def check_same(columns: Iterable[tuple[str, list[str]]]) -> None:
    """Check that files have the same columns, in whatever order.

    :param columns: each file's name and its columns.
    :raises RefusedConfiguration: if a file has others than the first.
    """
    first, expected = "", frozenset[str]()
    for file, names in columns:
        if not first:
            first, expected = file, frozenset(names)
        elif expected != frozenset(names):
            missing, more = len(expected.difference(names)), len(frozenset(names) - expected)
            raise RefusedConfiguration(
                f"{file} has not the same columns as {first}: {missing} of them are missing, {more} others are there; "
                "give each CSV file a header line (parts of one that was cut by lines have none), and push files of "
                "other columns by themselves"
            )
