# SPDX-License-Identifier: Apache-2.0
"""Removing attributes and elements of arrays at MoEngage, imitated."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.moengage_users import JOHN, attributes, refused

HELD = {"color": 1, "Color": 2, "my_color": 3, "colors": 4, "other": 5}


class TestUnset:
    @pytest.mark.parametrize(
        ("kind", "attr", "case", "left"),
        [
            ("equals", "color", None, ["Color", "my_color", "colors", "other"]),
            ("equals", "color", False, ["my_color", "colors", "other"]),
            ("prefix", "color", True, ["Color", "my_color", "other"]),
            ("prefix", "COLOR", False, ["my_color", "other"]),
            ("suffix", "color", True, ["Color", "colors", "other"]),
            ("suffix", "OLOR", False, ["colors", "other"]),
            ("contains", "olor", True, ["other"]),
            ("contains", "OLOR", True, [*HELD]),
            ("equals", "never", True, [*HELD]),
        ],
    )
    def test_types_and_case(
        self, client: Any, control: Any, kind: str, attr: str, case: bool | None, left: list[str]
    ) -> None:
        client.track(JOHN, HELD)
        rule = {"type": kind, "attr": attr, **({} if case is None else {"case_sensitive": case})}
        assert client.track(JOHN, unset_attributes=[rule]).status_code == 200
        assert list(attributes(control)) == left

    def test_unset_wins_over_set(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": 1, "b": 1}, unset_attributes=[{"type": "equals", "attr": "a"}])
        assert attributes(control) == {"b": 1}

    def test_protected_names_stay(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"created_time": "2019-05-21", "create": 1})
        client.track(JOHN, unset_attributes=[{"type": "prefix", "attr": "create"}])
        assert attributes(control) == {"created_time": "2019-05-21"}
        control.switch(moengage__protected_names=[])
        client.track(JOHN, unset_attributes=[{"type": "prefix", "attr": "create"}])
        assert attributes(control) == {}

    def test_not_enabled(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": 1})
        control.switch(moengage__unset_enabled=False)
        assert client.track(JOHN, unset_attributes=[{"type": "equals", "attr": "a"}]).status_code == 200
        assert attributes(control) == {"a": 1}


class TestArrays:
    def test_add_and_remove(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"text": "no list"})
        client.track(JOHN, {"addValueToArrayField": {"tags": ["a", "b"], "text": ["x"]}})
        client.track(JOHN, {"addValueToArrayField": {"tags": ["b"]}})
        assert attributes(control) == {"text": "no list", "tags": ["a", "b", "b"]}
        control.switch(moengage__add_deduplicates=True)
        client.track(JOHN, {"addValueToArrayField": {"tags": ["b", "c"]}})
        client.track(JOHN, {"removeValueFromArrayField": {"tags": ["b"]}})
        assert attributes(control)["tags"] == ["a", "c"]

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            (
                {"addValueToArrayField": {"x": [1]}, "removeValueFromArrayField": {"x": [1]}},
                "Cannot add and remove 'x' at the same time",
            ),
            ({"addValueToArrayField": {"x": [1]}, "x": [2]}, "Cannot set and change 'x' at the same time"),
            ({"removeValueFromArrayField": {"platforms": []}}, "'platforms' is reserved"),
        ],
    )
    def test_array_field_error(self, client: Any, sent: Any, message: str) -> None:
        error = refused(client.track(JOHN, sent), 400, "ArrayFieldError")
        assert (error["message"], error["attribute"]) == (message, "addValueToArrayField")
