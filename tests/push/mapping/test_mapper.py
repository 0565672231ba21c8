# SPDX-License-Identifier: Apache-2.0
"""From rows to updates: columns and NULLs; and no row's value in what is said about it."""

from __future__ import annotations

import hashlib
from collections import ChainMap, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_values import SECRET, Loud
from push.mapping.any_rules import either, identify, left_out, mapped, rules, updated

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.mapping import shapes
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import Noted, ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

#: One for all the examples of a property, so that it has met other rows before.
MAPPER = Mapper(rules(), {"id": "id"})


ROW = {"id": "ada", "name": "Ada", "age": 36}


class TestColumns:
    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            pytest.param(None, {"name": "Ada", "age": 36}, id="every-other-column"),
            pytest.param(["age"], {"age": 36}, id="some-columns"),
            pytest.param(("age", "name"), {"age": 36, "name": "Ada"}, id="in-the-author's-order"),
            pytest.param({"years": "age"}, {"years": 36}, id="renamed"),
            pytest.param({"who": "id"}, {"who": "ada"}, id="the-user's-column-by-name"),
            pytest.param({"a": "age", "b": "age"}, {"a": 36, "b": 36}, id="one-column-twice"),
            pytest.param({"vip": Constant(1), "years": "age"}, {"vip": 1, "years": 36}, id="constant"),
            pytest.param(
                {"mail": Hashed("name")}, {"mail": hashlib.sha256(b"ada").hexdigest()}, id="hashed-strip-and-lower"
            ),
            pytest.param([], {}, id="none-at-all"),
        ],
    )
    def test_which_columns_go_where(self, attributes: Any, expected: dict[str, Any]) -> None:
        update = mapped(ROW, attributes=attributes)
        if expected:
            assert isinstance(update, UserUpdate)
            assert update.attributes == expected
            assert (update.position, update.user, update.keys, update.unset) == (7, "ada", ("ada",), ())
            assert update.row is ROW
        else:
            assert update.verdict.status is Status.SKIPPED

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            pytest.param({"exclude": ["age"]}, {"name": "Ada"}, id="excluded"),
            pytest.param({"rename": {"age": "years"}}, {"name": "Ada", "years": 36}, id="renamed"),
            pytest.param(
                {"rename": {"id": "number"}, "exclude": ["name"]}, {"number": "ada", "age": 36}, id="the-user"
            ),
            pytest.param({"rename": {"age": "name", "name": "age"}}, {"age": "Ada", "name": 36}, id="swapped"),
        ],
    )
    def test_all_columns_but_for_some(self, options: dict[str, Any], expected: dict[str, Any]) -> None:
        assert mapped(ROW, **options).attributes == expected

    def test_two_columns_for_one_attribute_are_refused(self) -> None:
        verdict = left_out(mapped(ROW, rename={"age": "name"})).verdict
        assert (verdict.code, verdict.attribute) == ("same-attribute", "name")
        assert mapped(ROW, rename={"age": "name"}, exclude=["name"]).attributes == {"name": 36}

    @pytest.mark.parametrize("kind", [dict, OrderedDict, ChainMap, MappingProxyType], ids=lambda kind: kind.__name__)
    def test_any_mapping_is_a_row(self, kind: Any) -> None:
        assert mapped(kind({"id": "ada", "age": 36})).attributes == {"age": 36}

    def test_every_user_s_column_is_left_out(self) -> None:
        row = {"mail": "a@b", "login": "ada", "id": 1, "age": 36}
        assert mapped(row, user={"id": "id", "email": "mail", "name": "login"}).attributes == {"age": 36}

    def test_credentials_are_named_in_the_order_of_preference(self) -> None:
        seen: list[Any] = []

        def note(credentials: Any) -> tuple[Any, tuple[Any, ...]]:
            seen.append(list(credentials.items()))
            return None, ()

        rule = Rules(note, ValueTable({int: as_is}), lambda _: None)
        mapped({"b": 2, "a": 1, "x": 3}, user={"first": "a", "second": "b"}, rule=rule)
        assert seen == [[("first", 1), ("second", 2)]]

    def test_rows_of_many_shapes_each_get_their_own_columns(self) -> None:
        mapper = Mapper(rules(), {"id": "id"})
        for _ in range(2):
            for shape in range(600):
                update = mapper(shape, {"id": "ada", f"c{shape}": shape})
                assert updated(update).attributes == {f"c{shape}": min(shape, 1_000)}

    def test_the_order_of_columns_makes_no_difference(self) -> None:
        mapper = Mapper(rules(), {"id": "id"})
        one, other = mapper(0, {"id": "a", "x": 1, "y": 2}), mapper(1, {"y": 2, "x": 1, "id": "a"})
        assert updated(one).attributes == updated(other).attributes

    @pytest.mark.parametrize(
        ("row", "options", "attribute"),
        [
            pytest.param({"name": "Ada"}, {}, "id", id="the-user's"),
            pytest.param({"id": "ada"}, {"attributes": ["age"]}, "age", id="an-attribute's"),
            pytest.param({}, {}, "id", id="empty-row"),
        ],
    )
    def test_a_missing_column_is_named(self, row: dict[str, Any], options: dict[str, Any], attribute: str) -> None:
        outcome = mapped(row, **options)
        assert isinstance(outcome, Outcome)
        verdict = outcome.verdict
        assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, "missing-column", attribute)
        assert outcome.row is row
        assert outcome.position == 7

    @pytest.mark.parametrize(
        "row", [{"b": "bob", "x": 1}, ChainMap[str, Any]({"b": "bob"}, {"x": 1})], ids=["dict", "mapping"]
    )
    def test_a_row_that_lacks_one_of_several_credentials_is_found_by_the_other_and_noted(self, row: Any) -> None:
        """An export of JSON may leave out what is NULL."""
        mapper = Mapper(either(), {"first": "a", "second": "b"})
        update = mapper(0, row)
        assert (update.user, updated(update).attributes) == ({"second": "bob"}, {"x": 1})
        assert mapper.notes == {("first", "row without this credential's column"): 1}
        assert mapper(1, {"a": "ada", "b": "bob", "x": 1}).user == {"first": "ada", "second": "bob"}
        assert mapper.notes.total() == 1

    def test_a_row_that_lacks_all_credentials_lacks_a_column(self) -> None:
        outcome = Mapper(either(), {"first": "a", "second": "b"})(0, {"x": 1})
        assert left_out(outcome).verdict.code == "missing-column"

    def test_a_row_that_lacks_a_credential_and_fails_is_not_noted(self) -> None:
        mapper = Mapper(either(), {"first": "a", "second": "b"})
        assert left_out(mapper(0, {"b": "bob", "x": 5_000})).verdict.code == "too-big"
        assert not mapper.notes

    @pytest.mark.parametrize("source", ["age", Hashed("age")], ids=["renamed", "hashed"])
    def test_a_missing_column_is_named_by_its_own_name(self, source: Any) -> None:
        assert mapped({"id": "ada"}, attributes={"years": source}).verdict.attribute == "age"

    @pytest.mark.parametrize(
        "row", [None, 5, "id", b"id", ["id"], ("id", 1), {"id"}, object()], ids=lambda value: type(value).__name__
    )
    def test_a_row_that_is_no_mapping_is_invalid(self, row: Any) -> None:
        outcome = mapped(row)
        assert (outcome.verdict.status, outcome.verdict.code) == (Status.INVALID, "row-type")
        assert outcome.row is row

    def test_a_malformed_row_keeps_its_verdict(self) -> None:
        verdict = Verdict(Status.INVALID, "malformed-line", "line 3 is no line", "Mend it.")
        assert mapped(MalformedRow(verdict, "raw")).verdict is verdict

    def test_a_user_that_is_none_is_invalid(self) -> None:
        assert mapped({"id": None, "age": 1}).verdict.code == "no-user"

    def test_the_user_is_kept_with_an_invalid_row(self) -> None:
        assert mapped({"id": "ada", "age": 5_000}).user == "ada"
        assert mapped({"id": None, "age": 5_000}).user is None


values = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 2_000), st.floats(allow_nan=False), st.binary())


class TestRowsInTurn:
    """What was found out from one row is kept for the next ones: it must never show in what becomes of them."""

    @settings(max_examples=200)
    @given(
        rows=st.lists(st.fixed_dictionaries({"id": st.just("ada")}, optional=dict.fromkeys("xyz", values)), max_size=8),
        attributes=st.sampled_from([None, ["x"], ["y", "x"], {"a": "x", "k": Constant(1), "b": "z", "c": "x"}]),
        nulls=st.booleans(),
        kept=st.integers(1, 3),
    )
    def test_each_row_is_mapped_as_if_it_were_the_only_one(
        self, rows: list[dict[str, Any]], attributes: Any, nulls: bool, kept: int
    ) -> None:
        def made(mapper: Mapper, row: dict[str, Any]) -> Any:
            result = mapper(7, row)
            if isinstance(result, Outcome):
                return result.verdict
            return result.attributes, list(result.attributes), list(result.unset)

        def anew() -> Mapper:
            return Mapper(rules(), {"id": "id"}, attributes=attributes, unset_nulls=nulls)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shapes, "MAX_SHAPES", kept)
            mapper = anew()
            assert [made(mapper, row) for row in rows] == [made(anew(), row) for row in rows]

    @given(st.lists(st.sampled_from([None, "a", 1, 1.5]), min_size=3, max_size=3))
    def test_each_value_is_converted_by_its_own_type(self, drawn: list[Any]) -> None:
        expected = {name: str(v) if isinstance(v, float) else v for name, v in zip("xyz", drawn, strict=True) if v}
        result = MAPPER(0, {"x": drawn[0], "id": "ada", "y": drawn[1], "z": drawn[2]})
        assert (expected or None) == (result.attributes if isinstance(result, UserUpdate) else None)

    def test_a_row_s_own_dict_is_left_alone(self) -> None:
        row = {"id": "ada", "x": None, "y": 1.5}
        assert mapped(row).attributes == {"y": "1.5"}
        assert row == {"id": "ada", "x": None, "y": 1.5}


class TestNulls:
    def test_skip_leaves_the_attribute_out(self) -> None:
        assert mapped({"id": "ada", "age": None, "name": "Ada"}).attributes == {"name": "Ada"}

    def test_skip_of_everything_skips_the_row(self) -> None:
        outcome = mapped({"id": "ada", "age": None})
        assert outcome.verdict.status is Status.SKIPPED
        assert outcome.verdict.remedy

    def test_a_row_of_a_user_alone_is_skipped(self) -> None:
        assert mapped({"id": "ada"}).verdict.status is Status.SKIPPED

    @pytest.mark.parametrize("attributes", [None, {"years": "age", "n": "name"}], ids=["columns", "renamed"])
    def test_unset_removes_it_at_the_vendor(self, attributes: Any) -> None:
        update = mapped({"id": "ada", "age": None, "name": "Ada"}, attributes=attributes, unset_nulls=True)
        assert list(update.unset) == (["years"] if attributes else ["age"])
        assert update.attributes == ({"n": "Ada"} if attributes else {"name": "Ada"})

    def test_unset_of_everything_is_still_sent(self) -> None:
        update = mapped({"id": "ada", "age": None, "name": None}, unset_nulls=True)
        assert (update.attributes, list(update.unset)) == ({}, ["age", "name"])

    def test_rows_do_not_share_what_they_unset(self) -> None:
        mapper = Mapper(rules(), {"id": "id"}, unset_nulls=True)
        first = mapper(0, {"id": "a", "x": None, "y": 1})
        second = mapper(1, {"id": "b", "x": 1, "y": None})
        assert (list(updated(first).unset), list(updated(second).unset)) == (["x"], ["y"])

    @pytest.mark.parametrize("value", ["", 0, False, [], float("nan")], ids=repr)
    def test_nothing_else_is_null(self, value: Any) -> None:
        rule = Rules(identify, ValueTable({type(value): as_is}), lambda _: None)
        assert mapped({"id": "ada", "x": value}, rule=rule).attributes == {"x": value}

    def test_a_null_to_hash_is_a_null(self) -> None:
        update = mapped({"id": "ada", "m": None}, attributes={"mail": Hashed("m")}, unset_nulls=True)
        assert list(update.unset) == ["mail"]

    def test_constants_are_sent_though_all_columns_are_null(self) -> None:
        assert mapped({"id": "ada", "m": None}, attributes={"mail": "m", "vip": Constant(1)}).attributes == {"vip": 1}


class TestUnset:
    def test_removes_from_every_user_and_sets_nothing(self) -> None:
        update = mapped({"id": "ada", "age": 36}, unset=("a", "b"))
        assert (update.attributes, tuple(update.unset)) == ({}, ("a", "b"))

    def test_a_reserved_name_fails_at_once(self) -> None:
        with pytest.raises(InvalidRow) as raised:
            Mapper(rules(), {"id": "id"}, unset=("fine", "id_"))
        assert raised.value.verdict.attribute == "id_"


class TestNotes:
    def test_counts_what_was_done_to_values(self) -> None:
        mapper = Mapper(rules(), {"id": "id"})
        for index in range(3):
            mapper(index, {"id": "ada", "x": 1.5, "y": 2, "z": 0.5 if index else None})
        assert mapper.notes == {("x", "sent as text"): 3, ("z", "sent as text"): 2}

    def test_counts_what_was_done_to_constants(self) -> None:
        mapper = Mapper(rules(), {"id": "id"}, attributes={"x": Constant(1.5), "y": "y"})
        mapper(0, {"id": "ada", "y": 1})
        assert mapper.notes[("x", "sent as text")]

    def test_counts_what_is_odd_about_ids(self) -> None:
        rule = replace(rules(), identify=lambda ids: (Noted(ids["id"].strip(), "blanks", "id"), (ids["id"],)))
        mapper = Mapper(rule, {"id": "column"})
        assert mapper(0, {"column": " ada ", "x": 1.5}).user == "ada"
        assert mapper.notes == {("id", "blanks"): 1, ("x", "sent as text"): 1}

    def test_counts_no_value_of_a_row_that_is_not_sent(self) -> None:
        mapper = Mapper(rules(), {"id": "id"})
        assert left_out(mapper(0, {"id": "ada", "x": 1.5, "y": 5_000})).verdict.code == "too-big"
        assert not mapper.notes

    def test_a_named_rule_goes_before_the_type_s(self) -> None:
        assert mapped({"id": "ada", "x": 1, "y": 1}, rule=rules(x=lambda value: -value)).attributes == {"x": -1, "y": 1}


class Raising(Mapping[str, Any]):
    """Be a row whose look-up runs code, and fails."""

    def __init__(self, error: Exception, *fine: str) -> None:
        self.error = error
        self.fine = fine

    def __getitem__(self, key: str) -> Any:
        if key in self.fine:
            return "ada"
        raise self.error

    def __iter__(self) -> Iterator[str]:
        return iter(("id", "x"))

    def __len__(self) -> int:
        return 2


class TestErrors:
    @pytest.mark.parametrize("error", [ValueError, RuntimeError, RecursionError, UnicodeError, MemoryError])
    def test_a_value_that_raises_when_converted_is_the_row_s_fault_alone(self, error: type[Exception]) -> None:
        def convert(_: Any) -> None:
            raise error("secret")

        outcome = mapped({"id": "ada", "x": 1}, rule=rules(x=convert))
        assert (outcome.verdict.status, outcome.verdict.attribute) == (Status.INVALID, "x")
        assert "secret" not in str(outcome.verdict)

    def test_a_value_that_raises_a_key_error_is_no_missing_column(self) -> None:
        outcome = mapped({"id": "ada", "x": 1}, rule=rules(x=lambda value: {}[value]))
        assert outcome.verdict.code == "unconvertible"

    def test_a_column_that_raises_when_read_is_the_row_s_fault_alone(self) -> None:
        outcome = mapped(Raising(ValueError("secret"), "id"))
        assert (outcome.verdict.status, outcome.verdict.attribute) == (Status.INVALID, "x")

    def test_a_user_s_column_that_raises_when_read_is_too(self) -> None:
        assert mapped(Raising(ValueError("secret"))).verdict.status is Status.INVALID

    def test_a_user_that_raises_when_named_is_no_attribute_s_fault(self) -> None:
        def stumble(_: dict[str, Any]) -> Any:
            raise ValueError("secret")

        verdict = mapped({"id": "ada", "x": 1}, rule=Rules(stumble, ValueTable({int: as_is}), lambda _: None)).verdict
        assert verdict.status is Status.INVALID
        assert verdict.attribute in (None, "id")


class Kind(Enum):
    A = SECRET


secrets = st.one_of(
    st.just(SECRET),
    st.just(SECRET.encode()),
    st.just([SECRET]),
    st.just({SECRET: SECRET}),
    st.just({SECRET}),
    st.just(Loud()),
    st.just(SECRET + "\ud800"),
    st.just(Kind.A),
    st.just(1.5),
    st.just(10_000),
    st.none(),
)


class TestPrivacy:
    @settings(max_examples=300)
    @given(
        row=st.one_of(st.fixed_dictionaries({"id": secrets, "x": secrets, "y": secrets}), secrets),
        attributes=st.sampled_from([None, ["x", "y"], {"a": "x", "b": Hashed("y")}, ["gone"]]),
        nulls=st.booleans(),
    )
    def test_no_value_shows_in_what_is_said_about_a_row(self, row: Any, attributes: Any, nulls: bool) -> None:
        def fussy(value: Any) -> Any:
            if isinstance(value, Loud):
                raise ValueError(str(value))
            return value

        result = mapped(row, attributes=attributes, unset_nulls=nulls, rule=rules(x=fussy))
        if isinstance(result, Outcome):
            shown = [getattr(result.verdict, field.name) for field in fields(Verdict)]
            assert SECRET not in " ".join(map(str, shown))
            assert result.verdict.status in (Status.INVALID, Status.SKIPPED)
