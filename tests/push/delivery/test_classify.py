# SPDX-License-Identifier: Apache-2.0
"""From an answer, or what was raised instead, to one verdict for each update; and what two tries leave of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.delivery.classify import classify, worse
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent, PushError, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import BROKEN, NO_CONNECTION, NO_RESPONSE, NOT_TRIED, UNREADABLE


def answer(*words: str) -> Response:
    return Response(200, {}, orjson.dumps(words))


class TestClassify:
    def test_the_vendor_s_verdicts_are_taken_in_their_order(self) -> None:
        assert classify(operation(), answer("no", "ok", "part"), range(3)) == [WORDS["no"], WORDS["ok"], WORDS["part"]]

    def test_a_response_may_name_the_users_in_another_order(self) -> None:
        def read(answer: Response, users: Sequence[Any]) -> list[Verdict]:
            words = dict(orjson.loads(answer.body))
            return [WORDS[words[user]] for user in users]

        by_user = Response(200, {}, orjson.dumps([["eve", "no"], ["ada", "ok"]]))
        assert classify(operation(read=read), by_user, ["ada", "eve"]) == [WORDS["ok"], WORDS["no"]]
        assert classify(operation(read=read), by_user, ["ada", "bob"]) == [UNREADABLE] * 2

    @pytest.mark.parametrize(
        "unlike",
        [
            pytest.param(answer("ok"), id="too-few"),
            pytest.param(answer("ok", "ok", "ok"), id="too-many"),
            pytest.param(answer("ok", "a word of no table"), id="no-such-word"),
            pytest.param(Response(200, {}, b"<html>"), id="no-json"),
        ],
    )
    def test_a_response_that_does_not_fit_the_request_is_unreadable_for_all_and_final(self, unlike: Response) -> None:
        assert classify(operation(), unlike, range(2)) == [UNREADABLE] * 2
        assert (UNREADABLE.status, UNREADABLE.action) == (Status.UNKNOWN, Action.KEEP)

    @pytest.mark.parametrize(
        ("error", "verdict", "status", "action"),
        [
            pytest.param(NoResponse("x"), NO_RESPONSE, Status.UNKNOWN, Action.RETRY, id="no-response"),
            pytest.param(RefusedConfiguration("x"), NOT_TRIED, Status.UNSENT, Action.KEEP, id="configuration"),
            pytest.param(NotSent("x"), NO_CONNECTION, Status.UNSENT, Action.RETRY, id="not-sent"),
            pytest.param(ZeroDivisionError("x"), BROKEN, Status.UNKNOWN, Action.STOP, id="bug"),
            pytest.param(PushError("x"), BROKEN, Status.UNKNOWN, Action.STOP, id="push-error-of-no-kind"),
        ],
    )
    def test_what_was_raised_decides_for_every_user(
        self, error: Exception, verdict: Verdict, status: Status, action: Action
    ) -> None:
        assert classify(operation(), error, range(3)) == [verdict] * 3
        assert (verdict.status, verdict.action) == (status, action)

    def test_the_cause_of_a_missing_connection_is_part_of_the_reason(self) -> None:
        [verdict] = classify(operation(), NotSent("the message", "connection refused"), range(1))
        assert verdict.meaning == "no connection to the vendor (connection refused)"
        assert (verdict.code, verdict.action) == (NO_CONNECTION.code, Action.RETRY)


class TestWorse:
    @pytest.mark.parametrize(
        ("before", "now", "left"),
        [
            ("busy", "busy", Status.UNSENT),
            ("busy", "doubt", Status.UNKNOWN),
            ("doubt", "busy", Status.UNKNOWN),
            ("doubt", "stop", Status.UNKNOWN),
            ("doubt", "ok", Status.ACCEPTED),
            ("doubt", "no", Status.REJECTED),
            ("doubt", "part", Status.PARTIAL),
        ],
    )
    def test_doubt_lasts_until_the_vendor_accepts_or_refuses(self, before: str, now: str, left: Status) -> None:
        assert worse(WORDS[before], WORDS[now]).status is left

    @pytest.mark.parametrize(("now", "action"), [("busy", Action.RETRY), ("stop", Action.STOP)])
    def test_what_is_done_next_is_what_the_last_try_asks_for(self, now: str, action: Action) -> None:
        left = worse(WORDS["doubt"], WORDS[now])
        assert left.action is action
        assert left.meaning == WORDS["doubt"].meaning


def test_every_verdict_of_the_engine_has_a_meaning_and_a_remedy() -> None:
    own: list[Any] = [NO_CONNECTION, NO_RESPONSE, UNREADABLE, BROKEN]
    assert len({verdict.code for verdict in own}) == len(own)
    assert all(verdict.meaning and verdict.remedy for verdict in own)
