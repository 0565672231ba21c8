# SPDX-License-Identifier: Apache-2.0
"""What a path may be, and that it is kept as the text that was meant."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from airflow_names import ObjectStoragePath

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.paths import as_text, is_path
from airflow_provider_userattrs.sources.rejects import Rejects


class OwnPath:
    """A path of an author's own."""

    def __fspath__(self) -> str:
        return "/data/{{ ds }}/users.jsonl"


PATHS: dict[str, tuple[Any, str]] = {
    "text": ("/data/{{ ds }}/users.jsonl", "/data/{{ ds }}/users.jsonl"),
    "Path": (Path("/data") / "{{ ds }}" / "users.jsonl", "/data/{{ ds }}/users.jsonl"),
    "PurePath": (PurePosixPath("/data/{{ ds }}/users.jsonl"), "/data/{{ ds }}/users.jsonl"),
    "__fspath__": (OwnPath(), "/data/{{ ds }}/users.jsonl"),
    "ObjectStoragePath": (
        ObjectStoragePath("s3://bucket", conn_id="aws") / "{{ ds }}" / "users.jsonl",
        "s3://aws@bucket/{{ ds }}/users.jsonl",
    ),
    "not installed": (ObjectStoragePath("gs://bucket/users.jsonl"), "gs://bucket/users.jsonl"),
}
EACH = pytest.mark.parametrize("kind", PATHS)


@EACH
def test_a_path_is_kept_as_text(kind: str) -> None:
    path, text = PATHS[kind]
    assert is_path(path)
    assert as_text(path) == text
    assert FileRows(path).path == text
    assert FileRows([path, path]).path == [text, text]
    assert Rejects(path).path == text
    assert Rejects([path]).path == [text]
    assert ChangedOnly(path).path == text


@EACH
def test_a_path_that_a_task_returned_is_handed_on_as_text(kind: str) -> None:
    path, text = PATHS[kind]
    for source in (FileRows(text), Rejects(text)):
        source.path = path
        assert source.arguments()["path"] == text
        source.path = [path, text]
        assert source.arguments()["path"] == [text, text]


@pytest.mark.parametrize("value", [5, None, b"/data", "", {}, [5]], ids=["int", "None", "bytes", "empty", "dict", "in"])
@pytest.mark.parametrize("source", [FileRows, Rejects])
def test_what_is_no_path_is_an_error_of_the_dag(source: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^path is .*; give "):
        source(value)


@pytest.mark.parametrize("source", [FileRows, Rejects])
def test_an_address_that_was_made_a_path_is_told_from_a_relative_path(source: Any) -> None:
    with pytest.raises(ValueError, match=r"^path is .*pathlib\.Path makes one slash of the two in 's3://'; give text"):
        source(Path("s3://bucket/users.jsonl"))
