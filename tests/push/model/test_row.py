# SPDX-License-Identifier: Apache-2.0
"""What an update holds, and that it holds no more: there is one for each row."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict


def test_an_update_holds_what_it_is_given() -> None:
    row = {"id": 5, "x": 1}
    update = UserUpdate(3, 5, (5,), {"x": 1}, ("y",), row)
    assert (update.position, update.user, update.keys) == (3, 5, (5,))
    assert (update.attributes, update.unset, update.row) == ({"x": 1}, ("y",), row)


def test_a_malformed_row_holds_its_verdict_and_what_was_read() -> None:
    verdict = Verdict(Status.INVALID)
    assert MalformedRow(verdict).raw is None
    assert (MalformedRow(verdict, "raw").verdict, MalformedRow(verdict, "raw").raw) == (verdict, "raw")


@pytest.mark.parametrize(
    "thing", [UserUpdate(0, 1, (), {}, (), {}), MalformedRow(Verdict(Status.INVALID))], ids=lambda x: type(x).__name__
)
def test_there_is_no_dict_in_each(thing: object) -> None:
    assert not hasattr(thing, "__dict__")
