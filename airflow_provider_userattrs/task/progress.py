# SPDX-License-Identifier: Apache-2.0
"""The progress of a push as an XCom, for the Push report tab, if the task state store has no checkpoint."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from airflow_provider_userattrs._airflow import AirflowPlugin, XCom
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.task.keys import PROGRESS_KEY
from airflow_provider_userattrs.task.log import Log

#: Whether this Airflow shows plugins' tabs (3.1 and later); earlier versions have no reader for it.
IS_SHOWN = hasattr(AirflowPlugin, "external_views")

#: Seconds between two reports.
WRITE_EVERY = 2.0


class ProgressXCom:
    """Stores the report so far in an XCom while the task runs.

    :param ti: the task instance.
    :param log: the task's log.
    :param clock: the source of time.
    """

    def __init__(self, ti: Any, log: Log, clock: Clock) -> None:
        self._ti = ti
        self._log = log
        self._clock = clock
        self._written_at = clock.monotonic()
        self._is_written = False
        self._is_broken = not IS_SHOWN

    def write(self, account: Account) -> None:
        """Store the report so far every 2 s; the push does not depend on it."""
        now = self._clock.monotonic()
        if self._is_broken or now < self._written_at + WRITE_EVERY:
            return
        self._written_at = now
        try:
            self._ti.xcom_push(key=PROGRESS_KEY, value=account.as_dict())
            self._is_written = True
        except Exception as error:
            self._is_broken = True
            self._log.info("The progress cannot be stored for the Push report tab (%s)", type(error).__name__)

    def close(self) -> None:
        """Delete the XCom, which the final report replaces."""
        if not self._is_written:
            return
        ti = self._ti
        with suppress(Exception):
            XCom.delete(
                key=PROGRESS_KEY, dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=ti.map_index
            )
