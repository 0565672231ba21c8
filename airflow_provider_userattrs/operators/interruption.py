# SPDX-License-Identifier: Apache-2.0
"""A worker that shuts down, a task failed by hand, an `execution_timeout`: signals, heard in the middle of a push."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_userattrs.push.errors import RetryLater

#: signal -> what it means. SIGALRM is how Airflow keeps `execution_timeout`.
_MEANINGS = {
    signal.SIGTERM: "the worker was told to stop (SIGTERM)",
    signal.SIGALRM: "execution_timeout is over",
}


class Interrupted(RetryLater):
    """Say that the task was told to go; a later try goes on."""


@contextmanager
def heed(interrupt: Callable[[Interrupted], None]) -> Iterator[None]:
    """Turn signals into a word to the push, and hand them to Airflow's own handlers once it has ended.

    Airflow's handlers raise wherever the push happens to be; so it ends in order first, within seconds.

    :param interrupt: is left the word; it runs in a signal's handler.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    heard: list[tuple[signal.Signals, Any]] = []

    def hear(number: int, frame: Any) -> None:
        heard.append((signal.Signals(number), frame))
        interrupt(Interrupted(f"The push was interrupted: {_MEANINGS[signal.Signals(number)]}"))

    before = {each: signal.signal(each, hear) for each in _MEANINGS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for each, frame in heard:
        handler = before[each]
        if callable(handler):
            handler(each, frame)
