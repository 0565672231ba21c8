# SPDX-License-Identifier: Apache-2.0
"""Each row becomes what the model says, by itself and together with others, whatever these are."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push.mapping.any_rules import rules
from push.mapping.row_model import RowModel, Sent

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.mapping.mapper import MIN_ALIKE, Mapper
from airflow_provider_userattrs.push.mapping.update_builder import NOTHING_TO_SET, UpdateBuilder
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.vendors.engagelab.api import OPERATIONS as ENGAGELAB
from airflow_provider_userattrs.vendors.kahuna.api import OPERATIONS as KAHUNA
from airflow_provider_userattrs.vendors.moengage.api import OPERATIONS as MOENGAGE

OPERATIONS = {
    f"{vendor}-{name}": operation
    for vendor, operations in {"engagelab": ENGAGELAB, "kahuna": KAHUNA, "moengage": MOENGAGE}.items()
    for name, operation in operations.items()
}
MALFORMED = MalformedRow(Verdict(Status.INVALID, "unreadable"), {"a": 1}, fit={"id": 7, "a": 1})
PLAIN = st.sampled_from(
    [None, "", "text", "x" * 3_000, 0, 7, 2**70, True, 0.5, 3.0, Decimal("1.50"), Decimal(7), date(2026, 1, 2)]
)
ODD = st.sampled_from(
    [
        float("nan"),
        b"bytes",
        "\ud800",
        ["a", "b"],
        [1, None],
        {"a": 1},
        Decimal("NaN"),
        datetime(2026, 1, 2, 3, 4, 5, 6),
        datetime(2026, 7, 2, 3, tzinfo=timezone.utc),
        datetime(2026, 7, 2, 3, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 7, 2, 3, tzinfo=timezone(timedelta(hours=5))),
    ]
)
COLUMNS = ("a", "b", "email", "u_em", "created_time")
IDS = st.sampled_from(["user-of-some-name", "ada lovelace", 7, 2**70, None, "", "null", " ada", "0", b"x", 5.0])
SHAPES = st.lists(st.sampled_from(COLUMNS), unique=True).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    """Rows of one or two shapes; in each column values of one kind or of any."""
    shapes = draw(st.lists(SHAPES, min_size=1, max_size=2))
    kinds = {
        column: draw(st.sampled_from([PLAIN, st.just("x"), st.integers(0, 9), st.one_of(PLAIN, ODD), ODD]))
        for column in COLUMNS
    }
    ids = draw(st.sampled_from([IDS, st.integers(2, 9), st.just("user-of-some-name")]))
    names = draw(st.sampled_from([IDS, st.just("ada@example.com")]))
    rows: list[Any] = []
    for _ in range(draw(st.one_of(st.integers(0, 12), st.integers(MIN_ALIKE, 3 * MIN_ALIKE)))):
        shape = draw(st.sampled_from(shapes))
        rows.append({"id": draw(ids), "name": draw(names), **{column: draw(kinds[column]) for column in shape}})
    if draw(st.booleans()):
        rows.append(draw(st.sampled_from([MALFORMED, None, {}, {"a": 1}, {"id": 7}])))
    return rows


def user_of(operation: Any) -> dict[str, str]:
    return {"user_id": "id", "email": "name"} if operation in KAHUNA.values() else {"id": "id"}


def made(result: Any) -> Any:
    """Return all of an update or an outcome."""
    if isinstance(result, Outcome):
        return result.position, result.verdict, result.row, result.user, result.keys
    attributes = list(result.attributes.items())
    return result.position, result.user, result.keys, attributes, list(result.unset), result.row


def told(result: Any, row: Any) -> Any:
    """Return what the model says of a row, of what the mapper made of it."""
    assert result.row is row
    if isinstance(result, Outcome):
        return [(each.code, each.attribute) for each in (result.verdict, *result.verdict.others)]
    return result.user, result.keys, list(result.attributes.items()), list(result.unset)


def shown(said: Any) -> Any:
    return (said.user, said.keys, list(said.attributes.items()), said.unset) if isinstance(said, Sent) else said


def sent(shape: Any) -> str:
    """Return the text of values, for some are fragments of JSON, which equal nothing."""
    return repr([orjson.dumps(each) if isinstance(each, orjson.Fragment) else each for each in leaves(shape)])


def leaves(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in ("(", *leaves(item), ")")]
    return [value]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
@settings(max_examples=100)
@given(
    rows=tables(),
    attributes=st.sampled_from([None, None, ["a"], {"x": "b", "k": Constant(True), "y": "a", "h": Hashed("email")}]),
    options=st.fixed_dictionaries(
        {"unset_nulls": st.booleans(), "leave_out": st.booleans(), "where": st.sampled_from([None, None, "a"])}
    ),
    unset=st.sampled_from([(), (), ("gone",)]),
)
def test_rows_together_and_alone_become_what_the_model_says(
    operation: Any, rows: list[Any], attributes: Any, options: dict[str, Any], unset: tuple[str, ...]
) -> None:
    rules, user = operation.rules(timezone.utc), user_of(operation)
    given = None if operation.unsets else attributes
    removed = unset or ("gone",) if operation.unsets else unset

    def mapper() -> Mapper:
        return Mapper(rules, user, attributes=given, unset=removed, exclude=("c",), **options)

    try:
        together, alone = mapper(), mapper()
    except InvalidRow:  # a constant or a name that the operation does not take
        return
    model = RowModel(rules, user, given, removed, ("c",), **options)
    expected = [sent(shown(model(row))) for row in rows]
    many = together.map(range(5, 5 + len(rows)), Chunk(rows))
    single = [alone(position, row) for position, row in enumerate(rows, 5)]
    assert [sent(told(each, row)) for each, row in zip(many, rows, strict=True)] == expected
    assert [sent(told(each, row)) for each, row in zip(single, rows, strict=True)] == expected
    assert [each.position for each in many] == [each.position for each in single] == list(range(5, 5 + len(rows)))
    assert together.notes == alone.notes == model.notes


def test_most_rows_are_not_built_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing is gained; a row at fault does not hold the others up."""
    alone: list[int] = []
    by_itself = UpdateBuilder.build

    def count(self: UpdateBuilder, shape: Any, position: int, *args: Any) -> Any:
        alone.append(position)
        return by_itself(self, shape, position, *args)

    monkeypatch.setattr(UpdateBuilder, "build", count)
    rows = [
        *[{"id": 1, "a": 1, "b": None}] * MIN_ALIKE,
        {"id": 1, "a": 2_000, "b": 1},
        {"id": 1, "x": 1},
        *[{"id": 1, "b": 1, "a": 1}] * MIN_ALIKE,
    ]
    updates = Mapper(rules(), {"id": "id"}).map(range(len(rows)), Chunk(rows))
    assert alone == [MIN_ALIKE + 1]
    assert [each.position for each in updates if isinstance(each, Outcome)] == [MIN_ALIKE]


def test_cells_are_mapped_as_dicts_are() -> None:
    names = ("id", "a", "b")
    cells = [("ada", 1, None), ("bob", 5_000, 1.5), ("eve", None, None), ("joe", 1, 1), ("moe", None, 1)] * MIN_ALIKE
    dicts = [dict(zip(names, row, strict=True)) for row in cells]
    mapper = Mapper(rules(), {"id": "id"})
    from_cells = mapper.map(range(len(cells)), Chunk(cells, names))
    assert list(map(made, from_cells)) == list(map(made, mapper.map(range(len(cells)), Chunk(dicts))))
    assert isinstance(from_cells[2], Outcome)
    assert from_cells[2].verdict is NOTHING_TO_SET
    malformed = mapper.map(range(len(cells) + 1), Chunk([MALFORMED, *cells], names))
    assert list(map(made, malformed)) == [made(mapper(0, MALFORMED))] + [
        made(mapper(number, row)) for number, row in enumerate(dicts, 1)
    ]


@pytest.mark.parametrize(
    "names", [("id", "a", "a"), ("id", "", "a"), ("x", "y", "a")], ids=["twice", "unfit", "no-user"]
)
def test_columns_that_do_not_fit_are_a_fault_of_each_row(names: tuple[str, ...]) -> None:
    cells = [("ada", 1, 2)] * MIN_ALIKE
    mapper = Mapper(rules(), {"id": "id"})
    expected = [made(mapper(number, dict(zip(names, row, strict=True)))) for number, row in enumerate(cells)]
    assert list(map(made, mapper.map(range(MIN_ALIKE), Chunk(cells, names)))) == expected
