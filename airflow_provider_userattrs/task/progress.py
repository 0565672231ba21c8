# SPDX-License-Identifier: Apache-2.0
"""How far a push has come, as an XCom, for the Push report tab; a checkpoint in the task state store says it too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from airflow_provider_userattrs._airflow import AirflowPlugin, XCom
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.task.keys import PROGRESS_KEY
from airflow_provider_userattrs.task.log import Log

#: Whether this Airflow has tabs that plugins make (3.1 and later); before, nobody would read it.
IS_SHOWN = hasattr(AirflowPlugin, "external_views")

#: Seconds between two reports.
TELL_EVERY = 2.0


class ProgressXCom:
    """Keep the report so far in an XCom while the task runs.

    :param ti: the task instance.
    :param log: the task's log.
    :param clock: tells the time.
    """

    def __init__(self, ti: Any, log: Log, clock: Clock) -> None:
        self._ti = ti
        self._log = log
        self._clock = clock
        self._told_at = clock.monotonic()
        self._is_written = False
        self._is_broken = not IS_SHOWN

    def go_on(self, account: Account) -> None:
        """Keep the report so far in place of the last one, every 2 s; that it cannot be kept is no harm to the push."""
        now = self._clock.monotonic()
        if self._is_broken or now < self._told_at + TELL_EVERY:
            return
        self._told_at = now
        try:
            self._ti.xcom_push(key=PROGRESS_KEY, value=account.as_dict())
            self._is_written = True
        except Exception as error:
            self._is_broken = True
            self._log.info("The Push report tab cannot be told of the progress (%s)", type(error).__name__)

    def close(self) -> None:
        """Take the XCom away: the report has come, and it was only on the way there."""
        if not self._is_written:
            return
        ti = self._ti
        with suppress(Exception):
            XCom.delete(
                key=PROGRESS_KEY, dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=ti.map_index
            )
