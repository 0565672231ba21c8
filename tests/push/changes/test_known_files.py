# SPDX-License-Identifier: Apache-2.0
"""What is known after runs that ended, were killed, or ran at once; and what is forgotten because it is in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.table import FAILING


def entries(known: Any) -> dict[int, int]:
    return dict(known.table.items())


def run(known_files: Any, accepted: dict[int, int], **fingerprint: str) -> Any:
    """Live through a push that ends well."""
    files = known_files(**fingerprint)
    known = files.load()
    for user, value in accepted.items():
        known.table.set(user, value)
    known.as_of = 1.0
    files.close(known)
    return files


def test_nothing_is_known_before_the_first_push(known_files: Any, folder: Any) -> None:
    known = known_files().load()
    assert (entries(known), known.full, known.as_of) == ({}, "nothing was pushed before", None)
    assert not folder.files


def test_what_was_accepted_is_known(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10, 2: 20})
    run(known_files, {3: 30})
    known = known_files().load()
    assert (entries(known), known.full, known.as_of) == ({1: 10, 2: 20, 3: 30}, None, 1.0)
    assert len(folder.files) == 1


def test_of_a_killed_run_its_journal_is_known(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10, 2: 20, 3: 30})
    killed = known_files()
    killed.load()
    killed.note([1, 2], [])
    killed.note([], [1, 11])
    known = known_files().load()
    assert entries(known) == {1: 11, 3: 30}, "nobody knows what became of 2"
    assert len(folder.files) == 1, "the next run need not read the journal"
    assert entries(known_files().load()) == {1: 11, 3: 30}


def test_a_dry_run_writes_nothing(known_files: Any, folder: Any) -> None:
    killed = known_files()
    killed.load()
    killed.note([1], [])
    before = dict(folder.files)
    assert entries(known_files().load(writes=False)) == {}
    assert folder.files == before


def test_since_when_a_user_fails_outlives_a_kill(known_files: Any) -> None:
    run(known_files, {1: FAILING + 5})
    killed = known_files()
    killed.load()
    killed.note([1], [])
    assert entries(known_files().load()) == {1: FAILING + 5}


def test_of_two_runs_at_once_what_they_say_differently_is_forgotten(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10, 2: 20, 3: 30, 4: 40})
    one, other = known_files(), known_files()
    of_one, of_other = one.load(), other.load()
    of_one.table.set(1, 11)
    of_one.table.set(4, 44)
    of_other.table.set(2, 22)
    of_other.table.set(4, 44)
    one.close(of_one)
    other.close(of_other)
    assert of_other.disputed == 2
    assert len(folder.files) == 1, "the second to end took in what the first one wrote"
    assert entries(known_files().load()) == {3: 30, 4: 44}


def test_of_two_snapshots_too(known_files: Any, folder: Any) -> None:
    """Two runs that end in the same moment do not see one another's."""
    run(known_files, {1: 10, 2: 20})
    before = dict(folder.files)
    run(known_files, {1: 11})
    first = dict(folder.files)
    folder.files.clear()
    folder.files.update(before)
    run(known_files, {2: 22})
    folder.files.update(first)
    known = known_files().load()
    assert (entries(known), known.disputed) == ({}, 2)
    assert len(folder.files) == 1


def test_a_run_that_another_push_overtook_knows_nothing(known_files: Any, folder: Any) -> None:
    late = known_files()
    known = late.load()
    known.table.set(1, 10)
    run(known_files, {1: 11}, **{"the mapping": "2"})
    late.close(known)
    assert entries(known_files().load()) == {}


def test_of_two_killed_runs_at_once_all_that_they_touched_is_forgotten(known_files: Any) -> None:
    run(known_files, {1: 10, 2: 20, 3: 30})
    one, other = known_files(), known_files()
    one.load(), other.load()
    one.note([1], [])
    other.note([1, 2], [])
    other.note([], [1, 12, 2, 22])
    one.note([], [1, 11])
    assert entries(known_files().load()) == {3: 30}


def test_a_run_that_outlives_the_next_one_makes_it_forget(known_files: Any) -> None:
    run(known_files, {1: 10, 2: 20})
    late = known_files()
    late.load()
    late.note([1], [])
    run(known_files, {1: 12, 2: 22})  # it read the journal so far
    late.note([2], [1, 11])
    late.note([], [2, 21])
    assert entries(known_files().load()) == {}


def test_the_first_of_two_runs_to_end_forgets_whom_the_other_one_has_sent_so_far(known_files: Any, folder: Any) -> None:
    """Nothing is left of the other one's journal that would be believed if the snapshot were lost."""
    one, other = known_files(), known_files()
    one.load()
    of_other = other.load()
    one.note([1, 2], [])
    one.note([], [1, 11])
    for user in (1, 2, 3):
        of_other.table.set(user, 100 + user)
    other.close(of_other)
    assert entries(known_files().load(writes=False)) == {3: 103}
    assert len(folder.files) == 1
    folder.files.clear()
    one.note([], [2, 22])
    assert entries(known_files().load(writes=False)) == {}, "its first parts are missing"


@pytest.mark.parametrize("missing", [0, 1])
def test_if_a_part_of_the_other_ones_journal_is_missing_nothing_is_known(
    known_files: Any, folder: Any, missing: int
) -> None:
    run(known_files, {1: 10, 2: 20, 3: 30})
    one, other = known_files(), known_files()
    one.load()
    of_other = other.load()
    for user in (1, 2, 3):
        one.note([user], [])
    del folder.files[sorted(name for name in folder.files if name.endswith(".part"))[missing]]
    other.close(of_other)
    assert entries(known_files().load()) == {}


def test_who_ended_before_is_not_forgotten_for_what_is_left_of_its_journal(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10, 2: 20})
    one, other = known_files(), known_files()
    of_one, of_other = one.load(), other.load()
    one.note([2], [])
    left = dict(folder.files)
    one.close(of_one)
    folder.files.update({name: content for name, content in left.items() if name.endswith(".part")})
    other.close(of_other)
    assert entries(known_files().load()) == {1: 10, 2: 20}


def test_another_push_begins_anew_and_says_why(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10})
    other = known_files(**{"the mapping": "2", "the destination": "b"})
    known = other.load()
    assert (entries(known), known.full) == ({}, "the mapping and the destination changed")
    assert len(folder.files) == 1
    again = known_files().load()
    assert (entries(again), again.full) == ({}, "the mapping changed"), "the first one's snapshot is not read again"


def test_another_tasks_files_are_left_alone(known_files: Any, folder: Any) -> None:
    folder.files.update({"dag~push2.0" * 3: b"", f"dag~push.x.{'0' * 32}.known": b"", "dag~push.txt": b"a"})
    run(known_files, {1: 10})
    assert entries(known_files().load()) == {1: 10}
    assert len(folder.files) == 4


def test_a_missing_or_damaged_file_means_that_nothing_is_known(known_files: Any, folder: Any) -> None:
    def begin() -> None:
        folder.files.clear()
        run(known_files, {1: 10})
        killed = known_files()
        killed.load()
        for number in range(3):
            killed.note([20 + number], [])

    begin()
    names = sorted(folder.files)
    for missing in (1, 2):  # parts of the journal, but for its last
        begin()
        names = sorted(name for name in folder.files if name.endswith(".part"))
        del folder.files[names[missing - 1]]
        known = known_files().load()
        assert (entries(known), known.full) == ({}, "a file of what is known is damaged or missing")
    for name in range(4):
        begin()
        damaged = sorted(folder.files)[name]
        folder.files[damaged] = folder.files[damaged][:-1]
        assert entries(known_files().load()) == {}
    begin()
    del folder.files[next(name for name in folder.files if name.endswith(".known"))]
    assert entries(known_files().load()) == {}


def test_a_snapshot_that_did_not_delete_what_it_replaces_is_enough(known_files: Any, folder: Any) -> None:
    run(known_files, {1: 10, 2: 20})
    before = dict(folder.files)
    run(known_files, {1: 11})
    folder.files.update(before)
    assert entries(known_files().load()) == {1: 11, 2: 20}


def test_what_is_known_is_of_the_first_push_until_one_reads_its_rows_to_their_end(known_files: Any) -> None:
    for now in (5.0, 6.0):
        files = known_files()
        files.load(now=now)
        files.note([int(now)], [])
    known = known_files().load(now=7.0)
    assert known.as_of == 5.0
    assert known_files().load(now=8.0).as_of == 5.0
    assert known_files(**{"the mapping": "2"}).load(now=9.0, writes=False).as_of == 9.0


def test_a_journal_without_a_time_is_of_no_time(known_files: Any) -> None:
    killed = [known_files(), known_files()]
    for files, now in zip(killed, (5.0, None), strict=True):
        files.load(now=now)
    for files in killed:
        files.note([1], [])
    assert known_files().load(now=7.0).as_of is None


def test_a_journal_of_an_earlier_version_leaves_the_time_of_its_snapshot(
    known_files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(known_files, {1: 10})
    killed = known_files()
    killed.load(now=5.0)
    head = killed._head
    monkeypatch.setattr(killed, "_head", lambda given: head({k: v for k, v in given.items() if k != "as_of"}))
    killed.note([1], [])
    assert known_files().load(now=7.0).as_of == 1.0
