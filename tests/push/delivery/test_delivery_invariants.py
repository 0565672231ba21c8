# SPDX-License-Identifier: Apache-2.0
"""Whatever the vendor does: one verdict for each row, and each of them true."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from push.delivery.fake_vendor import AMBIGUOUS, ATTEMPTS, SKIPPED, operation

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import Outcome, Status

#: What may become of one request; the rare ones end a push.
COMMON = ["ok", "ok", "ok", "no", "part", "busy", "doubt", "refused", "lost", "dropped", "short", "garbage", "mixed"]
FATAL = ["stop", "keys", "broken"]
MIXED = ["ok", "no", "busy", "doubt", "part"]

scripts = st.tuples(
    st.lists(st.sampled_from(COMMON), min_size=1, max_size=12),
    st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(FATAL), max_size=1)),
    st.sets(st.integers(0, 39), max_size=3),
)


class TestWhateverHappens:
    @settings(max_examples=400)
    @given(
        kinds=st.lists(
            st.tuples(st.integers(0, 6), st.sampled_from(["row", "row", "row", "row", "skip", "unwritable"])),
            max_size=40,
        ),
        script=scripts,
        max_users=st.integers(1, 5),
        concurrency=st.integers(1, 4),
        idempotent=st.booleans(),
        rate=st.sampled_from([None, 5]),
        waits=st.sampled_from([None, "20", "400"]),
    )
    def test_every_row_has_one_verdict_and_it_is_true(
        self,
        push: Any,
        update: Any,
        kinds: list[tuple[int, str]],
        script: tuple[list[str], list[str], set[int]],
        max_users: int,
        concurrency: int,
        idempotent: bool,
        rate: float | None,
        waits: str | None,
    ) -> None:
        common, fatal, guilty = script
        behaviours = common * (4 if fatal else 1) + fatal

        def judge(positions: list[int], turn: int) -> Any:
            if not guilty.isdisjoint(positions):
                return "split"
            word = behaviours[(positions[0] * 7 + turn * 3) % len(behaviours)]
            if word == "mixed":
                return [MIXED[(position + turn) % len(MIXED)] for position in positions]
            if word == "busy" and waits:
                return Response(429, {"retry-after": waits}, orjson.dumps(["busy"] * len(positions)))
            return word

        several: list[Any] = []
        for index, (user, kind) in enumerate(kinds):
            if kind == "skip":
                several.append(Outcome(index, SKIPPED, {}, user))
            else:
                several.append(update(index, user, x="\ud800" if kind == "unwritable" else index))
        done = push(
            several,
            judge,
            target=operation(max_users, idempotent=idempotent),
            rate=rate,
            concurrency=concurrency,
        )
        book, vendor = done.book, done.vendor

        # Every row read has exactly one verdict (a second one would have failed above), and the counts add up.
        assert sorted(book.verdicts) == list(range(len(kinds)))
        counts = Counter(verdict.status for verdict in book.verdicts.values())
        assert {status: count for status, count in book.counts().counts.items() if count} == counts
        assert book.counts().rows == len(kinds)

        for index, (_, kind) in enumerate(kinds):
            verdict, sent = book.verdicts[index], vendor.sent(index)
            words = ["busy" if isinstance(word, Response) else word for word in sent]
            ambiguous = [word for word in words if word in AMBIGUOUS]
            match verdict.status:
                case Status.ACCEPTED:
                    assert words[-1] == "ok"
                case Status.PARTIAL:
                    assert words[-1] == "part"
                case Status.REJECTED:
                    assert words[-1] in ("no", "split")
                case Status.UNKNOWN:
                    assert ambiguous
                case Status.UNSENT:
                    assert vendor.applied[index] == 0
                    assert not ambiguous
                case Status.INVALID:
                    assert kind == "unwritable"
                    assert not sent
                case Status.SKIPPED:
                    assert kind == "skip"
                    assert not sent
            if not idempotent:
                assert vendor.applied[index] <= 1, "done twice"
                assert not ambiguous or words[-1] in AMBIGUOUS, "sent again after an ambiguous end"
            assert len([word for word in words if word != "split"]) <= ATTEMPTS
            if done.stopped is None:
                assert verdict.code != "not-tried"
            assert verdict.status is Status.ACCEPTED or (verdict.meaning and verdict.remedy)

        assert vendor.early == [], "a row was sent before an earlier one of its user had its verdict"
        for index, verdict in book.verdicts.items():
            if verdict.status is Status.UNSENT:
                user = kinds[index][0]
                assert not [later for later in vendor.turns if later > index and kinds[later][0] == user], "overtaken"
        assert vendor.most_in_flight <= concurrency
        assert done.delivery.traffic.requests == len(vendor.requests)
        assert done.delivery.traffic.bytes == vendor.bytes
