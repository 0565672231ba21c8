# SPDX-License-Identifier: Apache-2.0
"""Every kind of failure of a push, each with somebody's data or a secret in the middle of it."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import Case

from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.sql import SqlRows
from canaries import DATABASE_PASSWORD, EMAIL, EUID, NAME, PHONE, PROXY_PASSWORD

#: Operation -> the columns of a row besides the user's.
COLUMNS: dict[str, dict[str, Any]] = {
    "set": {"name": NAME, "mail": EMAIL, "phone": PHONE},
    "contacts": {"email": EMAIL, "mobile_phone": PHONE},
    "increase": {"points": EUID},
    "add": {"tags": [NAME, EMAIL]},
    "remove": {"tags": [NAME, EMAIL]},
    "unset": {},
}


def user(case: Case, number: int = 0) -> Any:
    """Give what names a user: an address where it may be text."""
    return f"{number}{EMAIL}" if case.vendor.has_text_keys else EUID + number


def good_rows(case: Case, count: int = 3) -> list[dict[str, Any]]:
    return [{case.vendor.user_column: user(case, number), **COLUMNS[case.operation]} for number in range(count)]


class Talkative:
    """A value that says what it holds in every text and every error."""

    def __repr__(self) -> str:
        return NAME

    __str__ = __repr__

    def isoformat(self, *_: object) -> str:
        raise ValueError(NAME)


class Rows:
    """A source that does something before its third row; when it is read again it does not.

    What a kill at that moment would leave is what is there then.
    """

    def __init__(self, case: Case, then: Callable[[], None]) -> None:
        self._case = case
        self._then: Callable[[], None] | None = then

    def identity(self) -> Any:
        return "the same"

    def rows(self) -> Iterator[dict[str, Any]]:
        for position, row in enumerate(good_rows(self._case, 150)):
            if position == 120 and self._then is not None:
                then, self._then = self._then, None
                then()
            yield row


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One thing that goes wrong.

    :param name: the task's id.
    :param fault: what the sandbox does with each request.
    :param when: which requests of the first try it happens to; None for each of every try.
    :param wire: what a server answers, byte by byte, and then closes.
    :param connection: fields of the connection that differ.
    :param environment: variables that differ.
    :param users: makes the rows, given a case and a folder.
    :param parameters: of the operator.
    :param succeeds: whether the task succeeds all the same.
    :param retried: whether the task is tried again, and goes on where its first try stopped.
    """

    name: str
    fault: dict[str, Any] | None = None
    when: dict[str, Any] | None = None
    wire: bytes | None = None
    connection: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    users: Callable[[Case, Path], Any] = lambda case, folder: good_rows(case)
    parameters: dict[str, Any] = field(default_factory=dict)
    succeeds: bool = False
    retried: bool = False

    @property
    def about(self) -> str:
        """What it concerns: one "operation" of a vendor, or what all of a vendor's operations "share"."""
        answers = self.fault is not None and self.when is None
        rows = self.name.startswith(("values", "users", "rows", "nothing", "dry"))
        return "operation" if answers or rows else "share"


def _with(**columns: Any) -> Callable[[Case, Path], Any]:
    """Make rows some of whose values cannot be sent."""

    def rows(case: Case, folder: Path) -> Any:
        bad = {name: columns.get(name, next(iter(columns.values()))) for name in COLUMNS[case.operation]}
        return [*good_rows(case, 1), {case.vendor.user_column: user(case, 1), **bad}, {**bad, "more": EMAIL}]

    return rows


def _users(value: Any) -> Callable[[Case, Path], Any]:
    return lambda case, folder: [{case.vendor.user_column: value, **COLUMNS[case.operation]}] * 2


def _file(name: str, content: bytes, **options: Any) -> Callable[[Case, Path], Any]:
    def rows(case: Case, folder: Path) -> Any:
        path = folder / name
        path.write_bytes(content.replace(b"USER", case.vendor.user_column.encode()))
        return FileRows(str(path), **options)

    return rows


def _rejects(case: Case, folder: Path) -> Any:
    path = folder / "foreign-rejects.jsonl"
    path.write_text(f'{{"row": {{"a": "{NAME}"}}, "{EMAIL}": 1}}\n{NAME}\n')
    return Rejects(str(path))


def _query(sql: str) -> Callable[[Case, Path], Any]:
    return lambda case, folder: SqlRows(sql, conn_id="warehouse")


def _people(case: Case, folder: Path) -> Any:
    sql = f"SELECT user AS {case.vendor.user_column}, * FROM people"
    return SqlRows(sql, conn_id="warehouse", key="address")


def people(case: Case) -> list[str]:
    """Give the statements that make the table of `_people`, which is read by a key that names a person."""
    return [
        "CREATE TABLE people (address TEXT PRIMARY KEY, user, name)",
        *(f"INSERT INTO people VALUES ('{n:03}{EMAIL}', {user(case, n)!r}, '{NAME}')" for n in range(150)),
    ]


def _parquet(case: Case, folder: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "broken.parquet"
    table = pa.table({case.vendor.user_column: [NAME, EMAIL]}).replace_schema_metadata({NAME: EMAIL})
    pq.write_table(table, path)
    content = path.read_bytes()
    path.write_bytes(content[:40] + content[60:])
    return FileRows(str(path))


def _after_a_while(signal_number: int) -> Callable[[Case, Path], Any]:
    return lambda case, folder: Rows(case, lambda: os.kill(os.getpid(), signal_number))


_WORDS = f"{NAME} <{EMAIL}> {PHONE} {EUID}"
_LATER = {"status": 429, "headers": {"Retry-After": "4000"}}

FAILURES = [
    Failure(name="nothing_wrong", succeeds=True),
    Failure(name="dry_run", parameters={"dry_run": True}, succeeds=True),
    # The vendor refuses.
    *(
        Failure(name=f"status_{status}", fault={"status": status, "message": _WORDS})
        for status in (400, 401, 403, 404, 409, 413, 422, 429, 500, 503)
    ),
    Failure(name="asks_to_wait", fault=_LATER, retried=True),
    Failure(
        name="asks_to_wait_in_words",
        fault={"status": 429, "headers": {"Retry-After": NAME, "x-ratelimit-reset": EMAIL}},
    ),
    Failure(name="redirects", fault={"status": 302, "location": f"http://127.0.0.1/{NAME.split()[0]}?{EMAIL}"}),
    # Its body says what no page of its says.
    Failure(name="html", fault={"body": f"<html>{_WORDS}"}),
    Failure(name="half_of_json", fault={"body": f'{{"code": 0, "message": "{_WORDS}'}),
    Failure(name="unknown_code", fault={"body": f'{{"code": "{EMAIL}", "message": "{_WORDS}", "status": "{NAME}"}}'}),
    Failure(name="code_of_a_bad_row", fault={"body": f'{{"code": 55102, "message": "{_WORDS}"}}'}),
    Failure(name="list_of_words", fault={"body": f'["{NAME}", {{"success": false, "error_code": "{EMAIL}"}}]'}),
    Failure(name="code_by_item", fault={"body": f'[{{"success": false, "error_code": 404, "error": "{_WORDS}"}}]'}),
    Failure(
        name="error_in_words",
        fault={"status": 400, "body": f'{{"status": "fail", "error": {{"type": "{NAME}", "message": "{_WORDS}"}}}}'},
    ),
    Failure(
        name="request_id_in_words",
        fault={"status": 400, "body": f'{{"status": "fail", "error": {{"request_id": "{EMAIL}", "message": "no"}}}}'},
    ),
    # What comes is no HTTP.
    Failure(name="no_response", fault={"close": True}, retried=True),
    Failure(name="status_line_in_words", wire=f"{_WORDS}\r\n\r\n".encode()),
    Failure(name="reason_in_words", wire=f"HTTP/1.1 500 {_WORDS}\r\nContent-Length: 0\r\n\r\n".encode()),
    Failure(name="malformed_header", wire=f"HTTP/1.1 200 OK\r\n{_WORDS}\r\nContent-Length: 2\r\n\r\n{{}}".encode()),
    Failure(name="length_in_words", wire=f"HTTP/1.1 200 OK\r\nContent-Length: {NAME}\r\n\r\n{{}}".encode()),
    Failure(name="unknown_encoding", wire=f"HTTP/1.1 200 OK\r\nContent-Encoding: {NAME}\r\n\r\n{_WORDS}".encode()),
    Failure(
        name="broken_gzip",
        wire=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(_WORDS.encode())[:30] + NAME.encode(),
    ),
    Failure(name="cut_off", wire=f"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{_WORDS}".encode()),
    Failure(name="bad_chunk", wire=f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{NAME}\r\n{EMAIL}".encode()),
    # There is no connection, or it cannot be used.
    Failure(name="refused", connection={"host": "http://127.0.0.1:1"}),
    Failure(
        name="proxy_away",
        connection={"host": "http://vendor.invalid", "extra": {"allow_http": True}},
        environment={"http_proxy": f"http://me:{PROXY_PASSWORD}@127.0.0.1:1"},
    ),
    Failure(
        name="proxy_of_another_kind",
        connection={"host": "http://vendor.invalid", "extra": {"allow_http": True}},
        environment={"http_proxy": f"nonsense://me:{PROXY_PASSWORD}@127.0.0.1:1"},
    ),
    Failure(
        name="proxy_gives_no_tunnel",
        connection={"host": "https://vendor.invalid"},
        environment={"https_proxy": f"http://me:{PROXY_PASSWORD}@WIRE"},
        wire=f"HTTP/1.1 407 {_WORDS}\r\nContent-Length: 0\r\n\r\n".encode(),
    ),
    Failure(name="unknown_extra", connection={"extra": {"regoin": NAME}}),
    Failure(name="wrong_extra", connection={"extra": {"timeout": NAME}}),
    Failure(name="extra_no_json", connection={"extra": f"{{{NAME}"}),
    Failure(name="password_in_host", connection={"host": f"https://me:{PROXY_PASSWORD}@example.com"}),
    Failure(name="no_file_to_verify_by", connection={"host": "https://127.0.0.1:1", "extra": {"verify": "/none"}}),
    # Rows that cannot be sent.
    Failure(name="values_too_long", users=_with(name=NAME * 300, email=EMAIL * 60)),
    Failure(name="values_of_no_kind", users=_with(name=Talkative())),
    Failure(name="values_not_encodable", users=_with(name=f"{NAME}\ud800", points=float("nan"))),
    Failure(name="values_nested", users=_with(name={NAME: {EMAIL: [PHONE]}}, tags=[[NAME]])),
    Failure(name="values_of_bytes", users=_with(name=NAME.encode())),
    Failure(name="users_of_no_kind", users=_users(Talkative())),
    Failure(name="users_too_long", users=_users(NAME * 10_000)),
    Failure(name="users_in_words", users=_users([NAME, EMAIL])),
    Failure(name="users_missing", users=_users(None)),
    Failure(name="rows_of_no_kind", users=lambda case, folder: [NAME, [EMAIL], PHONE]),
    Failure(
        name="rows_filtered_in_words",
        users=lambda case, folder: [{**row, "consented": NAME} for row in good_rows(case)],
        parameters={"where": "consented"},
    ),
    Failure(name="rows_twice", users=lambda case, folder: good_rows(case, 1) * 2, parameters={"duplicates": "error"}),
    Failure(name="other_columns", users=lambda case, folder: [{"other": NAME, "mail": EMAIL}] * 3),
    # The source fails.
    Failure(name="query_refused", users=_query("SELECT nothing FROM nowhere"), retried=True),
    Failure(name="cell_unreadable", users=_query(f"SELECT CAST('{NAME}' || X'FF' AS TEXT) AS name")),
    Failure(name="no_database", users=lambda case, folder: SqlRows("SELECT 1", conn_id="canary_postgres")),
    Failure(name="no_such_driver", users=lambda case, folder: SqlRows("SELECT 1", conn_id="canary_sslmode")),
    Failure(name="csv_with_a_row_too_long", users=_file("a.csv", f"USER,name\n1,{NAME},{EMAIL}\n".encode())),
    Failure(name="csv_in_latin_1", users=_file("b.csv", f"USER,name\n1,{NAME}\xe4\n".encode("latin-1"))),
    Failure(name="csv_with_a_quote_open", users=_file("c.csv", f'USER,name\n1,"{NAME}\n'.encode())),
    Failure(name="csv_of_types", users=_file("d.csv", f"USER,name\n{EMAIL},{NAME}\n".encode(), types={"name": "date"})),
    Failure(name="json_lines_broken", users=_file("e.jsonl", f'{{"USER": "{EMAIL}"\n["{NAME}"]\n{NAME}\n'.encode())),
    Failure(name="gzip_cut_off", users=_file("f.csv.gz", gzip.compress(f"USER,name\n1,{NAME}\n".encode() * 9)[:-9])),
    Failure(name="no_gzip", users=_file("g.csv.gz", f"USER,name\n1,{NAME}\n".encode())),
    Failure(name="parquet_broken", users=_parquet),
    Failure(name="no_parquet", users=_file("h.parquet", f"PAR1{_WORDS}PAR1".encode())),
    Failure(name="foreign_rejects", users=_rejects),
    # The task is stopped, and leaves a checkpoint.
    Failure(
        name="stops_in_a_keyed_query",
        fault=_LATER,
        when={"from": 2, "to": 2},
        succeeds=True,
        users=_people,
        retried=True,
        parameters={"concurrency": 1},
    ),
    Failure(name="sigterm", users=_after_a_while(signal.SIGTERM), succeeds=True, retried=True),
]

#: How a database is not reached, with its password in the connection.
DATABASES = {
    "canary_postgres": {"conn_type": "postgres", "host": "127.0.0.1", "port": 1},
    "canary_sslmode": {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "extra": {"sslmode": "nonsense"}},
}
for _connection in DATABASES.values():
    _connection |= {"login": "me", "password": DATABASE_PASSWORD, "schema": "warehouse"}
