# SPDX-License-Identifier: Apache-2.0
"""Attributes as an author gives them: names and constants."""

from __future__ import annotations

from typing import Any

import pytest
from push.mapping.any_rules import left_out, mapped, rules, updated

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import InvalidRow


class TestNames:
    @pytest.mark.parametrize("attributes", [["id_"], {"id_": "age"}, {"id_": Constant(1)}, {"id_": Hashed("age")}])
    def test_a_reserved_name_of_the_author_s_fails_at_once(self, attributes: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            Mapper(rules(), {"id": "id"}, attributes=attributes)
        assert raised.value.verdict.attribute == "id_"

    @pytest.mark.parametrize("name", ["id_", ""], ids=repr)
    def test_a_reserved_name_of_a_row_s_is_invalid(self, name: Any) -> None:
        outcome = mapped({"id": "ada", name: 1})
        assert (outcome.verdict.code, outcome.verdict.attribute) == ("reserved", str(name))

    @pytest.mark.parametrize(
        ("name", "words"), [(None, "DictReader"), (5, "an int, not text"), (("a",), "a tuple, not text")], ids=repr
    )
    def test_a_name_that_is_no_text_is_invalid_for_that(self, name: Any, words: str) -> None:
        outcome = mapped({"id": "ada", name: 1})
        assert (outcome.verdict.code, outcome.verdict.attribute) == ("name-type", str(name))
        assert words in outcome.verdict.meaning

    def test_a_reserved_name_comes_back_after_a_row_that_failed(self) -> None:
        mapper = Mapper(rules(), {"id": "id"})
        for _ in range(3):
            assert left_out(mapper(0, {"id": "ada", "id_": 1})).verdict.code == "reserved"
        assert updated(mapper(0, {"id": "ada", "x": 1})).attributes == {"x": 1}


class TestConstants:
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (5_000, "too-big"),
            (None, "type"),
            (object(), "type"),
            ("\ud800", "not-utf-8"),
            ([2**70], "number-too-large"),
        ],
        ids=["rule", "none", "type", "surrogate", "64-bits"],
    )
    def test_one_that_breaks_a_rule_fails_at_once_by_name(self, value: Any, code: str) -> None:
        with pytest.raises(InvalidRow) as raised:
            Mapper(rules(), {"id": "id"}, attributes={"vip": Constant(value)})
        assert (raised.value.verdict.code, raised.value.verdict.attribute) == (code, "vip")

    def test_is_converted_as_a_value_is(self) -> None:
        assert mapped({"id": "ada"}, attributes={"x": Constant(1.5)}).attributes == {"x": "1.5"}
        rule = rules(x=lambda value: f"special {value}")
        assert mapped({"id": "ada"}, attributes={"x": Constant(1)}, rule=rule).attributes == {"x": "special 1"}

    def test_users_do_not_share_a_dict(self) -> None:
        mapper = Mapper(rules(), {"id": "id"}, attributes={"x": Constant(1), "y": "y"})
        first, second = mapper(0, {"id": "a", "y": 1}), mapper(1, {"id": "b", "y": None})
        assert (updated(first).attributes, updated(second).attributes) == ({"x": 1, "y": 1}, {"x": 1})

    def test_one_that_cannot_be_converted_is_refused_by_name(self) -> None:
        with pytest.raises(InvalidRow) as raised:
            Mapper(rules(x=lambda value: 1 / 0), {"id": "id"}, attributes={"x": Constant(1)})
        assert raised.value.verdict.attribute == "x"

    def test_shows_itself(self) -> None:
        assert repr(Constant("a")) == "Constant('a')"
        assert repr(Hashed("email")) == "Hashed('email')"
