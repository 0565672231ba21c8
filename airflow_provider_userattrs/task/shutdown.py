# SPDX-License-Identifier: Apache-2.0
"""Turns SIGTERM (a worker shuts down, a task is marked or cleared) and `execution_timeout` into an orderly stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.model.errors import RetryLater, SourceInterrupted
from airflow_provider_userattrs.sources.database import blocking

if TYPE_CHECKING:
    from typing_extensions import Self

#: signal -> what it means. SIGALRM is how Airflow keeps `execution_timeout`.
_MEANINGS = {
    signal.SIGTERM: "The task was told to stop (SIGTERM): it was marked or cleared, or its worker shuts down",
    signal.SIGALRM: "execution_timeout is over",
}

#: Airflow's exchange with the task's supervisor: a response that was not awaited would be mistaken for the next one.
_SUPERVISOR = "airflow.sdk.execution_time.comms"

#: Seconds the main thread has to handle a signal before a blocking call is aborted, and between two reminders.
_PATIENCE = 0.25

#: Seconds a source has to clean up, before it is interrupted once more.
_CLEANING_UP = 1.0

_END = b"\0"  # no signal has this number


class Interrupted(RetryLater):
    """The task was asked to stop; a later try resumes the push."""


class Interruption:
    """Handles SIGTERM and SIGALRM during a push, and passes them on to Airflow's own handlers at the end.

    A handler that only sets a flag would leave a source hanging, because Python resumes the system call that a signal
    interrupts (PEP 475); one that raises anywhere would break the counts. So this one raises while rows are read and
    before the delivery begins, and sets a flag anywhere else. Python runs no handler while the main thread is in a
    C library, such as a database's client; a thread interrupts the client then.

    :param source: the function that runs while rows are read.
    """

    def __init__(self, source: Callable[..., Any]) -> None:
        self._source = source.__code__
        #: The error with which the push stops, or None.
        self.why: Interrupted | None = None
        self._frame: FrameType | None = None
        self._number = signal.SIGTERM
        self._interrupt: Callable[[Interrupted], None] | None = None
        self._may_raise = False
        self._raise_from = 0.0
        self._is_over = False
        self._airflows: dict[signal.Signals, Any] = {}
        self._watch: _Watch | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            self._watch = _Watch(self._remind)
            self._airflows = {each: signal.signal(each, self._handle) for each in _MEANINGS}
            _entered.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._watch is not None:
            _entered.remove(self)
            self._watch.close()  # first, so that no reminder reaches Airflow's handlers
            self._give_back()

    def _give_back(self) -> None:
        for each, handler in self._airflows.items():
            signal.signal(each, handler)

    def prepare(self) -> None:
        """Allow everything before the delivery to be interrupted at any point.

        :raises SourceInterrupted: if a signal arrived already.
        """
        self._may_raise = True
        if self.why is not None:
            raise SourceInterrupted

    @contextmanager
    def delivering(self, interrupt: Callable[[Interrupted], None]) -> Iterator[None]:
        """Interrupt a delivery through a function while it runs; afterwards nothing is interrupted any more.

        :param interrupt: called with the error to stop with; it runs in a signal's handler.
        """
        self._interrupt, self._may_raise = interrupt, False
        if self.why is not None:
            interrupt(self.why)
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """Allow no further interruption: the report is being made."""
        self._is_over = True
        self._may_raise = False

    def forward(self, message: str) -> BaseException | None:
        """Pass the signal on to Airflow's own handler; return what it raises, with another message.

        :param message: why the task fails.
        """
        handler = self._airflows.get(self._number) if self.why is not None else None
        if not callable(handler):
            return None
        try:
            handler(self._number, self._frame)
        except BaseException as error:
            error.args = (message,)
            return error
        return None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_over:
            return
        if self.why is None:
            self._number, self._frame = signal.Signals(number), frame
            self.why = Interrupted(_MEANINGS[self._number])
            if self._interrupt is not None:
                self._interrupt(self.why)
        reads_rows, asks_supervisor = _activity(frame, self._source)
        now = time.monotonic()
        if asks_supervisor or not (self._may_raise or reads_rows) or now < self._raise_from:
            return
        self._may_raise = False
        self._raise_from = now + _CLEANING_UP
        raise SourceInterrupted

    def _remind(self, number: int) -> bool:
        """Remind the main thread of a signal that it has not handled; return False once it has."""
        if self._is_over:
            return False
        blocking.interrupt_connections()
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        return True


_entered: list[Interruption] = []


def _leave_to_airflow() -> None:
    """Handle no signal in a process that a source has forked."""
    for interruption in _entered:
        signal.set_wakeup_fd(-1)
        interruption._give_back()


os.register_at_fork(after_in_child=_leave_to_airflow)


def _activity(frame: FrameType | None, source: CodeType) -> tuple[bool, bool]:
    """Return whether rows are being read, and whether the supervisor is being asked something."""
    reads_rows = asks_supervisor = False
    while frame is not None:
        reads_rows |= frame.f_code is source
        asks_supervisor |= frame.f_globals.get("__name__") == _SUPERVISOR
        frame = frame.f_back
    return reads_rows, asks_supervisor


class _Watch:
    """Notices signals at once in a thread of its own, even while the main thread is in a C library.

    :param remind: called with the signal's number, again and again while it returns True.
    """

    def __init__(self, remind: Callable[[int], bool]) -> None:
        self._remind = remind
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._before = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._run, name="userattrs-signals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        signal.set_wakeup_fd(self._before)
        os.write(self._write_end, _END)
        self._thread.join()
        os.close(self._read_end)
        os.close(self._write_end)

    def _run(self) -> None:
        while _END not in (received := os.read(self._read_end, 64)):
            for number in set(received) & set(_MEANINGS):
                time.sleep(_PATIENCE)
                while self._remind(number):
                    time.sleep(_PATIENCE)
