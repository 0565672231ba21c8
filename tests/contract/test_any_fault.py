# SPDX-License-Identifier: Apache-2.0
"""For any rows and any faults the counts add up, and what is called accepted is at the vendor."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from vendor_cases import VendorCase

USERS = 8

WHEN = st.one_of(
    st.builds(lambda n: {"next": n}, st.integers(1, 8)),
    st.builds(lambda k: {"every": k}, st.integers(2, 6)),
    st.builds(lambda a, n: {"from": a, "to": a + n}, st.integers(1, 12), st.integers(0, 6)),
    st.builds(
        lambda users, times: {"users": users, "times": times},
        st.lists(st.integers(0, USERS - 1), min_size=1, max_size=3, unique=True),
        st.none() | st.integers(1, 4),
    ),
)

#: Answers that leave open whether the request was applied: it may have been, or not.
AMBIGUOUS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 502},
    {"status": 503, "headers": {"Retry-After": "3"}},
    {"status": 503},
    {"body": ""},
    {"body": "[]"},
    {"body": "<html>"},
    {"body": '{"code": 0, "mess'},
    {"status": 500, "body": "[{}]"},
    {"close": True},
]
#: Answers that say that it was not, or that bend the vendor's own.
PLAIN: list[dict[str, Any]] = [
    {"status": 429},
    {"status": 429, "headers": {"Retry-After": "7"}},
    {"status": 429, "headers": {"x-ratelimit-reset": "30"}},
    {"status": 400},
    {"status": 404},
    {"status": 413},
    {"status": 302, "location": "/"},
]


def faults(vendor: VendorCase) -> st.SearchStrategy[Any]:
    """Draw a schedule of faults."""
    ambiguous = st.builds(
        lambda then, apply: {**then, "apply": apply}, st.sampled_from(AMBIGUOUS), st.sampled_from(["before", "never"])
    )
    return st.lists(st.tuples(WHEN, ambiguous | st.sampled_from(PLAIN + list(vendor.any_time))), max_size=4)


@settings(max_examples=60)
@given(data=st.data())
def test_any_rows_under_any_faults(case: Any, bench: Any, data: st.DataObject) -> None:
    bench.world.reset()
    bench.control.switch(history=True)
    bench.prepare(case, USERS)
    users = data.draw(st.lists(st.integers(0, USERS + 1), max_size=25), "users")
    rows = [case.row(user, position) for position, user in enumerate(users)]
    for position in data.draw(st.sets(st.sampled_from(range(len(rows))), max_size=3) if rows else st.just(set())):
        column = next(iter(rows[position]))
        rows[position][column] = data.draw(st.sampled_from([None, "", True, 1.5]), "a user that is none")
    for when, then in data.draw(faults(case.vendor), "faults"):
        if "users" in when:
            when = {**when, "users": [case.key(user) for user in when["users"]]}
        bench.fault(case, then, when)
    concurrency = data.draw(st.sampled_from([1, 2, 8]), "concurrency")
    pushed = bench.push(case, rows, concurrency=concurrency, parameters=data.draw(st.sampled_from(case.vendor.ways)))
    bench.judge(case, rows, pushed)
    if not case.idempotent:
        for user in range(USERS):
            points = bench.history(case, user)
            assert len(points) == len(set(points)), "the same increase twice"
