# SPDX-License-Identifier: Apache-2.0
"""The first requests of a dry run are kept whole, and shown without values."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.report.sampled_requests import MAX_REQUESTS, SampledRequests
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

OPERATION = kahuna.OPERATIONS["set"]


@given(st.lists(st.lists(st.text(max_size=40), min_size=1, max_size=90), max_size=30), st.integers(0, 40))
def test_bodies_are_short_in_a_report(requests: list[list[str]], count: int) -> None:
    sample = SampledRequests(count, "https://vendor", {"Accept": "application/json"})
    for names in requests:
        sample.note([UserUpdate(0, {"username": "ada"}, ("ada",), dict.fromkeys(names, "secret"), (), {})], OPERATION)
    shown = sample.as_dict()
    assert len(shown["requests"]) == min(len(requests), count, MAX_REQUESTS)
    assert len(json.dumps([each["body"] for each in shown["requests"]])) < 6_100
    for each, kept, names in zip(shown["requests"], sample.requests, requests, strict=False):
        assert each["bytes"] == len(kept.body)
        assert json.loads(kept.body)["user_attributes_array"][0]["attributes"] == dict.fromkeys(names, "secret")
        assert (
            kept.masked
            == OPERATION.head
            + OPERATION.encode(UserUpdate(0, {"username": "<text>"}, (), dict.fromkeys(names, "<text>"), (), {}))
            + OPERATION.tail
        )
