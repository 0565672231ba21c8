# SPDX-License-Identifier: Apache-2.0
"""A local folder in which files appear whole, for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.task.storage_folder import StorageFolder


def test_files_come_and_go(tmp_path: Path) -> None:
    folder = StorageFolder(str(tmp_path / "new" / "known"))
    assert folder.names() == []
    with folder.write("a.known") as file:
        file.write(b"abc")
        assert folder.names() == ["a.known.new"]
    assert folder.names() == ["a.known"]
    assert (tmp_path / "new" / "known" / "a.known").stat().st_mode & 0o777 == 0o600
    with folder.read("a.known") as file:
        assert file.read() == b"abc"
    folder.delete("a.known")
    folder.delete("a.known")
    assert folder.names() == []


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    folder = StorageFolder(str(tmp_path))
    with folder.write("a.known") as file:
        file.write(b"old")

    def fail() -> None:
        with folder.write("a.known") as file:
            file.write(b"ne")
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        fail()
    assert (tmp_path / "a.known").read_bytes() == b"old"


def test_an_unknown_storage_is_refused() -> None:
    with pytest.raises(RefusedConfiguration, match="is on a storage that is not installed"):
        StorageFolder("nowhere://bucket/known")
