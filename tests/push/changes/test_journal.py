# SPDX-License-Identifier: Apache-2.0
"""What a running push writes down, and when."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.table import LISTED
from airflow_provider_userattrs.push.model.errors import RetryLater


@pytest.fixture
def journal(known_files: Any, clock: Any) -> Journal:
    files = known_files()
    return Journal(files, files.load(), writes=True, clock=clock)


def known(known_files: Any) -> dict[int, int]:
    return dict(known_files().load(writes=False).table.items())


def test_a_part_is_written_once_and_only_if_there_is_something_to_say(journal: Any, folder: Any) -> None:
    journal.write()
    assert folder.files == {}
    journal.touched += [1, 2]
    journal.write()
    journal.write()
    assert len(folder.files) == 1


def test_verdicts_are_written_every_five_seconds(journal: Any, known_files: Any, folder: Any, clock: Any) -> None:
    journal.touched += [1, 2, 3]
    journal.write()
    journal.accepted += [1, 11, 2, 22]
    clock.advance(4.9)
    journal.write_verdicts_if_due()
    assert known(known_files) == {}
    clock.advance(0.1)
    journal.write_verdicts_if_due()
    assert known(known_files) == {1: 11, 2: 22}
    journal.unset.append(1)
    journal.write_verdicts_if_due()
    assert known(known_files) == {1: 11, 2: 22}, "not before five more seconds"
    clock.advance(5)
    journal.write_verdicts_if_due()
    assert known(known_files) == {2: 22}


def test_who_is_sent_again_in_the_part_that_says_it_was_accepted_is_not_known(journal: Any, known_files: Any) -> None:
    journal.touched += [1, 2]
    journal.write()
    journal.accepted += [1, 11, 2, 22]
    journal.touched.append(1)
    journal.write()
    assert known(known_files) == {2: 22}


def test_what_cannot_be_written_waits_and_only_who_is_sent_stops_the_push(
    journal: Any, known_files: Any, folder: Any
) -> None:
    journal.accepted += [1, 11]
    folder.writes_left = 0
    journal.write_verdicts()
    with pytest.raises(RetryLater, match="what is sent cannot be noted \\(OSError\\)"):
        journal.write()
    folder.writes_left = None
    journal.write()
    assert known(known_files) == {1: 11}


def test_a_dry_run_writes_and_lists_nothing(known_files: Any, folder: Any, clock: Any) -> None:
    of_nobody = Known()
    journal = Journal(known_files(), of_nobody, writes=False, clock=clock)
    journal.touched.append(1)
    journal.listed.append(((1,), "ada"))
    journal.write()
    assert (folder.files, of_nobody.table.get(1) & LISTED, of_nobody.roster.count) == ({}, 0, 0)
