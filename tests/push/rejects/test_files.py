# SPDX-License-Identifier: Apache-2.0
"""A rejects file in parts: each row comes back once, by the word of the last try that had one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.rejects.files import Part, head_line, read_head, read_parts
from airflow_provider_userattrs.push.rejects.lines import write_lines
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.sources.column_types import convert_row

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.")
UNKNOWN = Verdict(Status.UNKNOWN, "500", "server error", "Check.")
FACTS = {"vendor": "Kahuna", "task": "push"}


def line(position: int, said: str, verdict: Verdict = REJECTED, *, idempotent: bool = True) -> str:
    return write_lines([Outcome(position, verdict, {"id": position, "said": said})], idempotent=idempotent)


def part(name: str, *lines: str) -> Part:
    return Part(name, lambda: iter(lines))


def resumed(below: int, *gaps: tuple[int, int]) -> str:
    return head_line(FACTS, Checkpoint(Fingerprint("", ""), below=below, gaps=gaps))


def read(*parts: Part, **options: Any) -> list[tuple[int, str]]:
    rows = []
    for row in read_parts(parts, **options):
        assert not isinstance(row, MalformedRow)
        rows.append((row["id"], row["said"]))
    return rows


class TestHead:
    def test_says_whose_the_part_is_and_where_its_try_began(self) -> None:
        assert read_head(head_line(FACTS)) == FACTS
        assert read_head(resumed(9, (2, 4))) == {**FACTS, "resumed": {"below": 9, "gaps": [[2, 4]]}}

    @pytest.mark.parametrize(
        "text",
        ["", "\n", line(0, "first"), "no json", '{"rejects":', '{"rejects":[1]}', '{"rejects":' + "[" * 100_000],
        ids=["empty", "blank", "a-row", "no-json", "cut", "no-facts", "too-deep"],
    )
    def test_of_any_other_line_is_nothing(self, text: str) -> None:
        assert read_head(text) == {}


class TestParts:
    def test_rows_of_one_try_are_all_there_in_their_order(self) -> None:
        assert read(part("a", head_line(FACTS), line(3, "first"), line(7, "first"))) == [(3, "first"), (7, "first")]

    def test_a_row_that_a_later_try_sent_again_counts_by_the_later_word(self) -> None:
        first = part("a", head_line(FACTS), line(1, "first"), line(5, "first"), line(8, "first"))
        second = part("b", resumed(6), line(8, "second"))
        assert read(first, second) == [(1, "first"), (5, "first"), (8, "second")]

    def test_a_row_that_a_later_try_got_accepted_is_gone(self) -> None:
        first = part("a", head_line(FACTS), line(2, "first"), line(3, "first"))
        assert read(first, part("b", resumed(4, (2, 3)))) == [(3, "first")]

    def test_each_later_try_has_its_word(self) -> None:
        parts = [
            part("a", head_line(FACTS), line(0, "first"), line(4, "first")),
            part("b", resumed(5, (4, 5)), line(4, "second"), line(6, "second")),
            part("c", resumed(6), line(6, "third")),
        ]
        assert read(*parts) == [(0, "first"), (4, "second"), (6, "third")]

    def test_an_earlier_try_takes_no_row_from_a_later_one(self) -> None:
        parts = [part("a", resumed(1)), part("b", resumed(0), line(3, "second"))]
        assert read(*parts) == [(3, "second")]

    def test_a_row_in_doubt_comes_back_only_where_the_author_says_so(self) -> None:
        parts = [part("a", head_line(FACTS), line(0, "first", UNKNOWN, idempotent=False), line(1, "first"))]
        assert read(*parts) == [(1, "first")]
        assert read(*parts, in_doubt=True) == [(0, "first"), (1, "first")]

    def test_a_line_that_is_none_of_ours_is_named_by_its_file_and_number(self) -> None:
        rows = list(read_parts([part("a", head_line(FACTS), line(5, "first"), "oops\n"), part("b", resumed(2))]))
        [row] = rows
        assert isinstance(row, MalformedRow)
        assert row.verdict.location == "a, line 3", "lines that count no more keep their numbers"

    def test_a_row_as_it_was_read_is_converted_to_its_declared_types(self) -> None:
        raw = MalformedRow(REJECTED, {"id": 1, "n": "5"}, {"n": "integer"})
        text = write_lines([Outcome(1, REJECTED, raw)], idempotent=True)

        assert list(read_parts([part("a", text)], convert=convert_row)) == [{"id": 1, "n": 5}]
        assert list(read_parts([part("a", text)])) == [{"id": 1, "n": "5"}]

    @given(
        st.lists(
            st.tuples(st.integers(0, 12), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11))),
            min_size=1,
            max_size=4,
        )
    )
    def test_a_row_is_read_by_the_last_try_that_may_have_sent_it(
        self, tries: list[tuple[int, set[int], set[int]]]
    ) -> None:
        """Each try: the watermark it began at, the gaps below it, and the rows it got no yes for."""

        def parts() -> Iterator[Part]:
            for number, (below, gaps, rejected) in enumerate(tries):
                head = resumed(below, *[(gap, gap + 1) for gap in sorted(gaps)]) if number else head_line(FACTS)
                yield part(str(number), head, *[line(row, str(number)) for row in sorted(rejected)])

        expected = []
        for number, (_, _, rejected) in enumerate(tries):
            later = tries[number + 1 :]
            for row in sorted(rejected):
                if all(row < below and row not in gaps for below, gaps, _ in later):
                    expected.append((row, str(number)))
        assert read(*parts()) == expected
