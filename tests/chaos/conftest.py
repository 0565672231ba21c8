# SPDX-License-Identifier: Apache-2.0
"""Tasks that are killed: each try runs in a process of its own, which a signal may end at any row."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cases import Case, Pushed

MAX_TRIES = 12


class MortalRows:
    """Give rows, and send this process a signal before one of them is read.

    :param rows: the rows.
    :param number: the signal, or None.
    :param at: before which row.
    """

    def __init__(self, rows: list[dict[str, Any]], number: int | None = None, at: int = 0) -> None:
        self._rows = rows
        self._number = number
        self._at = at

    def identity(self) -> Any:
        return self._rows

    def rows(self) -> Iterator[dict[str, Any]]:
        for position, row in enumerate(self._rows):
            if self._number is not None and position == self._at:
                os.kill(os.getpid(), self._number)
            yield row


class Tries:
    """Try one task again and again, each time in a new process.

    :param case: the operation.
    :param rows: the rows, or a source of them that sends signals by itself.
    :param folder: where checkpoint, rejects and reports are kept.
    :param clock: makes the clock of each try.
    """

    def __init__(self, case: Case, rows: Any, folder: Path, clock: Callable[[], Any]) -> None:
        self.case = case
        self.rows = rows
        self.folder = folder
        self.clock = clock
        self.kills = 0

    def once(self, number: int | None = None, at: int = 0, **parameters: Any) -> dict[str, Any] | None:
        """Run one try; return its report, or None if it was killed.

        :param number: the signal that ends it, or None.
        :param at: before which row.
        :param parameters: further ones of the operator.
        """
        result = self.folder / "report.json"
        result.unlink(missing_ok=True)
        process = os.fork()
        if process == 0:
            try:
                users = MortalRows(self.rows, number, at) if isinstance(self.rows, list) else self.rows
                result.write_text(json.dumps(self._push(users, parameters)))
            except BaseException:
                (self.folder / "error").write_text(traceback.format_exc())
            finally:
                os._exit(0)
        _, ended = os.waitpid(process, 0)
        error = self.folder / "error"
        assert not error.exists(), error.read_text()
        if os.WIFSIGNALED(ended):
            assert os.WTERMSIG(ended) == signal.SIGKILL
            self.kills += 1
            return None
        report: dict[str, Any] = json.loads(result.read_text())
        return report

    def _push(self, users: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        from airflow_provider_userattrs.operators.users import Rows
        from airflow_provider_userattrs.task import run
        from airflow_provider_userattrs.task.shutdown import Interruption

        setattr(run, "Clock", self.clock)  # noqa: B010
        ti = SimpleNamespace(dag_id="chaos", run_id="run", task_id="push", map_index=-1, max_tries=MAX_TRIES)
        operator = self.case.operator(
            task_id="push",
            users=users,
            checkpoint_path=str(self.folder / "checkpoints"),
            rejects_path=str(self.folder / "rejects.jsonl"),
            **self.case.parameters,
            **parameters,
        )
        context: Any = {"ti": ti}
        with Interruption(Rows.rows) as interruption:
            one = run.Run(operator.make_spec(context), context, interruption)
            report = one.run()
        return {**report, "error": type(one.error).__name__ if one.error else None}

    def verdicts(self) -> dict[int, Any]:
        """Give the status of each row: what the rejects file says, and accepted where it says nothing."""
        from airflow_provider_userattrs.push.rejects import files as parts
        from airflow_provider_userattrs.push.rejects.lines import BEGIN
        from airflow_provider_userattrs.sources.rejects import Rejects

        [files] = Rejects(str(self.folder / "rejects.jsonl"))._files()
        texts = [list(file.lines()) for file in files]
        resumptions = [parts.read_head(lines[0]).get("resumed") if lines else None for lines in texts]
        status = dict.fromkeys(range(len(self.rows)), "accepted")
        for number, lines in enumerate(texts):
            later = [resumption for resumption in resumptions[number + 1 :] if resumption]
            for line in lines:
                if not line.startswith(BEGIN) and parts._counts(line, later):
                    result = json.loads(line)
                    status[result["position"]] = result["status"]
        return {position: SimpleNamespace(status=word) for position, word in status.items()}

    def pushed(self, report: dict[str, Any]) -> Pushed:
        """Give the whole push as the judge takes it."""
        return Pushed(report, self.verdicts(), None, report["requests"], report["seconds"])


@pytest.fixture
def tries(tmp_path: Path, fake_clock: Callable[[], Any]) -> Callable[[Case, Any], Tries]:
    return lambda case, rows: Tries(case, rows, tmp_path, fake_clock)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was survived; that nothing was lost and no increase came twice is what the tests assert."""
    total: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        total.update(dict(report.user_properties).get("chaos", {}))
    if total:
        figures = ", ".join(f"{count:,} {name}" for name, count in total.items())
        terminalreporter.write_line(f"chaos: {figures}; 0 rows lost, 0 increases sent twice")
