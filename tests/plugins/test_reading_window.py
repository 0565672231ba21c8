# SPDX-License-Identifier: Apache-2.0
"""The page says which rows were read because they are new; whatever an XCom holds in their place is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plugins.test_reading import made
from push.report.test_changes import changes
from push.report.test_changes_window import READ, window

from airflow_provider_userattrs.plugins.reading import read
from airflow_provider_userattrs.plugins.story import _notes


def report(**fields: Any) -> Any:
    return json.loads(json.dumps({**made(), "changed_only": changes(window=window(**fields))}))


def test_the_page_says_which_rows_were_read() -> None:
    notes = _notes("success", read(report(asked=2, gone=1, remembered=3)))
    for sentence in (
        f"{READ}, and 2 users again who failed before.",
        "1 user who failed before has left the query.",
        "The next push asks for 3 users again who failed.",
    ):
        assert sentence in notes


@pytest.mark.parametrize(
    "wrong", [{"since": "yesterday"}, {"until": 5}, {"asked": "many"}, {"gone": -1}, {"remembered": None}], ids=str
)
def test_a_window_of_something_else_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^not a (time|count)$"):
        read(report(**wrong))


def test_a_window_that_lacks_a_field_is_an_error() -> None:
    whole = report()
    del whole["changed_only"]["window"]["gone"]
    with pytest.raises(ValueError):  # noqa: PT011
        read(whole)
