# SPDX-License-Identifier: Apache-2.0
"""A column converted at once gives each cell what it would get by itself, with every vendor's converters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.mapping.conversion import Converted, convert_column
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Noted, ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.vendors.engagelab.values import value_table as engagelab
from airflow_provider_userattrs.vendors.kahuna.values import value_table as kahuna
from airflow_provider_userattrs.vendors.moengage.standard import DATES, TEXTS
from airflow_provider_userattrs.vendors.moengage.values import rules as moengage_rules
from airflow_provider_userattrs.vendors.moengage.values import value_table as moengage

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = {"utc": timezone.utc, "berlin": BERLIN}
TABLES: dict[str, Callable[[tzinfo], ValueTable]] = {
    "kahuna": kahuna,
    "engagelab": lambda zone: engagelab("set", zone),
    "moengage": moengage,
    "moengage-city": lambda zone: moengage_rules(zone).named["city"],
    "moengage-text": lambda zone: moengage_rules(zone).named[TEXTS[0]],
    "moengage-date": lambda zone: moengage_rules(zone).named[DATES[0]],
}

_ZONED = st.sampled_from([None, timezone.utc, ZoneInfo("Etc/UTC"), BERLIN, timezone(timedelta(hours=5))])
_TIMES = st.one_of(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)).map(lambda time: time.replace(second=0, microsecond=0)),
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "texts": st.one_of(st.text(max_size=4), st.sampled_from(["é" * 600, "x" * 3_000, "http://a/" + "b" * 600])),
    "short-texts": st.text(min_size=1, max_size=4),
    "integers": st.integers(),
    "booleans": st.booleans(),
    "floats": st.floats(),
    "fractions": st.floats(0.001, 1_000),
    "amounts": st.decimals(-1_000, 1_000, places=2),
    "whole-decimals": st.integers(-1_000, 1_000).map(Decimal),
    "decimals": st.decimals(),
    "times-of-any-zone": st.builds(lambda time, zone: time.replace(tzinfo=zone), _TIMES, _ZONED),
    "utc-times": _TIMES.map(lambda time: time.replace(tzinfo=timezone.utc)),
    "naive-times": _TIMES,
    "dates": st.dates(date(2, 1, 1)),
    "uuids": st.uuids(),
    "lists": st.lists(st.text(max_size=2), max_size=2),
    "several": st.one_of(st.text(max_size=2), st.integers(0, 9), st.binary(max_size=1), st.booleans()),
}


def one_by_one(cells: list[Any], table: ValueTable) -> Converted:
    values: list[Any] = []
    faults: dict[int, Verdict] = {}
    notes: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        value = None
        try:
            value = None if cell is None else table[type(cell)](cell)
        except InvalidRow as invalid:
            faults[index] = invalid.verdict
        if isinstance(value, Noted):
            notes.setdefault(value.note, []).append(index)
            value = value.value
        values.append(value)
    return Converted(values, [index for index, value in enumerate(values) if value is None], faults, notes)


def shown(converted: Converted) -> Any:
    notes = {note: list(indexes) for note, indexes in converted.notes.items()}
    values = [repr(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value for value in converted.values]
    return values, list(map(type, converted.values)), list(converted.gaps), dict(converted.faults), notes


@pytest.mark.parametrize("zone", list(ZONES.values()), ids=list(ZONES))
@pytest.mark.parametrize("vendor", list(TABLES))
@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=30)
@given(data=st.data())
def test_a_column_gives_what_its_cells_give(data: st.DataObject, kind: str, vendor: str, zone: tzinfo) -> None:
    cells = data.draw(st.lists(st.one_of(KINDS[kind], st.none()) if data.draw(st.booleans()) else KINDS[kind]))
    table = TABLES[vendor](zone)
    assert shown(convert_column(tuple(cells), table)) == shown(one_by_one(cells, table))


def test_what_is_sent_as_it_is_is_not_copied() -> None:
    cells = (1, 2, None)
    converted = convert_column(cells, ValueTable({int: as_is}))
    assert converted.values is cells
    assert converted.gaps == [2]


def test_where_many_at_once_fail_each_is_converted_by_itself() -> None:
    def many(_: Any) -> Any:
        raise ZeroDivisionError

    table = ValueTable({int: lambda value: 1 // value}, many={int: many})
    converted = convert_column((1, 0, 2), table)
    assert (converted.values, converted.faults) == ([1, None, 0], {1: UNCONVERTIBLE})
