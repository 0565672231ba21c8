# SPDX-License-Identifier: Apache-2.0
"""The tables of verdicts: every code with what it means and what to do, as the push itself has them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from datetime import timezone
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import airflow_provider_userattrs
from airflow_provider_userattrs.columns import Using
from airflow_provider_userattrs.push.mapping.attributes import require_name
from airflow_provider_userattrs.push.mapping.derived import deriving
from airflow_provider_userattrs.push.mapping.faults import row_type
from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model import verdicts as engine
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import read_lines
from airflow_provider_userattrs.push.report.counts import other
from airflow_provider_userattrs.sources.column_types import convert
from airflow_provider_userattrs.sources.storage.malformed import malformed_line
from airflow_provider_userattrs.vendors import http
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage import responses as moengage_responses
from generated.markup import plain, table

PACKAGE = airflow_provider_userattrs.__name__

#: What the push does next.
_NEXT = {
    Action.KEEP: "",
    Action.RETRY: "is tried again",
    Action.SPLIT: "is sent in halves",
    Action.STOP: "stops the push",
}

#: Codes that stand for others, and what they stand for.
_CODES = {"99999": "any other", "302": "3xx", "418": "other 4xx", "599": "5xx"}

#: Sections whose verdicts are sorted.
_BY_CODE = {"kahuna", "moengage", "http"}


def declared(module: str) -> Iterator[Verdict]:
    """Yield the verdicts that a module declares: by a name of its own, or in a table."""
    loaded: Any = import_module(f"{PACKAGE}.{module}")
    for name in _assigned(loaded):
        thing = getattr(loaded, name)
        yield from filter(_is_verdict, thing.values() if isinstance(thing, dict) else [thing])


def _assigned(module: Any) -> Iterator[str]:
    """Yield the names that a module assigns, in their order; not those that it imports."""
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        targets = [getattr(node, "target", None), *getattr(node, "targets", ())]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _is_verdict(thing: Any) -> bool:
    return isinstance(thing, Verdict) and thing.status is not Status.ACCEPTED


def made() -> dict[str, list[Verdict]]:
    """Return the verdicts that functions make, with a sample of what they are made from, by module."""

    def refused(make: Callable[[], Any]) -> Verdict:
        try:
            make()
        except InvalidRow as invalid:
            return invalid.verdict
        raise AssertionError("a sample is not refused")

    def error(status: int, kind: str) -> Verdict:
        body = json.dumps({"status": "fail", "error": {"type": kind}}).encode()
        return moengage_responses.read(Response(status, {}, body), [""])[0]

    def bulk_error(status: int) -> Verdict:
        return moengage_responses.read_bulk(Response(status, {}, b""), ["", ""])[0]

    def invalid(row: Any) -> Verdict:
        assert isinstance(row, MalformedRow)
        return row.verdict

    rules = engagelab.OPERATIONS["set"].rules(timezone.utc)
    names: Any = None, 1
    return {
        "vendors.http": [http.by_status(302), http.by_status(418), http.by_status(599), http.contradicted(502)],
        "vendors.engagelab.api": engagelab.read(Response(200, {}, b'{"code": 99999}'), [""]),
        "vendors.kahuna.api": kahuna.read(Response(200, {}, b'[{"success": false, "error_code": 99999}]'), [""]),
        "vendors.moengage.responses": [
            *(error(status, kind) for status, kind in moengage_responses.TYPES),
            bulk_error(400),
        ],
        "push.model.verdicts": [engine.too_large(moengage.MAX_BYTES)],
        "push.mapping.faults": [row_type(()), row_type([{}]), row_type("")],
        "push.mapping.attributes": [refused(partial(require_name, name, rules)) for name in names],
        "push.mapping.derived": [refused(lambda: deriving(Using("", int), rules.types)[str](""))],
        "push.mapping.values": [refused(lambda: ValueTable({})[bytes](b""))],
        "push.rejects.lines": [invalid(*read_lines(["?"]))],
        "push.report.counts": [other(Status.REJECTED)],
        "sources.column_types": [refused(lambda: convert({"": "x"}, {"": "integer"}))],
        "sources.storage.malformed": [invalid(malformed_line("", "what is wrong with the line", b""))],
    }


#: Section of the page -> the modules whose verdicts it has.
VERDICTS = {
    "engagelab": ["vendors.engagelab.api"],
    "engagelab-register": ["vendors.engagelab.register"],
    "kahuna": ["vendors.kahuna.api"],
    "moengage": ["vendors.moengage.responses"],
    "http": ["vendors.http"],
    "push": ["push.model.verdicts", "push.report.counts"],
    "values": [
        "push.mapping.update_builder",
        "push.mapping.shapes",
        "push.mapping.attributes",
        "push.mapping.faults",
        "push.mapping.values",
        "push.mapping.scalars",
        "push.mapping.numbers",
        "push.mapping.times",
        "push.mapping.encodable",
        "push.mapping.filter",
        "push.mapping.phones",
        "push.mapping.derived",
    ],
    "engagelab-values": [f"vendors.engagelab.{module}" for module in ("values", "identifiers", "contacts")],
    "kahuna-values": ["vendors.kahuna.values"],
    "moengage-values": [f"vendors.moengage.{module}" for module in ("ids", "names", "values", "standard", "arrays")],
    "sources": [
        "sources.column_types",
        "sources.database.unreadable",
        "sources.storage.malformed",
        "sources.storage.parquet",
        "push.rejects.lines",
    ],
}


def verdicts_of(section: str) -> list[Verdict]:
    """Return the verdicts of a section of the page, each once."""
    found: dict[tuple[str, ...], Verdict] = {}
    for module in VERDICTS[section]:
        for verdict in (*declared(module), *made().get(module, ())):
            found.setdefault((verdict.status, verdict.code, verdict.meaning, verdict.remedy), verdict)
    return list(found.values())


def verdict_table(section: str) -> str:
    """Return the table of a section's verdicts."""
    found = verdicts_of(section)
    if section in _BY_CODE:
        found.sort(key=lambda each: each.code.zfill(5))
    heads = ["code", "status", "meaning", "what to do", "the request"]
    rows = [
        [
            _CODES.get(each.code, f"`{each.code}`"),
            f"`{each.status}`",
            plain(each.meaning),
            plain(each.remedy),
            _NEXT[each.action],
        ]
        for each in found
    ]
    if not any(row[-1] for row in rows):  # nothing was sent
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return table(heads, rows)
