# SPDX-License-Identifier: Apache-2.0
"""Rows that were not accepted: to lines and back, with every value as it was."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar
from uuid import UUID

import numpy as np
import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import Opaque, read_lines, write_lines
from airflow_provider_userattrs.sources.column_types import convert_row

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.").saying("no such user").on("email")


class Colour(Enum):
    RED = "red"


class Price(Enum):
    LOW = Decimal("1.10")


def line(row: Any, verdict: Verdict = REJECTED, *, idempotent: bool = True, user: object = None) -> str:
    return write_lines([Outcome(3, verdict, row, user)], idempotent=idempotent)


def there_and_back(row: Any) -> Any:
    [read] = read_lines([line(row)])
    return read


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, of one type, and so on all the way down; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return len(one) == len(other) and all(same(a, c) and same(b, d) for (a, b), (c, d) in pairs)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Decimal):
        return isinstance(other, Decimal) and one.as_tuple() == other.as_tuple()
    if isinstance(one, (datetime, time)) and one.tzinfo:
        return other.tzinfo is not None and one == other and one.utcoffset() == other.utcoffset()
    return bool(one == other) or (one != one and other != other)


offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters()),
    st.text(st.characters(categories=["Cs", "Cc", "L"])),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.datetimes(),
    st.datetimes(timezones=offsets),
    st.dates(),
    st.times(),
    st.binary(),
)
texts = st.one_of(st.text(), st.sampled_from(["$type", "value", "opaque", "decimal"]))
keys = st.one_of(texts, st.integers(), st.dates(), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=10,
)


class TestRoundTrip:
    @settings(max_examples=500)
    @given(row=st.dictionaries(texts, values, max_size=6))
    def test_every_value_comes_back_as_it_was(self, row: dict[str, Any]) -> None:
        text = line(row)
        assert text.isascii()
        assert text.count("\n") == 1
        assert text.endswith("\n")
        assert same(there_and_back(row), row)
        assert same(there_and_back(there_and_back(row)), row)

    @pytest.mark.parametrize(
        ("value", "back"),
        [
            pytest.param((1, "a"), [1, "a"], id="tuple"),
            pytest.param(Colour.RED, "red", id="enum"),
            pytest.param(Price.LOW, Decimal("1.10"), id="enum-of-decimal"),
            pytest.param(
                pendulum.datetime(2020, 1, 2, 3, 4, 5, tz="Europe/Berlin"),
                datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))),
                id="pendulum",
            ),
            pytest.param(10**1_000, 10**1_000, id="long-integer"),
            pytest.param("{{ var.value.key }}", "{{ var.value.key }}", id="what-looks-like-a-template"),
        ],
    )
    def test_what_comes_back_as_its_plain_equal(self, value: Any, back: Any) -> None:
        read = there_and_back({"x": value})["x"]
        assert read == back
        assert isinstance(read, type(back))

    @pytest.mark.parametrize(
        "value", [object(), {1}, 1j, timedelta(1), Decimal("NaN")], ids=lambda value: type(value).__name__
    )
    def test_what_no_line_can_hold_has_no_place_at_a_vendor_either(self, value: Any) -> None:
        read = there_and_back({"x": value, "y": 1})
        assert read["y"] == 1
        assert isinstance(read["x"], Opaque)
        assert read["x"].text == type(value).__name__

    def test_a_missing_time_comes_back_with_no_place(self) -> None:
        class NaT(datetime):
            def __eq__(self, other: object) -> bool:
                return False

            __hash__ = None  # type: ignore[assignment]

        assert isinstance(there_and_back({"x": NaT(2020, 1, 1)})["x"], Opaque)

    @pytest.mark.parametrize("value", [Decimal("sNaN"), 10**5_000], ids=["signalling-nan", "integer-of-5,000-digits"])
    def test_no_value_keeps_a_row_out_of_the_file(self, value: Any) -> None:
        assert there_and_back({"x": value, "y": 1})["y"] == 1

    def test_a_nan_of_a_numeric_library_comes_back(self) -> None:
        class LibraryFloat(float):
            def __repr__(self) -> str:
                return f"np.float64({float(self)!r})"

        assert there_and_back({"x": LibraryFloat("nan"), "y": 1})["y"] == 1

    def test_a_dict_with_tuple_keys_comes_back(self) -> None:
        assert there_and_back({"x": {(1, 2): 3}, "y": 1})["y"] == 1


class TestLine:
    def test_says_what_and_why(self) -> None:
        assert json.loads(line({"id": 5, "email": "ada@example.com"}, user=5)) == {
            "position": 3,
            "user": 5,
            "status": "rejected",
            "code": "404",
            "reason": "User not found",
            "attribute": "email",
            "detail": "no such user",
            "location": "",
            "replay": True,
            "row": {"id": 5, "email": "ada@example.com"},
        }

    def test_a_row_its_source_could_not_read_is_kept_raw(self) -> None:
        written = json.loads(line(MalformedRow(REJECTED, "what was read")))
        assert written["row"] == "what was read"

    def test_keeps_the_user_as_the_vendor_sees_it(self) -> None:
        assert json.loads(line({}, user={"email": "a@b"}))["user"] == {"email": "a@b"}

    @pytest.mark.parametrize("idempotent", [True, False])
    @pytest.mark.parametrize("status", [status for status in Status if status is not Status.PARTIAL])
    def test_only_a_row_in_doubt_of_what_must_not_be_repeated_is_kept_from_replay(
        self, status: Status, idempotent: bool
    ) -> None:
        text = line({"id": 1}, Verdict(status), idempotent=idempotent)
        kept_back = status is Status.UNKNOWN and not idempotent
        assert json.loads(text)["replay"] is not kept_back
        assert len(list(read_lines([text]))) == (0 if kept_back else 1)
        assert list(read_lines([text], in_doubt=True)) == [{"id": 1}]

    def test_a_row_applied_in_part_of_what_must_not_be_repeated_is_kept_from_replay(self) -> None:
        assert list(read_lines([line({"id": 1}, Verdict(Status.PARTIAL), idempotent=False)])) == []


def value_line(value: Any) -> str:
    return json.dumps({"row": {"id": 1, "x": value}, "replay": True})


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("no json", id="no-json"),
            pytest.param('{"row": {}', id="cut-off"),
            pytest.param('{"rejects":{"dag_id":"nightly","task', id="first-line-cut-off"),
            pytest.param('{"rejects":[1]}', id="first-line-of-something-else"),
            pytest.param("5", id="number"),
            pytest.param("null", id="null"),
            pytest.param('"text"', id="text"),
            pytest.param("[]", id="list"),
            pytest.param("{}", id="no-row"),
            pytest.param('{"row": {"id": 1}}', id="no-replay"),
            pytest.param(value_line({"$type": "unheard-of", "value": 1}), id="unknown-type"),
            pytest.param(value_line({"$type": ["a"], "value": 1}), id="type-that-is-no-text"),
            pytest.param(value_line({"$type": "decimal"}), id="no-value"),
            pytest.param(value_line({"$type": "decimal", "value": "one"}), id="no-decimal"),
            pytest.param(value_line({"$type": "uuid", "value": "one"}), id="no-uuid"),
            pytest.param(value_line({"$type": "datetime", "value": "yesterday"}), id="no-datetime"),
            pytest.param(value_line({"$type": "date", "value": 5}), id="no-date"),
            pytest.param(value_line({"$type": "bytes", "value": "é"}), id="no-bytes"),
            pytest.param(value_line({"$type": "float", "value": "many"}), id="no-float"),
            pytest.param(value_line({"$type": "mapping", "value": [[1]]}), id="no-mapping"),
            pytest.param(value_line({"$type": "mapping", "value": [[[], 1]]}), id="no-key"),
            pytest.param(
                value_line({"$type": "uuid", "value": 5}),
                id="uuid-from-a-number",
            ),
            pytest.param(
                '{"row": ' + "[" * 100_000,
                id="nested-too-deep",
            ),
        ],
    )
    def test_a_malformed_line_is_an_invalid_row_and_the_rest_is_read(self, text: str) -> None:
        rows = list(read_lines([line({"id": 0}), text, line({"id": 2})]))
        assert len(rows) == 3
        assert (rows[0], rows[2]) == ({"id": 0}, {"id": 2})
        bad = rows[1]
        assert isinstance(bad, MalformedRow)
        assert (bad.verdict.status, bad.verdict.code) == (Status.INVALID, "malformed-line")
        assert bad.verdict.location == "line 2"
        assert bad.raw == text

    def test_blank_lines_are_none_and_still_count(self) -> None:
        rows = list(read_lines(["\n", "   \n", line({"id": 0}), "", "no json"]))
        assert rows[0] == {"id": 0}
        assert isinstance(rows[1], MalformedRow)
        assert rows[1].verdict.location == "line 5"
        assert len(rows) == 2

    def test_reads_as_it_goes(self) -> None:
        def lines() -> Any:
            yield line({"id": 0})
            pytest.fail("the second line was read before the first row was taken")

        assert next(read_lines(lines())) == {"id": 0}

    @settings(max_examples=300)
    @given(
        row=st.recursive(
            st.one_of(st.none(), st.booleans(), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(st.sampled_from(["$type", "value", "id"]), inner, max_size=3),
                st.builds(
                    lambda kind, value: {"$type": kind, "value": value},
                    st.sampled_from(["decimal", "datetime", "date", "time", "bytes", "float", "mapping", "opaque"]),
                    inner,
                ),
            ),
            max_leaves=8,
        ),
        replay=st.sampled_from([True, False, None, 1, "yes"]),
    )
    def test_no_line_makes_it_raise(self, row: Any, replay: Any) -> None:
        list(read_lines([json.dumps({"row": row, "replay": replay})], in_doubt=True))

    def test_bytes_are_base64(self) -> None:
        written = json.loads(line({"x": b"\x00\xff"}))["row"]["x"]
        assert written == {"$type": "bytes", "value": base64.b64encode(b"\x00\xff").decode()}

    def test_types_are_named(self) -> None:
        row = {"d": Decimal("1.10"), "u": UUID(int=1), "t": time(1, 2), "day": date(2020, 1, 2), "inf": float("inf")}
        written = json.loads(line(row))["row"]
        assert {name: value["$type"] for name, value in written.items()} == {
            "d": "decimal",
            "u": "uuid",
            "t": "time",
            "day": "date",
            "inf": "float",
        }


class TestNumericLibraries:
    @pytest.mark.parametrize(
        ("value", "back"),
        [
            (np.int64(3), 3),
            (np.uint8(255), 255),
            (np.float32(0.5), 0.5),
            (np.float64(0.1), 0.1),
            (np.float64("inf"), float("inf")),
            (np.bool_(True), True),
            (np.str_("a"), "a"),
            (np.bytes_(b"a"), b"a"),
        ],
        ids=repr,
    )
    def test_a_scalar_comes_back_as_the_same_value(self, value: Any, back: Any) -> None:
        read = there_and_back({"x": value, "more": [value]})
        assert read == {"x": back, "more": [back]}
        assert isinstance(read["x"], type(back))


def test_a_fraction_has_no_place() -> None:
    assert isinstance(there_and_back({"x": Fraction(1, 3)})["x"], Opaque)


@pytest.mark.parametrize("depth", [100, 400, 900, 5_000, 100_000])
def test_a_deep_value_keeps_no_row_out_of_the_file(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    assert there_and_back({"x": deep, "y": 1})["y"] == 1


def test_what_had_no_place_has_none_after_another_replay() -> None:
    assert there_and_back(there_and_back({"x": object()})) == {"x": Opaque("object")}


class TestDeclaredTypes:
    types: ClassVar[dict[str, str]] = {"n": "integer", "at": "date"}
    raw = MalformedRow(REJECTED.at("users.csv, line 7"), {"n": "4x", "at": "2026-11-24"}, types)

    def test_a_row_before_its_types_says_so(self) -> None:
        written = json.loads(line(self.raw, self.raw.verdict))
        assert written["types"] == {"n": "integer", "at": "date"}
        assert written["location"] == "users.csv, line 7"
        assert "types" not in json.loads(line({"n": 4}))

    def test_they_are_applied_to_that_row_and_no_other(self) -> None:
        mended = line(self.raw).replace("4x", "44")

        def convert(row: dict[str, Any], types: Any, *_: Any) -> dict[str, Any]:
            return {**row, **{column: (kind, row[column]) for column, kind in types.items()}}

        rows = list(read_lines([mended, line({"n": "4"})], convert=convert))
        assert rows == [{"n": ("integer", "44"), "at": ("date", "2026-11-24")}, {"n": "4"}]

    def test_what_still_has_no_such_type_is_named_and_kept_with_its_types(self) -> None:
        [bad] = read_lines([line(self.raw)], convert=convert_row, file="rejects.jsonl")
        assert isinstance(bad, MalformedRow)
        assert (bad.verdict.location, bad.verdict.attribute) == ("rejects.jsonl, line 1", "n")
        assert (bad.raw, bad.types) == (self.raw.raw, self.raw.types)
