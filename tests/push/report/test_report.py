# SPDX-License-Identifier: Apache-2.0
"""The account: counts that add up, reasons that stay few and whole, a sentence a person can read, and the end."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import NOT_FOUND, TOO_LONG, kind, make_report

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.sentences import log_lines, summary, warning

NEEDS_ATTENTION = {Status.PARTIAL, Status.REJECTED, Status.INVALID, Status.UNKNOWN, Status.UNSENT}


verdicts = st.builds(
    lambda status, number, attribute: kind(status, number).on(attribute) if attribute else kind(status, number),
    st.sampled_from(Status),
    st.integers(0, 400),
    st.sampled_from([None, "a", "b"]),
)


class TestCounts:
    @settings(max_examples=200)
    @given(rows=st.lists(verdicts, max_size=200), accepted=st.integers(0, 5))
    def test_add_up_and_reasons_stay_whole(self, rows: list[Verdict], accepted: int) -> None:
        report = make_report(*((1, verdict) for verdict in rows))
        report.add_accepted(accepted)
        data = report.as_dict({})
        assert data["rows"] == len(rows) + accepted == sum(data[status.value] for status in Status)
        assert data["accepted"] == accepted + sum(verdict.status is Status.ACCEPTED for verdict in rows)
        assert len(data["reasons"]) <= 20
        counts: Counter[str] = Counter()
        for reason in data["reasons"]:
            counts[reason["status"]] += reason["count"]
            assert 1 <= len(reason["positions"]) <= 5
            assert len(reason["positions"]) == min(5, reason["count"])
            assert all(rows[position].status == reason["status"] for position in reason["positions"])
            assert reason["meaning"]
            assert reason["remedy"]
        assert counts == {
            status.value: data[status.value] for status in Status if status != "accepted" and data[status]
        }
        assert report.failed == sum(data[name] for name in ("partial", "rejected", "invalid", "unknown"))
        assert report.not_applied == report.failed + data["unsent"]

    @given(total=st.integers(21, 400), status=st.sampled_from(sorted(NEEDS_ATTENTION)))
    @settings(max_examples=30)
    def test_hundreds_of_reasons_are_summed_up_and_none_is_lost(self, total: int, status: Status) -> None:
        report = make_report(*((1, kind(status, number)) for number in range(total)))
        reasons = report.reasons()
        assert len(reasons) <= 20
        assert sum(reason.count for reason in reasons) == total

    def test_twenty_reasons_all_keep_their_names(self) -> None:
        report = make_report(*((1, kind(Status.REJECTED, number)) for number in range(20)))
        assert {reason.verdict.code for reason in report.reasons()} == {f"code-{number}" for number in range(20)}

    def test_names_of_attributes_are_kept_within_bounds_and_counted_on(self) -> None:
        names = [f"a{number}" for number in range(5_000)]
        report = make_report(*((1, TOO_LONG.on(name)) for name in [*names, *names[:3]]))
        [reason] = report.reasons()
        assert reason.count == 5_003
        assert len(reason.attributes) <= 100
        assert [reason.attributes[name] for name in names[:3]] == [2, 2, 2]

    def test_reasons_that_need_attention_come_first_then_the_most_frequent(self) -> None:
        report = make_report(
            (9, kind(Status.SKIPPED, 0)), (1, kind(Status.UNSENT, 1)), (3, kind(Status.REJECTED, 2)), (2, TOO_LONG)
        )
        assert [reason.count for reason in report.reasons()] == [3, 2, 1, 9]

    def test_the_frequent_ones_keep_their_names_among_hundreds(self) -> None:
        rare = [(1, kind(Status.REJECTED, number)) for number in range(300)]
        report = make_report(*rare[:150], (50, NOT_FOUND), *rare[150:])
        assert ("404", 50) in [(reason.verdict.code, reason.count) for reason in report.reasons()[:2]]

    def test_the_same_verdict_on_several_attributes_is_one_reason(self) -> None:
        report = make_report((2, TOO_LONG.on("bio")), (1, TOO_LONG.on("note")), (1, TOO_LONG))
        [reason] = report.as_dict({})["reasons"]
        assert reason["count"] == 4
        assert reason["attributes"] == {"bio": 2, "note": 1}
        assert reason["positions"] == [0, 1, 2, 3]

    def test_different_messages_of_the_vendor_are_one_reason_and_do_not_show(self) -> None:
        report = make_report((1, NOT_FOUND.saying("ada@example.com not found")), (1, NOT_FOUND.saying("bob not found")))
        data = json.dumps(report.as_dict({})) + str(log_lines(report)) + str(warning(report)) + summary(report)
        assert "ada" not in data
        assert "bob" not in data
        assert len(report.reasons()) == 1

    def test_attributes_whose_names_begin_alike_keep_their_counts(self) -> None:
        report = make_report((2, TOO_LONG.on("a" * 60 + "1")), (1, TOO_LONG.on("a" * 60 + "2")))
        assert sum(report.as_dict({})["reasons"][0]["attributes"].values()) == 3


class TestSize:
    @staticmethod
    def worst(name: str, reasons: int, facts: dict[str, Any]) -> int:
        report = Report("MoEngage", "set attributes", "MoEngage queued the update; it is stored later, or not at all")
        for number in range(reasons):
            status = [Status.REJECTED, Status.INVALID, Status.UNKNOWN, Status.PARTIAL, Status.UNSENT][number % 5]
            verdict = Verdict(status, str(10**15 + number), f"{number:03}" + "m" * 80, "r" * 120)
            for attribute in range(60):
                report.add(10**12 + attribute, verdict.on(f"{name}{attribute:03}{number}"))
        notes = {(f"{place}{name}", "number sent as its exact decimal text"): 10**12 for place in range(500)}
        data = report.as_dict(notes, **facts)
        assert data["rows"] == reasons * 60
        assert sum(reason["count"] for reason in data["reasons"]) == reasons * 60
        return len(json.dumps(data).encode())

    @pytest.mark.parametrize("reasons", [1, 20, 21, 199, 400])
    @pytest.mark.parametrize("letter", ["a", "ü", "統", "🦔", "\\", "\x00"], ids=ascii)
    def test_under_16_kb_in_the_worst_case(self, letter: str, reasons: int) -> None:
        facts = {
            "requests": 10**9,
            "retries": 10**9,
            "seconds": 12_345.678,
            "rejects_path": "s3://" + "p" * 200,
            "timeline": {"interval_seconds": 65_536.0, "rows": [10**9] * 60, "retries": [10**6] * 60},
            "configuration": {"attributes": [letter * 60] * 12, "users": letter * 200, "host": letter * 200},
        }
        assert self.worst(letter * 200, reasons, facts) < 16 * 1024

    @settings(max_examples=30)
    @given(name=st.text(max_size=250), reasons=st.integers(1, 60))
    def test_under_16_kb_whatever_the_names(self, name: str, reasons: int) -> None:
        assert self.worst(name, reasons, {}) < 16 * 1024

    def test_a_small_report_keeps_names_and_notes(self) -> None:
        data = make_report((1, TOO_LONG.on("bio"))).as_dict({("age", "cut"): 2, ("size", "cut"): 9})
        assert data["reasons"][0]["attributes"] == {"bio": 1}
        assert data["notes"] == [
            {"attribute": "size", "note": "cut", "count": 9},
            {"attribute": "age", "note": "cut", "count": 2},
        ]

    def test_under_16_kb_with_long_meanings(self) -> None:
        report = make_report(
            *((1, Verdict(Status.INVALID, "type", f"no place for {number}" + "T" * 900)) for number in range(20))
        )
        assert len(json.dumps(report.as_dict({})).encode()) < 16 * 1024


class TestForm:
    def test_has_what_the_design_names(self) -> None:
        facts = {"requests": 3, "retries": 1, "seconds": 0.5, "resumed_from": None, "rejects_path": "s3://bucket/x"}
        data = make_report((1, NOT_FOUND), (2, ACCEPTED)).as_dict({}, **facts)
        assert json.loads(json.dumps(data)) == data
        assert data.items() >= facts.items()
        assert (data["vendor"], data["operation"], data["dry_run"]) == ("Kahuna", "set attributes", False)
        assert data["accepted_means"] == "Kahuna confirmed each user"
        assert {status.value for status in Status} < data.keys()
        assert data["reasons"] == [
            {
                "status": "rejected",
                "code": "404",
                "meaning": "User not found",
                "remedy": "Check the credentials.",
                "count": 1,
                "positions": [0],
                "locations": [],
                "attributes": {},
            }
        ]
        assert data["warning"] == "1 of 3 users was not updated at Kahuna: 1 x User not found (404)"

    def test_of_nothing(self) -> None:
        data = make_report().as_dict({})
        assert (data["rows"], data["reasons"], data["warning"], data["notes"]) == (0, [], None, [])


REJECTED, INVALID, PARTIAL, UNKNOWN, UNSENT, SKIPPED = (
    kind(Status(name), 0) for name in ("rejected", "invalid", "partial", "unknown", "unsent", "skipped")
)


class TestConclude:
    @pytest.mark.parametrize(
        ("counted", "max_failed", "dry_run", "expected"),
        [
            pytest.param([], None, False, None, id="no-rows"),
            pytest.param([], 0, False, None, id="no-rows-none-may-fail"),
            pytest.param([], 0.0, False, None, id="no-rows-no-share-may-fail"),
            pytest.param([(3, ACCEPTED)], 0, False, None, id="all-accepted"),
            pytest.param([(3, SKIPPED)], 0, False, None, id="all-skipped"),
            pytest.param([(1, ACCEPTED), (9, REJECTED)], None, False, None, id="some-accepted"),
            pytest.param([(3, REJECTED)], None, False, TooManyFailed, id="none-accepted"),
            pytest.param([(3, REJECTED)], 10, False, TooManyFailed, id="none-accepted-though-so-many-may-fail"),
            pytest.param([(3, REJECTED)], 1.0, False, TooManyFailed, id="none-accepted-though-all-may-fail"),
            pytest.param([(3, SKIPPED), (1, INVALID)], None, False, TooManyFailed, id="rest-skipped-none-accepted"),
            pytest.param([(3, PARTIAL)], None, False, TooManyFailed, id="all-partial"),
            pytest.param([(3, UNKNOWN)], None, False, TooManyFailed, id="all-unknown"),
            pytest.param([(8, ACCEPTED), (2, REJECTED)], 2, False, None, id="as-many-as-may"),
            pytest.param([(7, ACCEPTED), (3, REJECTED)], 2, False, TooManyFailed, id="one-over"),
            pytest.param([(9, ACCEPTED), (1, REJECTED)], 0, False, TooManyFailed, id="none-may"),
            pytest.param([(8, ACCEPTED), (2, REJECTED)], 0.2, False, None, id="the-share-that-may"),
            pytest.param([(799, ACCEPTED), (201, REJECTED)], 0.2, False, TooManyFailed, id="over-the-share"),
            pytest.param([(9, ACCEPTED), (1, REJECTED)], 0.0, False, TooManyFailed, id="no-share-may"),
            pytest.param([(1, ACCEPTED), (9, REJECTED)], 1.0, False, None, id="every-share-may"),
            pytest.param([(1, ACCEPTED), (2, REJECTED)], 1, False, TooManyFailed, id="int-one-is-a-number-not-a-share"),
            pytest.param([(8, ACCEPTED), (1, PARTIAL), (1, UNKNOWN)], 1, False, TooManyFailed, id="all-kinds-count"),
            pytest.param([(8, ACCEPTED), (1, INVALID), (1, REJECTED)], 1, False, TooManyFailed, id="invalid-counts"),
            pytest.param([(8, ACCEPTED), (9, SKIPPED)], 0, False, None, id="skipped-does-not-count"),
            pytest.param([(8, ACCEPTED), (1, UNSENT)], None, False, RetryLater, id="unsent-is-for-a-retry"),
            pytest.param([(8, ACCEPTED), (1, UNSENT)], 0, False, RetryLater, id="unsent-does-not-count"),
            pytest.param([(8, UNSENT)], None, False, RetryLater, id="all-unsent"),
            pytest.param([(5, DRY_RUN), (5, INVALID)], None, True, None, id="dry-run"),
            pytest.param([(5, SKIPPED), (5, INVALID)], None, True, TooManyFailed, id="dry-run-nothing-to-set"),
            pytest.param([(5, INVALID)], None, True, TooManyFailed, id="dry-run-all-invalid"),
            pytest.param([(5, SKIPPED), (5, INVALID)], 4, True, TooManyFailed, id="dry-run-over-the-limit"),
        ],
    )
    def test_table(
        self, counted: list[tuple[int, Verdict]], max_failed: Any, dry_run: bool, expected: type[Exception] | None
    ) -> None:
        error = make_report(*counted, dry_run=dry_run).conclude(None, max_failed)
        assert type(error) is (expected or type(None))
        assert expected is None or str(error)

    @pytest.mark.parametrize("stopped", [RetryLater("away", 5), RefusedConfiguration("keys"), OSError("source")])
    @pytest.mark.parametrize("counted", [[], [(1, ACCEPTED)], [(5, REJECTED)], [(5, UNSENT)]], ids=str)
    def test_what_stopped_the_push_goes_first(self, stopped: Exception, counted: list[tuple[int, Verdict]]) -> None:
        assert make_report(*counted).conclude(stopped, 0) is stopped

    def test_the_message_has_count_and_total(self) -> None:
        report = make_report((1_000, ACCEPTED), (1_001, REJECTED))
        assert str(report.conclude(None, 1_000)) == (
            "1,001 of 2,001 users failed at Kahuna; max_failed allows 1,000 rows: 1,001 x meaning 0 (Remedy 0)"
        )
        assert "max_failed allows 5% of the rows: " in str(report.conclude(None, 0.05))
        assert str(make_report((1, REJECTED)).conclude(None, None)) == (
            "Kahuna accepted none of 1 user: 1 x meaning 0 (Remedy 0)"
        )

    def test_a_share_is_exact(self) -> None:
        wrong = [
            percent
            for percent in range(1, 100)
            if make_report((100 - percent, ACCEPTED), (percent, REJECTED)).conclude(None, percent / 100)
        ]
        assert wrong == []


class TestPlaces:
    def test_a_reason_is_a_kind_and_names_some_locations(self) -> None:
        short = Verdict(Status.INVALID, "malformed-line", "fewer fields than the header", "Mend the line in the file.")
        report = make_report(*((1, short.at(f"users.csv, line {number}")) for number in range(2, 252)), (40, NOT_FOUND))
        data = report.as_dict({})
        assert [(reason["code"], reason["count"]) for reason in data["reasons"]] == [
            ("malformed-line", 250),
            ("404", 40),
        ]
        assert data["reasons"][0]["locations"] == [f"users.csv, line {number}" for number in (2, 3, 4)]
        first, second = log_lines(report)
        assert "(users.csv, line 2; users.csv, line 3; users.csv, line 4; ...): Mend" in first
        assert "User not found" in second
        assert "User not found" in data["warning"]
        assert len(data["warning"]) < 200

    def test_the_end_of_a_long_location_is_kept(self) -> None:
        verdict = NOT_FOUND.at(f"s3://bucket/{'folder/' * 100}users.csv, line 1,234,567")
        [reason] = make_report((1, verdict)).as_dict({})["reasons"]
        assert len(reason["locations"][0]) == 100
        assert reason["locations"][0].endswith("users.csv, line 1,234,567")

    def test_they_survive_a_checkpoint(self) -> None:
        report = make_report((1, NOT_FOUND.at("a, line 1")))
        again = Counts.restored(json.loads(json.dumps(report.state(20))))
        assert again.ranked(20)[0].locations == ["a, line 1"]


class TestTextsOutOfData:
    """PostgreSQL's JSONB refuses U+0000 and lone surrogates; a report with one would be lost whole."""

    texts = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\0\n\ud800\udfff")), min_size=1)

    @given(name=texts, place=texts, configuration=texts)
    def test_every_report_can_be_stored(self, name: str, place: str, configuration: str) -> None:
        report = make_report((2, TOO_LONG.on(name).at(place)))
        data = report.as_dict({(name, "time cut"): 1}, configuration={name: configuration}, failure=configuration)
        for kept in (data, report.state(20), log_lines(report)):
            written = json.dumps(kept, ensure_ascii=False)
            written.encode()
            assert "\\u0000" not in written
            assert "\\n" not in written.replace("\\\\", "")
        [reason] = data["reasons"]
        assert list(reason["attributes"].values()) == [2]

    def test_names_that_begin_alike_are_one(self) -> None:
        report = make_report((1, TOO_LONG.on("n" * 60 + "a")), (1, TOO_LONG.on("n" * 60 + "b")))
        assert report.as_dict({})["reasons"][0]["attributes"] == {"n" * 60: 2}
        assert report.state(20)["reasons"][0]["attributes"] == {"n" * 60: 2}
