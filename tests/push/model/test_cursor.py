# SPDX-License-Identifier: Apache-2.0
"""What a source says between its rows: by itself it claims nothing, and there is little of it."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.model.cursor import Cursor, Keys


def test_a_cursor_holds_its_place() -> None:
    assert Cursor({"file": "a.csv", "line": 5}).value == {"file": "a.csv", "line": 5}


def test_keys_are_not_in_doubt_unless_it_is_said() -> None:
    keys = Keys([1, 2])
    assert (keys.keys, keys.in_doubt, keys.still_there) == ([1, 2], False, None)
    result = Keys(["a", "A"], in_doubt=True, still_there=0)
    assert (result.keys, result.in_doubt, result.still_there) == (["a", "A"], True, 0)


@pytest.mark.parametrize("thing", [Cursor(1), Keys([])], ids=["cursor", "keys"])
def test_there_is_no_dict_in_each_for_a_source_may_say_it_often(thing: object) -> None:
    assert not hasattr(thing, "__dict__")
