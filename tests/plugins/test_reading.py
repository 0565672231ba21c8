# SPDX-License-Identifier: Apache-2.0
"""Reading a report: all of it, or an error that names no value; whatever an XCom may hold."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.plugins.page import render
from airflow_provider_userattrs.plugins.reading import OtherFormat, read
from airflow_provider_userattrs.plugins.story import Story
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.report.report import Report


def made() -> dict[str, Any]:
    report = Report("Kahuna", "set attributes", "Kahuna confirmed each user")
    for position, status in enumerate([*Status, Status.REJECTED]):
        verdict = Verdict(status, f"c{position}", "m", "r.").on("bio")
        report.add(position, ACCEPTED if status is Status.ACCEPTED else verdict)
    data = report.as_dict(
        {("age", "as text"): 3},
        requests=7,
        retries=1,
        bytes=99,
        seconds=12.5,
        resumed_from=3,
        tries=[0, 3],
        rejects_path="/tmp/x.jsonl",
        failure="Kahuna is unavailable",
        of=9,
        timeline={"interval_seconds": 4.0, "rows": [2, 3, 3, 0], "retries": [0, 1, 0, 0]},
        configuration={"nulls": "skip", "attributes": ["a", "b ← c"], "max_failed": 0.05},
        shard={"number": 2, "of": 3},
    )
    whole: dict[str, Any] = json.loads(json.dumps(data))
    return whole


def test_it_reads_all_of_it() -> None:
    reading = read(made())
    assert (reading.vendor, reading.rows, reading.attention, reading.of) == ("Kahuna", 8, 6, 9)
    assert {(reason.status, reason.count) for reason in reading.reasons} >= {(Status.REJECTED, 1), (Status.SKIPPED, 1)}
    assert (reading.tries, reading.shard, reading.rejects) == ((0, 3), (2, 3), ("/tmp/x.jsonl",))
    assert reading.configuration == {"nulls": ("skip",), "attributes": ("a", "b ← c"), "max_failed": ("0.05",)}
    assert reading.timeline is not None
    assert reading.timeline.rows == [2, 3, 3, 0]


def test_what_a_first_version_left_out_may_be_missing() -> None:
    report = made()
    for name in ("timeline", "configuration", "of", "failure", "tries", "shard", "done", "rejects_path"):
        del report[name]
    reading = read(report)
    assert (reading.timeline, reading.configuration, reading.tries, reading.done) == (None, {}, (), "updated")
    assert "Configuration" not in render("push", Story("ok", "Fine", reading=reading))


@pytest.mark.parametrize("form", [0, 2, "1", None, "<b>"])
def test_another_form_is_named(form: Any) -> None:
    with pytest.raises(OtherFormat, match=f"format {form}"):
        read({**made(), "format": form})


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, {"vendor": "Kahuna"}, [made()]])
def test_anything_but_a_report_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="not a report"):
        read(value)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["<script>", "</main>", "{{ 1 }}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(index for key, each in inner for index in places(each, (*path, key)))]


PLACES = places(made())[1:]


@settings(max_examples=600)
@given(index=st.sampled_from(PLACES), value=anything, gone=st.booleans())
def test_whatever_it_holds_it_is_read_or_refused_and_never_markup(
    page: Any, index: tuple[Any, ...], value: Any, gone: bool
) -> None:
    report = copy.deepcopy(made())
    parent = report
    for key in index[:-1]:
        parent = parent[key]
    if gone:
        del parent[index[-1]]
    else:
        parent[index[-1]] = value
    try:
        reading = read(report)
    except ValueError:
        return
    for level in ("warning", "running"):
        seen = page(render("push", Story(level, str(value), (str(value),), reading, is_live=True)))
        assert seen.tags.count("script") == 1
        assert seen.tags.count("main") == 1
