# SPDX-License-Identifier: Apache-2.0
"""Files by their names: each task has its own, and nothing else in the folder is touched."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.folder import File, delete_files, list_files, numbers_by_run

RUN, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def filled(folder: Any) -> Any:
    files = [File.part("push", RUN, 2), File.snapshot("push", OTHER), File.part("push", RUN, 1)]
    files += [File.snapshot("push.1", RUN), File.part("push.1", RUN, 1)]
    names = [file.name for file in files] + ["push.csv", f"push.{RUN}.known.bak", f"push.{RUN[1:]}.known"]
    folder.files = dict.fromkeys(names, b"")
    return folder


def test_a_tasks_files_are_told_by_their_names(filled: Any) -> None:
    parts = [File.part("push", RUN, number) for number in (1, 2)]
    snapshot = File.snapshot("push", OTHER)
    assert list_files(filled, "push") == [*parts, snapshot]
    assert [file.is_snapshot for file in (*parts, snapshot)] == [False, False, True]
    assert numbers_by_run([*parts, snapshot]) == {RUN: [1, 2]}


def test_only_files_of_the_names_given_are_deleted(filled: Any) -> None:
    kept = [name for name in filled.files if not name.startswith("push.1.")]
    delete_files(filled, {"push.1"})
    assert list(filled.files) == kept
