# SPDX-License-Identifier: Apache-2.0
"""The account: counts that add up, reasons that stay few and whole, a sentence a person can read, and the end."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import airflow_provider_userattrs
from airflow_provider_userattrs.push.mapping.mapper import NOTHING_TO_SET
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN, UNREADABLE
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import Report, users

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check the credentials.")
TOO_LONG = Verdict(Status.INVALID, "value-too-long", "value over 2,048 bytes", "Shorten it.")
NEEDS_ATTENTION = {Status.PARTIAL, Status.REJECTED, Status.INVALID, Status.UNKNOWN, Status.UNSENT}


def make(*counted: tuple[int, Verdict], dry_run: bool = False, done: str = "updated") -> Report:
    """Return a report of so many rows of each verdict."""
    report = Report("Kahuna", "set attributes", "Kahuna confirmed each user", dry_run=dry_run, done=done)
    position = 0
    for count, verdict in counted:
        for _ in range(count):
            report.add(position, verdict)
            position += 1
    return report


def kind(status: Status, number: int) -> Verdict:
    return Verdict(status, f"code-{number}", f"meaning {number}", f"Remedy {number}.")


verdicts = st.builds(
    lambda status, number, attribute: kind(status, number).on(attribute) if attribute else kind(status, number),
    st.sampled_from(Status),
    st.integers(0, 400),
    st.sampled_from([None, "a", "b"]),
)


class TestCounts:
    @settings(max_examples=200, deadline=None)
    @given(rows=st.lists(verdicts, max_size=200), accepted=st.integers(0, 5))
    def test_add_up_and_reasons_stay_whole(self, rows: list[Verdict], accepted: int) -> None:
        report = make(*((1, verdict) for verdict in rows))
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
    @settings(max_examples=30, deadline=None)
    def test_hundreds_of_reasons_are_summed_up_and_none_is_lost(self, total: int, status: Status) -> None:
        report = make(*((1, kind(status, number)) for number in range(total)))
        reasons = report.reasons()
        assert len(reasons) <= 20
        assert sum(reason.count for reason in reasons) == total

    def test_twenty_reasons_all_keep_their_names(self) -> None:
        report = make(*((1, kind(Status.REJECTED, number)) for number in range(20)))
        assert {reason.verdict.code for reason in report.reasons()} == {f"code-{number}" for number in range(20)}

    def test_names_of_attributes_are_kept_within_bounds_and_counted_on(self) -> None:
        names = [f"a{number}" for number in range(5_000)]
        report = make(*((1, TOO_LONG.on(name)) for name in [*names, *names[:3]]))
        [reason] = report.reasons()
        assert reason.count == 5_003
        assert len(reason.attributes) <= 100
        assert [reason.attributes[name] for name in names[:3]] == [2, 2, 2]

    def test_reasons_that_need_attention_come_first_then_the_most_frequent(self) -> None:
        report = make(
            (9, kind(Status.SKIPPED, 0)), (1, kind(Status.UNSENT, 1)), (3, kind(Status.REJECTED, 2)), (2, TOO_LONG)
        )
        assert [reason.count for reason in report.reasons()] == [3, 2, 1, 9]

    def test_the_frequent_ones_keep_their_names_among_hundreds(self) -> None:
        rare = [(1, kind(Status.REJECTED, number)) for number in range(300)]
        report = make(*rare[:150], (50, NOT_FOUND), *rare[150:])
        assert ("404", 50) in [(reason.verdict.code, reason.count) for reason in report.reasons()[:2]]

    def test_the_same_verdict_on_several_attributes_is_one_reason(self) -> None:
        report = make((2, TOO_LONG.on("bio")), (1, TOO_LONG.on("note")), (1, TOO_LONG))
        [reason] = report.as_dict({})["reasons"]
        assert reason["count"] == 4
        assert reason["attributes"] == {"bio": 2, "note": 1}
        assert reason["positions"] == [0, 1, 2, 3]

    def test_different_messages_of_the_vendor_are_one_reason_and_do_not_show(self) -> None:
        report = make((1, NOT_FOUND.saying("ada@example.com not found")), (1, NOT_FOUND.saying("bob not found")))
        data = json.dumps(report.as_dict({})) + str(report.log_lines()) + str(report.warning()) + report.summary()
        assert "ada" not in data
        assert "bob" not in data
        assert len(report.reasons()) == 1

    def test_attributes_whose_names_begin_alike_keep_their_counts(self) -> None:
        report = make((2, TOO_LONG.on("a" * 60 + "1")), (1, TOO_LONG.on("a" * 60 + "2")))
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

    @settings(max_examples=30, deadline=None)
    @given(name=st.text(max_size=250), reasons=st.integers(1, 60))
    def test_under_16_kb_whatever_the_names(self, name: str, reasons: int) -> None:
        assert self.worst(name, reasons, {}) < 16 * 1024

    def test_a_small_report_keeps_names_and_notes(self) -> None:
        data = make((1, TOO_LONG.on("bio"))).as_dict({("age", "cut"): 2, ("size", "cut"): 9})
        assert data["reasons"][0]["attributes"] == {"bio": 1}
        assert data["notes"] == [
            {"attribute": "size", "note": "cut", "count": 9},
            {"attribute": "age", "note": "cut", "count": 2},
        ]

    def test_under_16_kb_with_long_meanings(self) -> None:
        report = make(
            *((1, Verdict(Status.INVALID, "type", f"no place for {number}" + "T" * 900)) for number in range(20))
        )
        assert len(json.dumps(report.as_dict({})).encode()) < 16 * 1024


class TestForm:
    def test_has_what_the_design_names(self) -> None:
        facts = {"requests": 3, "retries": 1, "seconds": 0.5, "resumed_from": None, "rejects_path": "s3://bucket/x"}
        data = make((1, NOT_FOUND), (2, ACCEPTED)).as_dict({}, **facts)
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

    @pytest.mark.parametrize(
        ("made", "dry_run", "label"),
        [
            ((), False, "no users"),
            (((3, ACCEPTED),), False, "3 queued"),
            (((3, NOTHING_TO_SET),), False, "3 skipped"),
            (((1_000, ACCEPTED), (3, NOTHING_TO_SET)), False, "1,000 queued, 3 skipped"),
            (((5, ACCEPTED), (3, NOT_FOUND)), False, "3 not queued"),
            (((5, ACCEPTED), (3, UNREADABLE)), False, "3 not confirmed"),
            (((4, DRY_RUN), (2, NOTHING_TO_SET)), True, "4 to send, 2 skipped"),
            (((4, DRY_RUN), (2, NOT_FOUND)), True, "2 would not be queued"),
        ],
    )
    def test_the_label_is_true(self, made: Any, dry_run: bool, label: str) -> None:
        assert make(*made, dry_run=dry_run, done="queued").label() == label

    def test_of_nothing(self) -> None:
        data = make().as_dict({})
        assert (data["rows"], data["reasons"], data["warning"], data["notes"]) == (0, [], None, [])
        assert make().summary() == "0 users: nothing to do"
        assert make().log_lines() == []

    def test_summary_is_one_line_of_counts(self) -> None:
        report = make((1_234, NOT_FOUND), (1, ACCEPTED))
        assert report.summary() == "1,235 users: 1 accepted, 1,234 rejected"
        assert make((1, ACCEPTED)).summary() == "1 user: 1 accepted"

    def test_log_lines_have_count_meaning_and_remedy(self) -> None:
        report = make((1_000, TOO_LONG.on("bio")), (1, NOT_FOUND))
        assert report.log_lines() == [
            "1,000 x value over 2,048 bytes [invalid] on bio: Shorten it.",
            "1 x User not found (404) [rejected]: Check the credentials.",
        ]

    @pytest.mark.parametrize(("count", "words"), [(0, "0 users"), (1, "1 user"), (2_000, "2,000 users")])
    def test_users(self, count: int, words: str) -> None:
        assert users(count) == words


class TestWarning:
    @pytest.mark.parametrize(
        ("counted", "dry_run", "sentence"),
        [
            pytest.param([], False, None, id="nothing"),
            pytest.param([(5, ACCEPTED), (2, kind(Status.SKIPPED, 0))], False, None, id="all-well"),
            pytest.param(
                [(1_988, ACCEPTED), (9, NOT_FOUND), (3, TOO_LONG)],
                False,
                "12 of 2,000 users were not updated at Kahuna: 9 x User not found (404), 3 x value over 2,048 bytes",
                id="the-issue's-own",
            ),
            pytest.param(
                [(1, NOT_FOUND)],
                False,
                "1 of 1 user was not updated at Kahuna: 1 x User not found (404)",
                id="one-of-one",
            ),
            pytest.param(
                [(1, NOT_FOUND), (1, ACCEPTED)],
                False,
                "1 of 2 users was not updated at Kahuna: 1 x User not found (404)",
                id="one-of-many",
            ),
            pytest.param(
                [(1_500, kind(Status.UNSENT, 7))],
                False,
                "1,500 of 1,500 users were not updated at Kahuna: 1,500 x meaning 7",
                id="all-unsent",
            ),
            pytest.param(
                [(2, TOO_LONG), (3, kind(Status.SKIPPED, 0))],
                True,
                "Dry run: would send 0 of 5 users to Kahuna, and sent none; "
                "2 of 5 users would not be updated at Kahuna: 2 x value over 2,048 bytes",
                id="dry-run",
            ),
            pytest.param(
                [(1, TOO_LONG)],
                True,
                "Dry run: would send 0 of 1 user to Kahuna, and sent none; "
                "1 of 1 user would not be updated at Kahuna: 1 x value over 2,048 bytes",
                id="dry-run-of-one",
            ),
            pytest.param(
                [(1, Verdict(Status.UNKNOWN, "-1", "internal server error"))],
                False,
                "1 of 1 user was not confirmed as updated at Kahuna: 1 x internal server error (-1)",
                id="negative-code",
            ),
            pytest.param(
                [(5 - place, kind(Status.REJECTED, place)) for place in range(5)],
                False,
                "15 of 15 users were not updated at Kahuna: 5 x meaning 0, 4 x meaning 1, 3 x meaning 2, "
                "2 x meaning 3, 1 x meaning 4",
                id="five",
            ),
            pytest.param(
                [(7 - place, kind(Status.REJECTED, place)) for place in range(7)],
                False,
                "28 of 28 users were not updated at Kahuna: 7 x meaning 0, 6 x meaning 1, 5 x meaning 2, "
                "4 x meaning 3, 3 x meaning 4, and 2 more reasons",
                id="more-than-five",
            ),
            pytest.param(
                [(6 - place, kind(Status.REJECTED, place)) for place in range(6)],
                False,
                "21 of 21 users were not updated at Kahuna: 6 x meaning 0, 5 x meaning 1, 4 x meaning 2, "
                "3 x meaning 3, 2 x meaning 4, and 1 more reason",
                id="six",
            ),
            pytest.param(
                [(2 if place < 5 else 1, kind(Status.REJECTED, place)) for place in range(30)],
                False,
                "35 of 35 users were not updated at Kahuna: 2 x meaning 0, 2 x meaning 1, 2 x meaning 2, "
                "2 x meaning 3, 2 x meaning 4, and 25 more reasons",
                id="thirty",
            ),
        ],
    )
    def test_sentences(self, counted: list[tuple[int, Verdict]], dry_run: bool, sentence: str | None) -> None:
        assert make(*counted, dry_run=dry_run).warning() == sentence

    def test_is_one_line_of_bounded_length_whatever_happens(self) -> None:
        report = make(*((1, kind(status, place)) for place in range(100) for status in Status))
        warning = report.warning()
        assert warning is not None
        assert "\n" not in warning
        assert len(warning) < 1_000


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
        error = make(*counted, dry_run=dry_run).conclude(None, max_failed)
        assert type(error) is (expected or type(None))
        assert expected is None or str(error)

    @pytest.mark.parametrize("stopped", [RetryLater("away", 5), RefusedConfiguration("keys"), OSError("source")])
    @pytest.mark.parametrize("counted", [[], [(1, ACCEPTED)], [(5, REJECTED)], [(5, UNSENT)]], ids=str)
    def test_what_stopped_the_push_goes_first(self, stopped: Exception, counted: list[tuple[int, Verdict]]) -> None:
        assert make(*counted).conclude(stopped, 0) is stopped

    def test_the_message_has_count_and_total(self) -> None:
        report = make((1_000, ACCEPTED), (1_001, REJECTED))
        assert str(report.conclude(None, 1_000)) == (
            "1,001 of 2,001 users failed at Kahuna; max_failed allows 1,000 rows: 1,001 x meaning 0 (Remedy 0)"
        )
        assert "max_failed allows 5% of the rows: " in str(report.conclude(None, 0.05))
        assert str(make((1, REJECTED)).conclude(None, None)) == (
            "Kahuna accepted none of 1 user: 1 x meaning 0 (Remedy 0)"
        )

    def test_a_share_is_exact(self) -> None:
        wrong = [
            percent
            for percent in range(1, 100)
            if make((100 - percent, ACCEPTED), (percent, REJECTED)).conclude(None, percent / 100)
        ]
        assert wrong == []


class TestPlaces:
    def test_a_reason_is_a_kind_and_names_some_locations(self) -> None:
        short = Verdict(Status.INVALID, "malformed-line", "fewer fields than the header", "Mend the line in the file.")
        report = make(*((1, short.at(f"users.csv, line {number}")) for number in range(2, 252)), (40, NOT_FOUND))
        data = report.as_dict({})
        assert [(reason["code"], reason["count"]) for reason in data["reasons"]] == [
            ("malformed-line", 250),
            ("404", 40),
        ]
        assert data["reasons"][0]["locations"] == [f"users.csv, line {number}" for number in (2, 3, 4)]
        first, second = report.log_lines()
        assert "(users.csv, line 2; users.csv, line 3; users.csv, line 4; ...): Mend" in first
        assert "User not found" in second
        assert "User not found" in data["warning"]
        assert len(data["warning"]) < 200

    def test_the_end_of_a_long_location_is_kept(self) -> None:
        verdict = NOT_FOUND.at(f"s3://bucket/{'folder/' * 100}users.csv, line 1,234,567")
        [reason] = make((1, verdict)).as_dict({})["reasons"]
        assert len(reason["locations"][0]) == 100
        assert reason["locations"][0].endswith("users.csv, line 1,234,567")

    def test_they_survive_a_checkpoint(self) -> None:
        report = make((1, NOT_FOUND.at("a, line 1")))
        again = Counts.restored(json.loads(json.dumps(report.state(20))))
        assert again.ranked(20)[0].locations == ["a, line 1"]


class TestTextsOutOfData:
    """PostgreSQL's JSONB refuses U+0000 and lone surrogates; a report with one would be lost whole."""

    texts = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\0\n\ud800\udfff")), min_size=1)

    @settings(deadline=None)
    @given(name=texts, place=texts, configuration=texts)
    def test_every_report_can_be_stored(self, name: str, place: str, configuration: str) -> None:
        report = make((2, TOO_LONG.on(name).at(place)))
        data = report.as_dict({(name, "time cut"): 1}, configuration={name: configuration}, failure=configuration)
        for kept in (data, report.state(20), report.log_lines()):
            written = json.dumps(kept, ensure_ascii=False)
            written.encode()
            assert "\\u0000" not in written
            assert "\\n" not in written.replace("\\\\", "")
        [reason] = data["reasons"]
        assert list(reason["attributes"].values()) == [2]

    def test_names_that_begin_alike_are_one(self) -> None:
        report = make((1, TOO_LONG.on("n" * 60 + "a")), (1, TOO_LONG.on("n" * 60 + "b")))
        assert report.as_dict({})["reasons"][0]["attributes"] == {"n" * 60: 2}
        assert report.state(20)["reasons"][0]["attributes"] == {"n" * 60: 2}


class TestRemedies:
    words = Verdict(Status.REJECTED, "400", "refused", "Mend the rows.", see_rejects=True)

    @pytest.mark.parametrize(
        ("keeps", "remedy"),
        [
            (True, "Mend the rows. The rejects file says of each row what was wrong."),
            (False, "Mend the rows. With rejects_path set, a file says of each row what was wrong."),
        ],
    )
    def test_speak_of_a_rejects_file_where_there_is_one(self, keeps: bool, remedy: str) -> None:
        report = Report("V", "set", "yes", keeps_rejects=keeps)
        report.merge(Counts.restored(make((1, self.words), (1, NOT_FOUND)).state(20)))
        reasons = {reason["code"]: reason["remedy"] for reason in report.as_dict({})["reasons"]}
        assert reasons == {"400": remedy, "404": NOT_FOUND.remedy}
        assert any(line.endswith(remedy) for line in report.log_lines())

    def test_no_remedy_of_a_table_mentions_the_rejects_file(self) -> None:
        package = Path(airflow_provider_userattrs.__file__).parent
        tables = {*package.glob("vendors/*.py"), *package.glob("push/*.py")}
        for path in tables - {package / "push" / "rejects.py"}:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Verdict":
                    texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
                    assert not [text for text in texts if "rejects" in str(text) or "eplay" in str(text)], path.name
