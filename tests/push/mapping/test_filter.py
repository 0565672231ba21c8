# SPDX-License-Identifier: Apache-2.0
"""Only rows in which a column is true are sent, whatever else stands there."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from push.mapping.any_rules import mapped

from airflow_provider_userattrs.push.mapping.filter import Filter
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import FILTERED


class Consent(Enum):
    GIVEN = True
    ASKED = "asked"


TRUE: list[Any] = [True, 1, 1.0, Decimal(1), "true", " TRUE\n", "t", "yes", "Y", "on", "1", Consent.GIVEN]
FALSE: list[Any] = [None, False, 0, 0.0, Decimal(0), "false", "F", "no", "n", "off", "0"]
UNCLEAR: list[Any] = [
    2,
    -1,
    0.5,
    Decimal("1.5"),
    "",
    " ",
    "granted",
    "ja",
    "None",
    "1.0",
    b"\x01",
    [True],
    {},
    Consent.ASKED,
]
MISSING: list[Any] = [float("nan"), Decimal("nan"), Decimal("sNaN")]


def push(value: Any, **options: Any) -> Any:
    return mapped({"id": "ada", "ok": value, "a": 1}, where="ok", **options)


@pytest.mark.parametrize("value", TRUE, ids=repr)
def test_what_is_true_is_sent_and_is_no_attribute(value: Any) -> None:
    assert push(value).attributes == {"a": 1}


@pytest.mark.parametrize("value", FALSE, ids=repr)
def test_what_is_false_or_null_is_skipped(value: Any) -> None:
    verdict = push(value).verdict
    assert (verdict.status, verdict.code, verdict.attribute) == (Status.SKIPPED, "filtered", "ok")


@pytest.mark.parametrize("value", UNCLEAR, ids=repr)
def test_what_is_neither_is_invalid(value: Any) -> None:
    verdict = push(value).verdict
    assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, "neither-true-nor-false", "ok")


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_a_missing_value_of_a_library_s_is_named(value: Any) -> None:
    verdict = push(value).verdict
    assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, "not-a-number", "ok")


def test_scalars_of_libraries_count_as_what_they_hold() -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    assert isinstance(push(numpy.bool_(True)), UserUpdate)
    assert isinstance(push(numpy.int64(1)), UserUpdate)
    assert push(numpy.bool_(False)).verdict.code == "filtered"
    assert push(pandas.NA).verdict.code == "not-a-value"


def test_a_value_that_runs_code_concerns_its_row_alone() -> None:
    class Rude:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("zanzibar")

        __hash__ = None  # type: ignore[assignment]

    assert push(Rude()).verdict.status is Status.INVALID


def test_a_row_without_the_column_is_invalid() -> None:
    verdict = mapped({"id": "ada", "a": 1}, where="ok").verdict
    assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, "missing-column", "ok")


def test_a_row_that_is_filtered_is_not_looked_at_otherwise() -> None:
    assert mapped({"id": None, "ok": False, "a": {}}, where="ok").verdict.code == "filtered"
    assert mapped({"ok": False}, where="ok").verdict.code == "filtered"


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {"a": 1}),
        ({"attributes": ["a", "ok"]}, {"a": 1, "ok": "1.0"}),
        ({"attributes": {"consent": "ok"}}, {"consent": "1.0"}),
        ({"rename": {"ok": "consent"}}, {"a": 1, "consent": "1.0"}),
        ({"unset": ("x",)}, {}),
    ],
    ids=["all", "list", "dict", "rename", "unset"],
)
def test_it_is_an_attribute_only_if_it_is_listed(options: dict[str, Any], attributes: dict[str, Any]) -> None:
    assert push(1.0, **options).attributes == attributes


# Rows that their source could not read whole

FAULT = Verdict(Status.INVALID, "of-another-type")


def malformed(value: Any, *attributes: str) -> MalformedRow:
    """Make a row with faults in some columns, which are NULL in what fits."""
    first, *others = [FAULT.on(attribute) for attribute in attributes]
    fit = {"id": "ada", "ok": value, "a": None, "b": 1, **dict.fromkeys(attributes)}
    verdict = Verdict(Status.INVALID, "of-another-type", attribute=first.attribute, others=tuple(others))
    return MalformedRow(verdict, fit=fit)


@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize(
    ("row", "code"),
    [
        (malformed(False, "a"), "filtered"),
        (malformed(None, "a"), "filtered"),
        (malformed(True, "ok"), "of-another-type"),
        (malformed(True, "a", "ok"), "of-another-type"),
        (malformed("granted", "a"), None),
        (MalformedRow(FAULT), "of-another-type"),
    ],
    ids=["false", "null", "unread", "unread-too", "unclear", "nothing-read"],
)
def test_a_malformed_row_is_not_sent_unless_it_is_true(row: MalformedRow, code: str | None, leave_out: bool) -> None:
    made = mapped(row, where="ok", leave_out=leave_out)
    assert made.verdict.code == (code or ("neither-true-nor-false" if leave_out else "of-another-type"))


def test_a_malformed_row_that_is_true_is_sent_without_what_is_at_fault() -> None:
    assert mapped(malformed(True, "a"), where="ok", leave_out=True).attributes == {"b": 1}
    assert mapped(malformed(True, "a"), where="ok").verdict.code == "of-another-type"


# Whatever stands there

ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.decimals()
    | st.text(max_size=5)
    | st.sampled_from([*TRUE, *FALSE, *UNCLEAR])
    | st.binary(max_size=2)
    | st.lists(st.booleans(), max_size=1)
)


def means_true(value: Any) -> bool:
    """Tell what is true by other means: it is named, or is the number 1."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value.strip().lower() in ("true", "t", "yes", "y", "on", "1")
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return isinstance(value, (bool, int, float, Decimal)) and value - 1 == 0


@given(ANYTHING, st.booleans(), st.booleans(), st.sampled_from([None, ["a"], ["ok", "a"]]))
def test_nothing_is_sent_that_is_not_true(value: Any, leave_out: bool, is_malformed: bool, attributes: Any) -> None:
    row: Any = {"id": "ada", "ok": value, "a": 1}
    if is_malformed:
        row = MalformedRow(FAULT.on("b"), fit={**row, "b": None})
    made = mapped(row, where="ok", leave_out=leave_out, attributes=attributes)
    if isinstance(made, UserUpdate):
        assert means_true(value)
    elif made.verdict.code == FILTERED.code:
        assert not means_true(value)


@given(ANYTHING)
def test_what_is_true_passes(value: Any) -> None:
    if means_true(value):
        assert Filter("ok")({"ok": value}) is None
