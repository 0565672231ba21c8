# SPDX-License-Identifier: Apache-2.0
"""All that is wrong with a row is found; what is left out is noted, and the rest is what it would be without it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from push.mapping.any_rules import RESERVED, TOO_BIG, left_out, mapped, rules, updated

from airflow_provider_userattrs.push.mapping.faults import find_unfit_names
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import MISSING_COLUMN
from airflow_provider_userattrs.sources.column_types import convert_row


class Flaky:
    """A value that is converted the second time only."""


def faults(row: dict[str, Any], **options: Any) -> list[tuple[str | None, str]]:
    verdict = left_out(mapped(row, **options)).verdict
    return [(each.attribute, each.code) for each in (verdict, *verdict.others)]


def test_every_fault_is_found() -> None:
    row = {"id": 1, "a": 1, "b": 2_000, "c": b"x", "d": None}
    verdict = left_out(mapped(row, attributes=["a", "b", "c", "d", "e"])).verdict
    found = {each.attribute: each.code for each in (verdict, *verdict.others)}
    assert found == {"b": TOO_BIG.code, "c": "type", "e": MISSING_COLUMN.code}


def test_every_unfit_name_is_found() -> None:
    found = find_unfit_names(["a", "id_", None, ""], rules())
    assert [verdict.code for verdict in found.values()] == [RESERVED.code, "name-type", RESERVED.code]


@pytest.mark.parametrize("attributes", [None, ["a", "b", "c"]], ids=["every-column", "some-columns"])
def test_the_verdict_is_the_first_fault_s_and_carries_the_others(attributes: Any) -> None:
    assert faults({"id": 1, "a": 2_000, "b": 1, "c": b"x"}, attributes=attributes) == [("a", "too-big"), ("c", "type")]


def test_names_come_first() -> None:
    assert faults({"id": 1, "a": 2_000, "id_": 1}) == [("id_", "reserved"), ("a", "too-big")]


def test_a_user_who_cannot_be_named_is_the_only_fault() -> None:
    assert faults({"id": None, "a": 2_000}, leave_out=True) == [(None, "no-user")]


def test_what_cannot_be_sent_is_left_out_and_noted() -> None:
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True, unset_nulls=True)
    row = {"id": 1, "a": 2_000, "b": 1.5, "c": b"x", "id_": 1, "n": None}
    for position in range(2):
        update = updated(mapper(position, row))
        assert update.attributes == {"b": "1.5"}
        assert update.unset == ["n"]
    assert mapper.notes == {
        ("id_", "left out: reserved name"): 2,
        ("a", "left out: number over 1,000"): 2,
        ("c", "left out: value of type bytes"): 2,
        ("b", "sent as text"): 2,
    }


def test_a_row_of_which_nothing_is_left_is_invalid() -> None:
    assert faults({"id": 1, "a": 2_000, "b": None}, leave_out=True) == [("a", "too-big")]


def test_a_value_that_changes_its_mind_ends_in_a_verdict() -> None:
    calls = iter(range(100))

    def convert(_: Any) -> Any:
        if next(calls) % 2 == 0:
            raise ValueError
        return 1

    verdict = left_out(mapped({"id": 1, "a": Flaky()}, rule=rules(a=convert), leave_out=True)).verdict
    assert verdict.code == "unconvertible"


VALUES = st.one_of(st.none(), st.integers(0, 3_000), st.sampled_from(["", "x"]), st.floats(0, 1), st.binary(max_size=2))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "id_"]), VALUES))
def test_leaving_out_is_pushing_the_row_without_its_faults(row: dict[str, Any]) -> None:
    made = mapped({"id": 1, **row})
    if getattr(made, "verdict", None) is None or made.verdict.status is not Status.INVALID:
        return
    at_fault = {each.attribute for each in (made.verdict, *made.verdict.others)}
    fit = {name: value for name, value in row.items() if name not in at_fault}
    expected, lenient = mapped({"id": 1, **fit}), mapped({"id": 1, **row}, leave_out=True)
    if hasattr(expected, "verdict"):
        assert left_out(lenient).verdict == made.verdict
    else:
        assert updated(lenient).attributes == expected.attributes


# Rows that their source could not convert to the declared types


def malformed(types: dict[str, str], **row: Any) -> Any:
    return convert_row({"id": 1, **row}, types)


TYPES = {"age": "integer", "born": "date", "id": "integer"}


def test_every_value_of_a_wrong_type_is_found() -> None:
    verdict = malformed(TYPES, age="x", born="y").verdict
    assert [(each.attribute, each.code) for each in (verdict, *verdict.others)] == [
        ("age", "wrong-type"),
        ("born", "wrong-type"),
    ]


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize(
    "chosen",
    [{}, {"attributes": ["age", "born", "plan"]}, {"attributes": {"age": "age", "born": "born", "plan": "plan"}}],
    ids=["all", "a-list", "a-dict"],
)
def test_a_value_of_a_wrong_type_is_left_out(nulls: bool, chosen: dict[str, Any]) -> None:
    """It is no NULL: nothing is removed at the vendor because of it."""
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True, unset_nulls=nulls, **chosen)
    row = malformed(TYPES, age="x", born=None, plan="gold")
    update = mapper(0, row)
    assert isinstance(update, UserUpdate)
    assert update.attributes == {"plan": "gold"}
    assert list(update.unset) == (["born"] if nulls else [])
    assert update.row is row  # as it was read, for the rejects file
    assert mapper.notes == {("age", "left out: value is not of the type integer that types declares"): 1}


def test_a_value_of_a_wrong_type_beside_one_that_cannot_be_sent() -> None:
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True)
    update = mapper(0, malformed(TYPES, age="x", size=2_000, plan="gold"))
    assert isinstance(update, UserUpdate)
    assert update.attributes == {"plan": "gold"}
    assert {name for name, _ in mapper.notes} == {"age", "size"}


def test_a_value_of_a_wrong_type_beside_a_column_that_is_no_attribute() -> None:
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True)
    update = updated(mapper(0, malformed(TYPES, age="x", plan="gold", id_=1)))
    assert update.attributes == {"plan": "gold"}
    assert {name for name, _ in mapper.notes} == {"age", "id_"}


def test_a_column_that_is_renamed_or_not_sent() -> None:
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True, rename={"age": "years"}, exclude=["born"])
    mapper(0, malformed(TYPES, age="x", born="y", plan="gold"))
    assert {name for name, _ in mapper.notes} == {"years"}


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        ({"age": "x"}, ["wrong-type"]),  # nothing is left
        ({"id": "x", "plan": "gold"}, ["wrong-type"]),  # nobody to send it to
        ({"id": None, "age": "x", "plan": "gold"}, ["no-user"]),
    ],
    ids=["nothing-left", "the-user", "no-user"],
)
def test_a_row_of_which_nothing_can_be_sent(row: dict[str, Any], codes: list[str]) -> None:
    mapper = Mapper(rules(), {"id": "id"}, leave_out=True, unset_nulls=True)
    outcome = mapper(0, malformed(TYPES, **row))
    assert isinstance(outcome, Outcome)
    assert [each.code for each in (outcome.verdict, *outcome.verdict.others)] == codes
    assert outcome.verdict.status is Status.INVALID
    assert mapper.notes == {}


def test_a_row_that_was_not_read_at_all_is_invalid() -> None:
    verdict = Verdict(Status.INVALID, "malformed-line", "no JSON")
    outcome = Mapper(rules(), {"id": "id"}, leave_out=True)(0, MalformedRow(verdict, "{"))
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is verdict
