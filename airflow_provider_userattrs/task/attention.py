# SPDX-License-Identifier: Apache-2.0
"""Calls ``on_attention`` when a push succeeds and needs attention."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from airflow_provider_userattrs._airflow import BaseNotifier
from airflow_provider_userattrs.push.report.attention import needs_attention
from airflow_provider_userattrs.task.keys import REPORT_IN_CONTEXT


def note_report(context: Any, report: Any) -> None:
    """Have templates and callbacks of the task find the report.

    :param context: the task's context.
    :param report: the push's report.
    """
    context[REPORT_IN_CONTEXT] = report


def call_on_attention(callbacks: Iterable[Callable[..., Any]], context: Any, report: Any, log: Any) -> None:
    """Call what an author gave as ``on_attention``, if the push needs attention. No error of it changes the verdict.

    A notifier is called as Airflow calls it, with the context alone, in which its templates find ``push_report``. Each
    has a report of its own: what one changes in it changes neither the XCom nor what the next one sees.

    :param callbacks: functions and notifiers.
    :param context: the task's context.
    :param report: the report of a push that succeeded.
    :param log: the task's log.
    """
    if not needs_attention(report):
        return
    for callback in callbacks:
        shown = deepcopy(report)
        note_report(context, shown)
        try:
            callback(context) if isinstance(callback, BaseNotifier) else callback(context, shown)
        except (Exception, SystemExit):  # whatever it is, also sys.exit(), the push has succeeded
            name = getattr(callback, "__name__", type(callback).__name__)
            log.exception("on_attention: %s failed, which changes nothing about the push", name)
    note_report(context, report)
