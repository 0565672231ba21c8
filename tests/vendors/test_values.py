# SPDX-License-Identifier: Apache-2.0
"""Whatever a row holds: a value arrives as what it was, or the row is invalid by the attribute's name and a rule."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vendor_cases import VENDOR_CASES, VendorCase
from vendor_cases.moengage import MOENGAGE

from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.moengage import api as moengage

UTC = time_zone("UTC")

zones = st.none() | st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
texts = st.text(max_size=20) | st.text(st.characters(), max_size=600)
scalars = st.one_of(
    texts,
    st.integers(),
    st.integers(2**53 - 2, 2**53 + 2),
    st.integers(2**63 - 2, 2**64),
    st.booleans(),
    st.floats(),
    st.floats(2**53, 2**64),
    st.decimals(),
    st.sampled_from([Decimal("1e9999999"), Decimal("1E-9999999"), Decimal("sNaN"), Decimal("-0.00")]),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=5),
    st.fractions(),
    st.complex_numbers(),
)


@st.composite
def libraries(draw: st.DrawFn) -> Any:
    """Draw what a data frame's rows are made of."""
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    small, real = st.integers(-128, 127), st.floats(width=16)
    moment = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
    return draw(
        st.one_of(
            *(small.map(kind) for kind in (np.int8, np.int16, np.int32, np.int64)),
            *(st.integers(0, 2**64 - 1).map(kind) for kind in (np.uint64,)),
            *(real.map(kind) for kind in (np.float16, np.float32, np.float64, np.longdouble)),
            st.floats().map(np.float64),
            st.booleans().map(np.bool_),
            texts.map(np.str_),
            st.binary(max_size=5).map(np.bytes_),
            moment.map(lambda value: np.datetime64(value, "us")),
            moment.map(lambda value: np.datetime64(value, "ns")),
            st.dates().map(lambda value: np.datetime64(value, "D")),
            small.map(lambda value: np.timedelta64(value, "s")),
            moment.map(pd.Timestamp),
            moment.map(lambda value: pd.Timestamp(value, tz="Asia/Tokyo")),
            st.just(pd.Timedelta(5, "s")),
            st.sampled_from([pd.NA, pd.NaT, np.ma.masked, np.datetime64("NaT"), np.timedelta64("NaT")]),
            st.lists(small, max_size=3).map(np.array),
            st.just(np.array(5)),
        )
    )


members = scalars.map(lambda value: Enum("Kind", {"MEMBER": value}).MEMBER)  # type: ignore[attr-defined]
anything = st.one_of(
    scalars,
    libraries(),
    members,
    st.lists(st.none() | scalars | libraries(), max_size=3),
    st.lists(texts, max_size=3).map(tuple),
    st.lists(st.integers(), max_size=60),
    st.dictionaries(st.text(max_size=3), scalars, max_size=2),
)


@cache
def set_operation(case: VendorCase) -> Operation:
    operator, parameters = case.operations["set"]
    operation: Operation = operator(task_id="push", users=[], **parameters).make_operation()
    return operation


def own(value: Any) -> Any:
    """Return a value as Python's own, by the libraries' own words."""
    if isinstance(value, Enum):
        return own(value.value)
    if type(value).__module__ == "numpy" and type(value).__name__ != "ndarray":
        if type(value).__name__ == "datetime64" and not str(value.dtype).endswith("[D]"):
            return value.astype("datetime64[us]").item()
        return value.item()
    return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value


def is_same(vendor: VendorCase, value: Any, sent: Any) -> bool:
    """Return whether what was sent is the value."""
    value = own(value)
    if isinstance(value, (list, tuple)):
        pairs = zip(value, sent, strict=True)
        return isinstance(sent, list) and all(is_same(vendor, *pair) for pair in pairs)
    if isinstance(value, bool) or isinstance(sent, bool):
        return value is sent
    if isinstance(value, int):
        return type(sent) is int and sent == value
    if isinstance(value, float):
        return isinstance(sent, str) is vendor.sends_fractions_as_text and float(sent) == value
    if isinstance(value, Decimal):
        return (vendor.sends_fractions_as_text or not isinstance(sent, str)) and Decimal(sent) == value
    if isinstance(value, datetime):
        there: Any = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        there = there.replace(**dict.fromkeys(vendor.time_cut, 0))
        return vendor.time_form is not None and bool(datetime.strptime(sent, vendor.time_form) == there)
    if isinstance(value, date):
        return datetime.strptime(sent, vendor.date_form) == datetime(value.year, value.month, value.day)
    return isinstance(value, (str, UUID)) and sent == str(value)


def kinds(value: Any) -> set[str]:
    """Return the names of the types that a value, or an element of it, is of."""
    parts = [value, own(value), *(value if isinstance(value, (list, tuple)) else ())]
    return {kind.__name__ for part in parts for each in (part, own(part)) for kind in type(each).__mro__[:-1]}


def cannot_be_sent(value: Any) -> bool:
    """Return whether no vendor has a type for the value."""
    return isinstance(own(value), (bytes, time, timedelta, Fraction, complex, dict))


@pytest.mark.parametrize("vendor", VENDOR_CASES)
@settings(max_examples=400)
@given(value=anything)
def test_a_value_arrives_as_it_was_or_not_at_all(become: Any, vendor: str, value: Any) -> None:
    case = VENDOR_CASES[vendor]
    user = case.user_column
    body = become(set_operation(case), {user: user}, {user: case.key(1), "x": value})
    if isinstance(body, Verdict):
        assert (body.status, body.attribute) == (Status.INVALID, "x")
        if body.code == "type":
            assert any(kind in body.meaning for kind in kinds(value))
        assert body.remedy
        return
    assert is_same(case, value, case.attributes_in(body)["x"])
    assert not cannot_be_sent(value)


@pytest.mark.parametrize(("kind", "bits"), [("float16", 11), ("float32", 24), ("float64", 53)])
def test_a_short_float_is_an_exact_integer_only_below_its_own_limit(become: Any, kind: str, bits: int) -> None:
    """919876543210 in four bytes is 919876567040, which is somebody else's number."""
    make = getattr(pytest.importorskip("numpy"), kind)
    for number, code in ((2**bits - 1, None), (2**bits, "inexact-integer")):
        row = {"customer_id": "john", "mobile": make(number)}
        bodies = [become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row)]
        row = {"euid": 1, "x": make(number)}
        bodies.append(become(engagelab.OPERATIONS["increase"], {"euid": "euid"}, row))
        for body in bodies:
            assert body.code == code if isinstance(body, Verdict) else str(number).encode() in body


@settings(max_examples=400)
@given(value=anything, name=st.sampled_from(["name", "mobile", "age", "revenue", "moe_unsubscribe", "created_time"]))
def test_a_standard_attribute_of_moengage_has_its_type_or_is_not_sent(become: Any, value: Any, name: str) -> None:
    notes: dict[Any, int] = {}
    row = {"customer_id": "john", name: value}
    body = become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row, notes=notes)
    if isinstance(body, Verdict):
        assert (body.status, body.attribute) == (Status.INVALID, name)
        return
    sent = json.loads(body, parse_float=Decimal)["attributes"][name]
    expected: Any = {"age": (int, Decimal), "revenue": (int, Decimal), "moe_unsubscribe": bool}.get(name, str)
    assert isinstance(sent, expected)
    if name == "created_time":
        assert isinstance(own(value), (date, str))
    elif not is_same(MOENGAGE, value, sent):
        assert notes, "changed, and not noted"
        if name != "moe_unsubscribe":
            assert Decimal(sent) == Decimal(repr(own(value)) if isinstance(own(value), float) else own(value))


ids = st.one_of(scalars, libraries(), members, st.just(10362473))


@settings(max_examples=400)
@given(value=ids)
def test_an_id_arrives_unchanged_or_not_at_all(become: Any, value: Any) -> None:
    """Another user's profile would be changed."""
    plain = own(value)
    for case in VENDOR_CASES.values():
        body = become(set_operation(case), {case.user_column: case.user_column}, {case.user_column: value, "x": 1})
        if isinstance(body, Verdict):
            assert body.status is Status.INVALID
            continue
        found = case.user_in(body)
        if isinstance(plain, (str, UUID)) and case.has_text_keys:
            assert found == str(plain)
        else:
            assert not isinstance(plain, (bool, bytes))
            assert int(found) == (Decimal(plain) if isinstance(plain, str) else plain)
            assert isinstance(plain, (int, str, Decimal)) or abs(plain) < 2**53
