# SPDX-License-Identifier: Apache-2.0
"""The parsers of foreign input: what each is given, what it may raise, and what must hold of what it returns."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd
from hypothesis import strategies as st
from vendor_cases import VENDOR_CASES
from versions import has

from airflow_provider_userattrs.hooks.response_reader import ResponseReader, Unreadable
from airflow_provider_userattrs.hooks.settings import read_settings
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.report.difference import compare, sentences_on_difference
from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint, signed
from airflow_provider_userattrs.push.resume.snapshot import report_so_far
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import HandedOver, take_over
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.task.seal import Seal
from fuzz.inputs import mutated_bytes, mutated_json


@dataclass(frozen=True)
class Parser:
    """One parser.

    :param name: the id of its test.
    :param inputs: what it is given.
    :param parse: parses, and checks what comes of it.
    :param refusals: what it may raise: an error that says what is wrong.
    """

    name: str
    inputs: st.SearchStrategy[Any]
    parse: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = ()


# Responses

_BODIES = [
    b'{"code": 0, "message": "success"}',
    b'{"code": 55102, "message": "no such attribute"}',
    b'[{"success": true}, {"success": false, "error_code": 404, "error": "not found"}]',
    b'{"status": "success", "message": "queued"}',
    b'{"status": "fail", "error": {"type": "MissingAttributeError", "message": "m", "request_id": "r"}}',
    b'{"results": [{"id": "a", "result": "merged"}, {"id": "b", "result": "bad_value"}]}',
]
_STATUSES = st.sampled_from([200, 201, 204, 207, 302, 400, 401, 403, 409, 413, 415, 422, 429, 500, 503, 599])


def _operations() -> dict[str, Any]:
    found = {}
    for vendor in VENDOR_CASES.values():
        for name, (operator, parameters) in vendor.operations.items():
            operation = operator(task_id="push", users=[], **parameters).make_operation()
            found[f"{vendor.name}-{name}"] = operation
    return found


def _body_parser(operation: Any) -> Callable[[Any], object]:
    users = ["a", "b"][: operation.max_users]

    def parse(drawn: tuple[int, bytes]) -> None:
        status, body = drawn
        verdicts = operation.read(Response(status, {}, body), users)
        assert all(isinstance(verdict, Verdict) for verdict in verdicts)
        if status >= 400:
            assert not any(verdict.status is Status.ACCEPTED for verdict in verdicts)

    return parse


_HEADERS = ["Retry-After", "Date", "x-ratelimit-reset", "X-RateLimit-Reset", "ratelimit-reset", "Petrel-Pause", "Age"]
_HEADER_VALUES = st.sampled_from(
    [
        "",
        "0",
        "7",
        "-1",
        "1e9",
        "nan",
        "inf",
        "9" * 30,
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "1790000000",
        "1, 2",
        "²",
        "0x1",
    ]
) | st.text(max_size=12)


def _wait_parser(operation: Any) -> Callable[[Any], object]:
    def parse(headers: dict[str, str]) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        seconds = operation.asked_to_wait(Response(429, lowered, b""), lambda: 1_790_000_000.0)
        assert seconds is None or 0 <= seconds < float("inf")

    return parse


_WIRE = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Away\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + gzip.compress(b"{}"),
    b"HTTP/1.1 204 No Content\r\n\r\n",
]


def _parse_wire(data: bytes) -> None:
    reader = ResponseReader()
    for at in range(0, len(data), 50):
        if reader.is_complete:
            break
        reader.feed(data[at : at + 50])
    if not reader.is_complete:
        reader.feed(b"")
    if reader.is_complete:
        assert 100 <= reader.response().status <= 999


# Connections

_EXTRAS: list[Any] = [
    {"region": "virginia", "timeout": [5, 30], "rate_limit": 10, "verify": True},
    {"environment": "sandbox", "cert": ["/a", "/b"], "allow_http": True},
    {"data_center": "01", "timeout": "7", "verify": "/ca.pem"},
]


def _connection_parser(vendor: str, choice: str) -> Callable[[Any], object]:
    def parse(drawn: tuple[Any, Any, Any, Any]) -> None:
        host, login, password, extra = drawn
        text = extra if isinstance(extra, str) else json.dumps(extra)
        loaded = None
        with suppress(ValueError):
            loaded = json.loads(text)
        connection: Any = SimpleNamespace(
            conn_id="c",
            conn_type=vendor,
            host=host,
            schema=None,
            port=None,
            login=login,
            password=password,
            extra=text,
            extra_dejson=loaded if isinstance(loaded, dict) else {},
        )
        settings = read_settings(connection, vendor, choice)
        assert all(seconds > 0 for seconds in settings.timeout)
        assert settings.rate_limit is None or settings.rate_limit > 0

    return parse


_CONNECTIONS = st.tuples(
    st.none() | st.text(max_size=20) | st.from_regex(r"(https?://)?[a-z0-9.:@/?#\[\]%-]{0,20}", fullmatch=True),
    st.sampled_from(["key", None, "", " k", "k\n", "a:b", "ä"]) | st.text(max_size=5),
    st.sampled_from(["secret", None, "", "s\u200b"]) | st.text(max_size=5),
    mutated_json(_EXTRAS) | st.text(max_size=10),
)

# Files

_CSV = b'id,name,day\n1,"Ada, of ""B""",2026-01-01\n2,,\n3,x,y\n'
_LINES = b'{"id": 1, "name": "Ada", "day": "2026-01-01"}\n\n{"id": 2}\n[1]\n'
_REJECTS = (
    b'{"row": {"id": 1, "a": {"$type": "date", "value": "2026-01-01"}}, "status": "rejected", "code": "404", '
    b'"meaning": "m", "remedy": "r.", "position": 3, "attribute": null}\n'
)


def _parquet() -> bytes:
    written = io.BytesIO()
    table = pa.table({"id": [1, 2, 3], "name": ["Ada", None, "Bob"], "tags": [["a"], [], None], "d": [1.5, None, 2.0]})
    pq.write_table(table, written, row_group_size=2)
    return written.getvalue()


def _zip(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("rows.csv", content)
    return written.getvalue()


_PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    ".lz4": lz4.frame.compress,
    ".zip": _zip,
}
#: One folder for all: a file is overwritten, again and again.
_FOLDER = tempfile.TemporaryDirectory(prefix="userattrs-fuzz-")


def _file_parser(name: str, make: Callable[[str], Any]) -> Callable[[Any], object]:
    path = Path(_FOLDER.name) / name

    def parse(content: bytes) -> None:
        path.write_bytes(content)
        for row in make(str(path)).rows():
            assert isinstance(row, (dict, MalformedRow)) or not hasattr(row, "items")

    return parse


_TYPES: dict[str, Any] = {"id": "integer", "day": "date"}
#: A file's name, its content, how it is read.
_FILES: list[tuple[str, bytes, Callable[[str], Any]]] = [
    ("rows.csv", _CSV, FileRows),
    ("typed.csv", _CSV, lambda path: FileRows(path, types=_TYPES)),
    ("rows.jsonl", _LINES, FileRows),
    ("typed.jsonl", _LINES, lambda path: FileRows(path, types=_TYPES)),
    ("rows.parquet", _parquet(), FileRows),
    ("rejects.jsonl", _REJECTS, Rejects),
    *((f"rows.csv{suffix}", pack(_CSV * 3), FileRows) for suffix, pack in _PACKED.items()),
]
_SOURCE_REFUSALS = (RefusedConfiguration, RetryLater)

# What an earlier try or another version wrote

_CHECKPOINT = Checkpoint(Fingerprint("a", "b"), below=7, gaps=((2, 4),)).as_dict()
_KEYED = {**_CHECKPOINT, "keys": {"type": "int", "tries": [[[[5], []]]], "sent_upto": None}}


def _report(rows: int = 3) -> dict[str, Any]:
    from airflow_provider_userattrs.push.report.report import Report

    report = Report("Kahuna", "set attributes", "Kahuna confirmed each user")
    for position in range(rows):
        report.add(position, Verdict(Status.REJECTED, "404", "unknown user", "Check.").on("bio"))
    facts: dict[str, Any] = {
        "requests": 7,
        "retries": 1,
        "bytes": 99,
        "seconds": 12.5,
        "resumed_from": 3,
        "tries": [0, 3],
        "rejects_path": "/tmp/x.jsonl",
        "failure": "Kahuna is unavailable",
        "of": 9,
        "configuration": {"nulls": "skip", "attributes": ["a", "b"], "max_failed": 0.05},
        "shard": {"number": 2, "of": 3},
        "limit": {"rows": 9, "reached": False},
        "sample": {
            "url": "http://127.0.0.1",
            "headers": {"Accept": "application/json"},
            "requests": [{"users": 1, "bytes": 9, "body": "{}"}],
        },
    }
    made: dict[str, Any] = json.loads(json.dumps(report.as_dict({("age", "as text"): 3}, **facts)))
    return made


def _show(report: Any) -> None:
    """Show a page, whatever the report or checkpoint is; the page says so if it is none."""
    from airflow_provider_userattrs.plugins.page import render
    from airflow_provider_userattrs.plugins.story import story_of, story_of_all
    from airflow_provider_userattrs.plugins.task_instances import Instance

    kind = {"checkpoint": _signed(report)} if isinstance(report, dict) and "gaps" in report else {"report": report}
    instances = [Instance(index, None, "failed", "Push", 1, **kind) for index in range(2)]
    assert render("push", story_of(instances[0])).startswith("<!doctype html>")
    assert render("push", story_of_all(instances)).startswith("<!doctype html>")
    _show_among_others(report)


def _show_among_others(report: Any) -> None:
    """Show the page of many pushes, with a report that may be anything, and compare it with itself."""
    from airflow_provider_userattrs.plugins.digest import PastInstance
    from airflow_provider_userattrs.plugins.history import histories
    from airflow_provider_userattrs.plugins.pushes import View, render_pushes

    now, operator = datetime(2026, 3, 1, tzinfo=timezone.utc), "KahunaSetAttributesOperator"
    past = [PastInstance("dag", "run", 1, now, "push", index, "success", operator, report) for index in range(2)]
    shown = histories(past)
    assert render_pushes(View.of({}), shown, shown, len(shown)).startswith("<!doctype html>")
    if (difference := compare(report, report)) is not None:
        assert sentences_on_difference(difference)


def _signed(state: Any) -> Any:
    """Sign a checkpoint again: the digest tells damage, and not what another version wrote."""
    try:
        return signed(state) if isinstance(state, dict) else state
    except TypeError:
        return state


def _parse_total(reports: Any) -> None:
    total = Total(reports if isinstance(reports, list) else [reports])
    total.conclude(0.5)
    json.dumps(total.as_dict())


def _parse_checkpoint(state: Any) -> None:
    for each in (state, _signed(state)):
        checkpoint = Checkpoint.from_dict(each)
        assert checkpoint.below >= 0
        checkpoint.begin()


_SPECS = [
    {"source": "sql", "rendered": True, "sql": "SELECT 1", "conn_id": "c", "parameters": None, "key": "id"},
    {"source": "files", "path": "/a.csv", "types": {"id": "integer"}},
    {"source": "rejects", "path": "/r.jsonl", "in_doubt": False},
]


def parsers() -> list[Parser]:
    """Give all parsers; those of a vendor once for each of its operations."""
    operations = _operations()
    found = [
        Parser(f"body-{name}", st.tuples(_STATUSES, mutated_bytes(_BODIES)), _body_parser(operation))
        for name, operation in operations.items()
    ]
    found += [
        Parser(
            f"headers-{vendor.name}",
            st.dictionaries(st.sampled_from(_HEADERS), _HEADER_VALUES, max_size=4),
            _wait_parser(next(op for name, op in operations.items() if name.startswith(vendor.name))),
        )
        for vendor in VENDOR_CASES.values()
    ]
    found += [
        Parser("response", mutated_bytes(_WIRE), _parse_wire, (Unreadable,)),
        *(
            Parser(f"connection-{vendor}", _CONNECTIONS, _connection_parser(vendor, choice), (RefusedConfiguration,))
            for vendor, choice in (("engagelab", "region"), ("kahuna", "environment"), ("moengage", "data_center"))
        ),
        *(
            Parser(f"file-{name}", mutated_bytes([content]), _file_parser(name, make), _SOURCE_REFUSALS)
            for name, content, make in _FILES
        ),
        Parser("checkpoint", mutated_json([_CHECKPOINT, _KEYED]), _parse_checkpoint, (ValueError,)),
        Parser("snapshot", mutated_json([_CHECKPOINT]), lambda state: report_so_far(_signed(state)), (ValueError,)),
        Parser("sealed-keys", st.text(max_size=99), Seal("secret").open, (ValueError,)),
        *([Parser("page", mutated_json([_report(), _CHECKPOINT]), _show)] if has("Push report tab") else ()),
        Parser("reports-of-shards", mutated_json([[_report(), _report(5)]]), _parse_total, (ValueError,)),
        Parser(
            "handed-over",
            mutated_json(_SPECS).filter(lambda spec: isinstance(spec, dict)),
            lambda spec: take_over(HandedOver(spec)),
            (ValueError,),
        ),
    ]
    return found
