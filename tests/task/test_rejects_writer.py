# SPDX-License-Identifier: Apache-2.0
"""Rejects files as they are written: each try adds its own part, a push replaces its own files alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from task.rejects_writers import REJECTED, Writers, ids

from airflow_provider_userattrs.push.model.verdict import Outcome
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.rejects_names import Owner, part_of, path_of


@pytest.fixture
def writers(tmp_path: Path, fake_clock: Callable[[], Any]) -> Writers:
    return Writers(str(tmp_path / "rejects.jsonl"), fake_clock())


def test_a_repeated_push_replaces_only_its_own_file(writers: Writers) -> None:
    writers.write("last night", -1, 1)
    writers.write("tonight", -1, 2, 3)
    writers.write("tonight", -1, 4, below=3)
    again = writers.open("tonight")
    assert ids(Rejects(writers.path)) == [], "what stands is what the push that goes on has written"
    again.write([Outcome(0, REJECTED, {"id": 5})])
    again.close()
    assert ids(Rejects(writers.path)) == [5]
    assert ids(Rejects(path_of(writers.path, Owner("nightly", "push", "last night")))) == [1]


def test_what_a_killed_try_wrote_is_read_and_then_finished(writers: Writers, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict\n"
        "from airflow_provider_userattrs.sources.rejects_names import Owner, path_of\n"
        "from airflow_provider_userattrs.task.rejects_writer import RejectsWriter\n"
        "owner = Owner('nightly', 'push', 'tonight')\n"
        "writer = RejectsWriter(path_of(sys.argv[1], owner), idempotent=True, owner=owner)\n"
        "for number in range(3):\n"
        "    writer.write([Outcome(number, Verdict(Status.REJECTED, '404', 'no', 'no'), {'id': number})])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, writers.path], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".inprogress"]
    assert ids(Rejects(writers.path)) == [0, 1, 2]
    writers.write("tonight", -1, 7, below=2)
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl"}
    assert ids(Rejects(writers.path)) == [0, 1, 7], "row 2 was not finished: of it the later try alone speaks"


def test_a_try_killed_before_its_first_checkpoint_keeps_its_part(writers: Writers) -> None:
    writers.write("tonight", -1, 0, 1)
    killed = writers.open("tonight", below=2)
    killed.write([Outcome(2, REJECTED, {"id": 2})])
    assert killed._file is not None
    killed._file.close()  # and nothing else of what a writer does when it is closed
    writers.write("tonight", -1, 3, below=2)
    path = path_of(writers.path, Owner("nightly", "push", "tonight"))
    assert [Path(part_of(path, number)).exists() for number in (1, 2, 3)] == [True, True, True]
    assert ids(Rejects(path)) == [0, 1, 3]


def test_tries_with_different_paths_are_one_push(writers: Writers, tmp_path: Path) -> None:
    first, second = (Writers(str(tmp_path / f"try-{number}.jsonl"), writers.clock) for number in (1, 2))
    first.write("tonight", -1, 0, 1, 2)
    second.write("tonight", -1, 2, 3, below=2)
    paths = [path_of(each.path, Owner("nightly", "push", "tonight")) for each in (first, second)]
    assert ids(Rejects(paths)) == [0, 1, 2, 3], "each once"
    assert ids(Rejects(second.path)) == [2, 3]


def test_files_are_for_their_owner_alone(writers: Writers, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        writer = writers.open("tonight")
        modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
        writer.close()
    finally:
        os.umask(before)
    assert modes == [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]
