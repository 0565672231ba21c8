# SPDX-License-Identifier: Apache-2.0
"""How far a push has come, as an XCom, for the Push report tab; a checkpoint in the task state store says it too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin, XCom

from airflow_provider_userattrs.push.resume.snapshot import PROGRESS_KEY
from airflow_provider_userattrs.task.account import Log

#: Whether this Airflow has tabs that plugins make (3.1 and later); before, nobody would read it.
IS_SHOWN = hasattr(AirflowPlugin, "external_views")


class ProgressXCom:
    """Keep the report so far in an XCom while the task runs.

    :param ti: the task instance.
    :param log: the task's log.
    """

    def __init__(self, ti: Any, log: Log) -> None:
        self._ti = ti
        self._log = log
        self._is_written = False
        self._is_broken = not IS_SHOWN

    def write(self, report: dict[str, Any]) -> None:
        """Keep a report in place of the last one; that it cannot be kept is no harm to the push."""
        if self._is_broken:
            return
        try:
            self._ti.xcom_push(key=PROGRESS_KEY, value=report)
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
