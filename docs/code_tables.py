# SPDX-License-Identifier: Apache-2.0
"""The tables of the pages that are made from the code, as Markdown."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timezone
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import airflow_provider_userattrs
from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.push.mapping.attributes import require_name
from airflow_provider_userattrs.push.mapping.faults import row_type
from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model import verdicts
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
from airflow_provider_userattrs.vendors.moengage import ids
from airflow_provider_userattrs.vendors.moengage import names as moengage_names

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


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    texts = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([texts[0], "|---" * len(lines[0]) + "|", *texts[1:]])


def plain(text: str) -> str:
    """Return a sentence of the code so that Markdown shows it as it is."""
    for mark in "\\`*<":
        text = text.replace(mark, f"\\{mark}")
    return text


# Verdicts


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
        return moengage.read(Response(status, {}, body), [""])[0]

    def invalid(row: Any) -> Verdict:
        assert isinstance(row, MalformedRow)
        return row.verdict

    rules = engagelab.OPERATIONS["set"].rules(timezone.utc)
    names: Any = None, 1
    return {
        "vendors.http": [http.by_status(302), http.by_status(418), http.by_status(599), http.contradicted(502)],
        "vendors.engagelab.api": engagelab.read(Response(200, {}, b'{"code": 99999}'), [""]),
        "vendors.kahuna.api": kahuna.read(Response(200, {}, b'[{"success": false, "error_code": 99999}]'), [""]),
        "vendors.moengage.api": [error(status, kind) for status, kind in moengage.TYPES],
        "push.model.verdicts": [verdicts.too_large(moengage.MAX_BYTES)],
        "push.mapping.faults": [row_type(()), row_type([{}]), row_type("")],
        "push.mapping.attributes": [refused(partial(require_name, name, rules)) for name in names],
        "push.mapping.values": [refused(lambda: ValueTable({})[bytes](b""))],
        "push.rejects.lines": [invalid(*read_lines(["?"]))],
        "push.report.counts": [other(Status.REJECTED)],
        "sources.column_types": [refused(lambda: convert({"": "x"}, {"": "integer"}))],
        "sources.storage.malformed": [invalid(malformed_line("", "what is wrong with the line", b""))],
    }


#: Section of the page -> the modules whose verdicts it has.
VERDICTS = {
    "engagelab": ["vendors.engagelab.api"],
    "kahuna": ["vendors.kahuna.api"],
    "moengage": ["vendors.moengage.api"],
    "http": ["vendors.http"],
    "push": ["push.model.verdicts", "push.report.counts"],
    "values": [
        "push.mapping.mapper",
        "push.mapping.attributes",
        "push.mapping.faults",
        "push.mapping.values",
        "push.mapping.scalars",
        "push.mapping.numbers",
        "push.mapping.encodable",
    ],
    "engagelab-values": ["vendors.engagelab.values", "vendors.engagelab.contacts"],
    "kahuna-values": ["vendors.kahuna.values"],
    "moengage-values": [f"vendors.moengage.{module}" for module in ("ids", "names", "values", "standard")],
    "sources": [
        "sources.column_types",
        "sources.database.cells",
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


# Connections


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{plain(text[1:])}."


def connection_fields(vendor: str) -> str:
    """Return the table of a connection's fields, as its form has them."""
    kinds: Any = get_provider_info()["connection-types"]
    (kind,) = (each for each in kinds if each["connection-type"] == vendor)
    form = kind["ui-field-behaviour"]
    rows = [
        [f"`{field}`", form["relabeling"][field], _sentence(form["placeholders"][field])]
        for field in ("login", "password", "host")
    ]
    for name, field in kind["conn-fields"].items():
        choices = ", ".join(f"`{value}`" for value in field["schema"].get("enum", ()))
        default = field["schema"].get("default")
        shown = default if isinstance(default, str) else json.dumps(default)
        words = [
            plain(field["description"]),
            f"One of {choices}." if choices else "",
            "" if default is None else f"Default: `{shown}`.",
        ]
        rows.append([f"extra `{name}`", field["label"], " ".join(filter(None, words))])
    return table(["field", "in the form", "what it holds"], rows)


# Names


def names(which: str) -> str:
    """Return a list of names that a vendor treats in a way of its own."""
    found: dict[str, Iterable[str]] = {
        "blocked-ids": ids.BLOCKED_CUSTOMER_IDS,
        "reserved": moengage_names.RESERVED_NAMES,
        "moe": moengage_names.MOE_NAMES,
        "create-only": moengage_names.CREATE_ONLY,
    }
    return ", ".join(f"`{name}`" if name else "the empty text" for name in sorted(found[which], key=str.lower)) + "."
