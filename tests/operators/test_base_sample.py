# SPDX-License-Identifier: Apache-2.0
"""`sample=` on real Airflow: a dry run shows the requests that the push then sends, and no value unless it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from canaries import EMAIL, NAME, Canaries, places
from cases import CASE, good
from hooks.wire_scripts import response
from versions import needs
from wire_server import Peer, Request

from airflow_provider_userattrs import SqlRows, shards
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
    PushTotalOperator,
)
from airflow_provider_userattrs.push.report.report import _MAX_BYTES

pytestmark = pytest.mark.usefixtures("connections", "clock")

#: Operator, its parameters besides the rows; how many users its first request has of three.
WAYS = [
    pytest.param("engagelab-set", {}, 1, id="engagelab"),
    pytest.param("kahuna-set", {}, 3, id="kahuna"),
    pytest.param("moengage-set", {}, 1, id="moengage"),
    pytest.param("moengage-set", {"bulk": True}, 3, id="moengage in bulk"),
    pytest.param("moengage-set", {"bulk": True, "rate_limit": 1 / 3}, 2, id="moengage in bulk within a low cap"),
    pytest.param("kahuna-unset", {}, 3, id="kahuna unset"),
]


def shown(run: Any) -> list[str]:
    """Give what the log has of the sampled requests."""
    return [text for text in run.log.texts if text.startswith("sample: request")]


@pytest.mark.parametrize(("case", "ways", "users"), WAYS)
def test_what_is_shown_is_what_is_sent(
    airflow: Any, connect: Any, wire_server: Any, no_secret: Any, case: str, ways: dict[str, Any], users: int
) -> None:
    pushed, received = CASE[case], []

    def answer(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            received.append(request)
            users_in = (lambda _: ["all"]) if "bulk" in ways else pushed.vendor.users_in
            peer.send(response(pushed.vendor.response(dict.fromkeys(users_in(request.body), True))[1]))

    url = wire_server(answer).url
    connect(pushed.vendor.name, host=url)

    def push(**parameters: Any) -> Any:
        given = {**pushed.parameters, **ways, **parameters}
        return airflow.run(lambda: pushed.operator(task_id="push", users=pushed.rows(3), concurrency=1, **given))

    dry = push(dry_run=True, sample=20, sample_values=True)
    assert (dry.state, received) == ("success", [])
    push(max_failed=None)
    assert len(shown(dry)) == len(received)
    for text, request in zip(shown(dry), received, strict=True):
        _, *head, _, body = text.split("\n")
        assert body == request.body.decode()
        sent = Request("\r\n".join(head).encode(), b"")
        assert sent.line == f"POST {url}{request.line.split()[1]}"
        assert {**sent.headers, "authorization": ""} == {**request.headers, "authorization": ""}
        assert sent.headers["authorization"] == "***"
    assert shown(dry)[0].startswith(f"sample: request 1, with {users} user{'s' if users > 1 else ''}\n")
    no_secret("\n".join(dry.log.texts))
    requests = dry.report["sample"]["requests"]
    assert requests[0]["users"] == users
    assert [each["bytes"] for each in requests] == [len(each.body) for each in received]


ROWS = [
    {"euid": 1, "username": NAME, "email": EMAIL, "n": 7, "f": 1.5, "yes": True, "some": ["quuxbird"], "none": None}
]
MASKED: dict[Any, tuple[dict[str, Any], str]] = {
    EngageLabSetAttributesOperator: (
        {},
        '{"euid":"<number>","type":"set","properties":{"username":"<text>","email":"<text>","n":"<number>",'
        '"f":"<number>","yes":"<boolean>","some":"<list>"}}',
    ),
    KahunaSetAttributesOperator: (
        {"target": ["username", "email"], "exclude": ["some"]},
        '{"user_attributes_array":[{"target":{"username":"<text>","email":"<text>"},"attributes":{"euid":"<number>",'
        '"n":"<number>","f":"<text>","yes":"<boolean>"}}]}',
    ),
    MoEngageSetAttributesOperator: (
        {"customer_id": "email", "attributes": ["n", "none"], "nulls": "unset"},
        '{"type":"customer","customer_id":"<text>","attributes":{"n":"<number>"},"unset_attributes":[{"type":"equals",'
        '"attr":"none","case_sensitive":true}]}',
    ),
}


@pytest.mark.parametrize("operator", MASKED)
def test_values_are_masked(push: Callable[..., Any], operator: Any) -> None:
    parameters, body = MASKED[operator]
    run = push(ROWS, operator, dry_run=True, sample=1, **parameters)
    assert run.report["sample"]["requests"][0]["body"] == body
    assert shown(run)[0].endswith(f"\n\n{body}")


@needs("Push report tab")
@pytest.mark.parametrize("with_values", [False, True], ids=["masked", "with values"])
def test_no_value_is_kept(push: Callable[..., Any], see: Any, get: Any, with_values: bool) -> None:
    canaries = Canaries()
    run = push(ROWS, dry_run=True, sample=5, sample_values=with_values)
    places.look_into_database(canaries, run.dag.dag_id)
    places.look_into_pages(canaries, get, run)
    assert canaries.found == [], "the log alone may have values"
    places.look_into_log(canaries, run.log)
    assert bool(canaries.found) is with_values
    seen = see(run).text
    assert "Requests The first request as it would be sent, with the kinds of values in place of the values." in seen
    assert '{"euid":"<number>","type":"set","properties":{"username":"<text>"' in seen
    assert "Authorization: ***" in seen


def test_only_the_first_requests_are_kept(push: Callable[..., Any]) -> None:
    run = push(good(40), dry_run=True, sample=3, sample_values=True)
    assert [json.loads(text.rpartition("\n")[2])["euid"] for text in shown(run)] == [1, 2, 3]
    assert len(run.report["sample"]["requests"]) == 3


def test_an_id_that_is_to_be_looked_up_is_not_made_up(push: Callable[..., Any], control: Any, tmp_path: Any) -> None:
    parameters = {"user_id": "user_id", "euid_cache": str(tmp_path / "euids")}
    push([{"user_id": "u-1", "n": 1}], **parameters)
    rows = [{"user_id": "u-1", "n": 1}, {"user_id": "u-2", "n": 1}]
    run = push(rows, dry_run=True, sample=2, sample_values=True, **parameters)
    known, unknown = [json.loads(text.rpartition("\n")[2])["euid"] for text in shown(run)]
    assert isinstance(known, int)
    assert unknown == "<looked up first>"
    assert [json.loads(each["body"])["euid"] for each in run.report["sample"]["requests"]] == [
        "<number>",
        "<looked up first>",
    ]


def test_a_report_stays_small(push: Callable[..., Any]) -> None:
    wide = {f"имя столбца {number}": number for number in range(200)}
    rows = [{"username": f"user{number}", **wide} for number in range(300)]
    run = push(rows, KahunaSetAttributesOperator, target=["username"], dry_run=True, sample=20)
    assert len(json.dumps(run.report)) <= _MAX_BYTES
    bodies = [each["body"] for each in run.report["sample"]["requests"]]
    assert len(bodies) == 3
    assert all(body.endswith(" ...") for body in bodies)
    assert all("characters in all)" in text and len(text) < 21_000 for text in shown(run))


def test_there_may_be_no_request(push: Callable[..., Any]) -> None:
    run = push([{"euid": 1, "a": None}], dry_run=True, sample=2)
    assert run.report["sample"]["requests"] == []
    assert "sample: there is no request to show" in run.log.texts


def test_a_push_in_earnest_shows_none(push: Callable[..., Any], control: Any) -> None:
    run = push(good(2), dry_run="{{ False }}", sample="{{ 2 }}")
    assert run.counts == {"accepted": 2}
    assert "sample" not in run.report
    assert "sample: this is no dry run, so its requests are not shown" in run.log.texts
    assert len(push(good(9), dry_run="{{ True }}", sample="{{ 2 }}").report["sample"]["requests"]) == 2


def test_without_a_dry_run_it_is_refused() -> None:
    with pytest.raises(ValueError, match="sample shows what a dry run would send, and dry_run is False"):
        EngageLabSetAttributesOperator(task_id="push", users=[], sample=2)


def test_a_total_has_those_of_one_shard(airflow: Any, sqlite: Any) -> None:
    sqlite("CREATE TABLE people (euid INTEGER, a INTEGER)", "INSERT INTO people VALUES (1, 1)")
    people = SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key="euid")

    def build() -> None:
        pushes = EngageLabSetAttributesOperator.partial(
            task_id="push", attributes=["a"], dry_run=True, sample=1
        ).expand_kwargs(shards(people, 3, by="hash"))
        PushTotalOperator(task_id="total", reports=pushes.output)

    total = airflow.run(build).reports["total"]
    assert [each["body"] for each in total["sample"]["requests"]] == [
        '{"euid":"<number>","type":"set","properties":{"a":"<number>"}}'
    ]
