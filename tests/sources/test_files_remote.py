# SPDX-License-Identifier: Apache-2.0
"""Files and rejects on a storage that is not local: SFTP, through Airflow's own provider, to a server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
import pytest

from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.shards import split
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter
from airflow_provider_userattrs.task.storage_folder import StorageFolder
from airflow_provider_userattrs.task.stores import PathStore

pytest.importorskip("airflow.providers.sftp.fs.sftp", reason="sftp:// needs apache-airflow-providers-sftp 5.7 or later")


class _Anyone(asyncssh.SSHServer):
    connections: ClassVar[list[Any]] = []

    def connection_made(self, conn: Any) -> None:
        self.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return False


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    folder = tmp_path_factory.mktemp("sftp")
    asyncssh.set_log_level("CRITICAL")  # its clients say goodbye when the log is closed already
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_Anyone,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    yield server.sockets[0].getsockname()[1], folder

    async def close() -> None:
        server.close()
        for connection in _Anyone.connections:
            connection.abort()
            await connection.wait_closed()
        await server.wait_closed()

    asyncio.run_coroutine_threadsafe(close(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


@pytest.fixture
def folder(_server: tuple[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Connect ``files`` to the server, and give a folder there that is this test's own."""
    port, root = _server
    where = {"conn_type": "sftp", "host": "127.0.0.1", "port": port, "login": "ada"}
    monkeypatch.setenv("AIRFLOW_CONN_FILES", json.dumps({**where, "extra": {"no_host_key_check": True}}))
    folder = root / tmp_path.name
    folder.mkdir()
    return folder


def address(folder: Path, name: str) -> str:
    return f"sftp://files@/{folder.name}/{name}"


def test_rows_of_remote_files_and_going_on(folder: Path) -> None:
    rows = [{"id": number} for number in range(2_500)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text(lines)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    source = FileRows(address(folder, "*.jsonl*"))
    items = list(source.rows())
    assert [item for item in items if not isinstance(item, Cursor)] == rows * 2
    position = next(item.value for item in reversed(items) if isinstance(item, Cursor))
    assert [row for row in source.rows(after=position) if not isinstance(row, Cursor)] == rows[2_000:]


def test_remote_files_are_split(folder: Path) -> None:
    for name in "abc":
        (folder / f"{name}.csv").write_text("id\n1\n2\n")
    parts = split(FileRows(address(folder, "*.csv")), 2)
    assert sorted(len(list(part.rows())) for part in parts) == [2, 4]


def test_a_remote_file_that_is_not_there(folder: Path) -> None:
    for name in ("none.csv", "*.csv"):
        with pytest.raises(FileNotFoundError, match="names no file"):
            list(FileRows(address(folder, name)).rows())


def test_rejects_go_to_remote_storage_and_come_back(folder: Path, fake_clock: Any) -> None:
    clock = fake_clock()
    verdict = Verdict(Status.REJECTED, "404", "User not found", "Check.")
    writer = RejectsWriter(address(folder, "rejects.jsonl"), idempotent=True, clock=clock)
    writer.write([Outcome(0, verdict, {"id": 0})])
    assert not writer.settle(now=False), "object storage is spared small files"
    clock.advance(31)
    assert writer.settle(now=False)
    writer.write([Outcome(1, verdict, {"id": 1})])
    writer.close()
    assert sorted(path.name for path in folder.iterdir()) == ["rejects.jsonl", "rejects.part-0002.jsonl"]
    assert list(Rejects(address(folder, "rejects.jsonl")).rows()) == [{"id": 0}, {"id": 1}]


def test_what_is_known_on_remote_storage(folder: Path) -> None:
    def begin() -> tuple[KnownFiles, Any]:
        files = KnownFiles(StorageFolder(address(folder, "known")), "dag~push", {"the mapping": "1"})
        return files, files.load()

    files, known = begin()
    files.note([1, 2], [])
    known.table.set(1, 10)
    files.close(known)
    files, _ = begin()
    files.note([3], [2, 20])
    _, known = begin()
    assert dict(known.table.items()) == {1: 10, 2: 20}
    assert [path.suffix for path in (folder / "known").iterdir()] == [".known"]


def test_a_checkpoint_on_remote_storage(folder: Path) -> None:
    from types import SimpleNamespace

    ti = SimpleNamespace(dag_id="nightly", run_id="manual", task_id="push", map_index=-1)
    store = PathStore(address(folder, "checkpoints"), ti)
    assert store.read() is None
    store.write({"below": 5})
    store.write({"below": 6})
    assert store.read() == {"below": 6}
    store.delete()
    assert store.read() is None


def test_a_remote_path_that_cannot_be_written(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(RefusedConfiguration, match="rejects_path cannot be written"):
        RejectsWriter(address(folder, "file/rejects.jsonl"), idempotent=True)
