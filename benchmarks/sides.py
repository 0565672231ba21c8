# SPDX-License-Identifier: Apache-2.0
"""What is measured, each in a process of its own: ``python sides.py SIDE '{"url": ..., "rows": ...}'``.

Prints one line of JSON: rows, seconds, processor seconds, peak memory in bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loops import post_loop, session_loop, session_pool, tuned_session
from operations import BULK, VENDORS
from shapes import Users, made
from warehouse import bare_cursor, parquet_dicts, source


def dumps(url: str, rows: int, vendor: str, shape: str = "plain") -> Callable[[], None]:
    """Encode the same rows with the standard library's JSON, one by one."""
    users = made(shape, rows, text=VENDORS[vendor].text)

    def run() -> None:
        for user in users:
            json.dumps(user, default=str)

    return run


def package(
    url: str,
    rows: int,
    vendor: str = "engagelab",
    concurrency: int = 16,
    rate: float | None = None,
    verify: str | None = None,
    send: bool = True,
    kind: str | None = None,
    where: str = "",
    known: str | None = None,
    changed: bool = False,
    dry_run: bool = False,
    bulk: bool = False,
    shape: str | None = None,
    rejects: str | None = None,
) -> Callable[[], None]:
    """Push through the real operator; without ``send``, an answer is made up in place of the request.

    :param known: the folder for what the vendor is known to hold, to send only what changed.
    :param changed: whether one user of 50 has changed.
    :param bulk: whether a request holds as many users as fit.
    :param shape: which rows to push, from a list; None for plain ones that are made one by one.
    :param rejects: the file for the rows not accepted, which one in ten then is.
    """
    from importlib import import_module

    from airflow.providers.common.compat.sdk import BaseHook

    from airflow_provider_userattrs.changes import ChangedOnly
    from airflow_provider_userattrs.push.model.operation import Response
    from airflow_provider_userattrs.task.run import Run

    extra = {"verify": verify} if verify else {}
    os.environ[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"] = json.dumps(
        {"conn_type": vendor, "host": f"{url}/{vendor}", "login": "key", "password": "secret", "extra": extra}
    )
    of = BULK if bulk else VENDORS[vendor]
    # The peers' imports are not measured either, nor Airflow's own at the first look at a connection.
    import_module(f"airflow_provider_userattrs.hooks.{vendor}")
    BaseHook.get_connection(f"{vendor}_default")
    operator_class = getattr(import_module(f"airflow_provider_userattrs.operators.{vendor}"), of.operator)
    if shape is not None:
        users: Any = made(shape, rows, text=of.text)
    else:
        users = source(kind, rows, where) if kind else Users(rows, of.text, changed, rejects is not None)
    operator = operator_class(
        task_id="push",
        users=users,
        rejects_path=rejects,
        concurrency=concurrency,
        rate_limit=rate or 1e8,
        retries=0,
        dry_run=dry_run,
        changed_only=ChangedOnly(known) if known else None,
        **of.parameters,
    )
    if not send:
        make_hook = operator.make_hook
        answer = Response(200, {}, of.answer)

        def make_silent_hook() -> Any:
            hook = make_hook()
            hook.sender = lambda operation: lambda body, *, before_send: answer
            return hook

        operator.make_hook = make_silent_hook
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=0)

    def run() -> None:
        context: Any = {"ti": ti, "task": operator}
        one = Run(operator.make_spec(context), context)
        report = one.run()
        assert one.error is None, report
        of_them = rows // 50 if changed else rows - rows // 10 if rejects or shape == "invalid" else rows
        assert report["rows"] == (of_them if kind == "window" else rows), report
        assert report["accepted"] == (0 if dry_run else of_them), report

    return run


SIDES: dict[str, Callable[..., Callable[[], None]]] = {
    "package": package,
    "post_loop": post_loop,
    "session_loop": session_loop,
    "session_pool": session_pool,
    "tuned_session": tuned_session,
    "bare_cursor": bare_cursor,
    "parquet_dicts": parquet_dicts,
    "dumps": dumps,
}


def measure(run: Callable[[], None], rows: int) -> None:
    """Run, and print what it took."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is from here on
    cpu, started = time.process_time(), time.perf_counter()
    run()
    print(
        json.dumps(
            {
                "rows": rows,
                "seconds": time.perf_counter() - started,
                "cpu": time.process_time() - cpu,
                "memory": int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024,
            }
        )
    )


if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    if options.pop("pinned", False):  # a process that changes cores costs up to a half more, and never the same
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measure(SIDES[sys.argv[1]](**options), options["rows"])
