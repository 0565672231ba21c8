# SPDX-License-Identifier: Apache-2.0
"""Writers of rejects files, and what is read of these."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.rejects_names import Owner, path_of
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.")


class Writers:
    """Open writers of task instances, each a second after the one before."""

    def __init__(self, path: str, clock: Any) -> None:
        self.path = path
        self.clock = clock

    def open(self, run: str, index: int = -1, *, task: str = "push", below: int | None = None) -> RejectsWriter:
        self.clock.advance(1)
        checkpoint = None
        if below is not None:
            checkpoint = Checkpoint(Fingerprint("", ""), below=below, tries=(0, below))
        owner = Owner("nightly", task, run, index)
        return RejectsWriter(
            path_of(self.path, owner), idempotent=True, owner=owner, checkpoint=checkpoint, clock=self.clock
        )

    def write(self, run: str, index: int = -1, *rows: int, **more: Any) -> None:
        with closing(self.open(run, index, **more)) as writer:
            for number in rows:
                writer.write([Outcome(number, REJECTED, {"id": number})])


def ids(source: Rejects) -> list[int]:
    return [row["id"] for row in source.rows()]  # type: ignore[index]
