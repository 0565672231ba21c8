# SPDX-License-Identifier: Apache-2.0
"""What a test logs, by whatever logger: the fixture `log`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

_PACKAGE = "airflow_provider_userattrs"
#: Where Airflow has what it masks in logs, by version.
_MASKERS = (
    "airflow._shared.secrets_masker",
    "airflow.sdk._shared.secrets_masker",
    "airflow.sdk.execution_time.secrets_masker",
    "airflow.utils.log.secrets_masker",
)


@dataclass(frozen=True)
class Line:
    """One line of a log, before anything is masked."""

    level: str
    logger: str
    text: str
    error: BaseException | None = None

    @property
    def ours(self) -> bool:
        """Return whether the package wrote it."""
        return _PACKAGE in self.logger


class Log(list[Line]):
    """What was logged, in its order, by the package and by all others."""

    @property
    def ours(self) -> list[Line]:
        return [line for line in self if line.ours]

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.ours]

    @property
    def errors(self) -> list[BaseException]:
        """What tasks raised, as Airflow logged it: each try once."""
        found: list[BaseException] = []
        for line in self:
            if line.error is not None and "Task failed" in line.text and line.error not in found:
                found.append(line.error)
        return found

    def copied(self) -> Log:
        """Return what was logged so far."""
        return Log(self)

    def everything(self) -> str:
        """Return all that can be read in the log, the exceptions and what they were raised from included."""
        return "\n".join(f"{line.text} {_chain_text(line.error)}" for line in self)


def _chain_text(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(f"{error!r} {error}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(parts)


def _formatted(event: object, args: Any) -> str:
    text = str(event)
    if not args:
        return text
    with suppress(TypeError, ValueError, KeyError):
        return text % (args if isinstance(args, (tuple, dict)) else (args,))
    return f"{text} {args!r}"


def _recording_processor(log: Log) -> Callable[[Any, str, dict[str, Any]], dict[str, Any]]:
    def record(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        info = event.get("exc_info")
        error = info if isinstance(info, BaseException) else None
        if info is not None and error is None and (info is True or isinstance(info, tuple)):
            error = sys.exc_info()[1] if info is True else info[1]
        rest = {name: value for name, value in event.items() if name not in {"event", "exc_info", "positional_args"}}
        text = _formatted(event.get("event"), event.get("positional_args"))
        name = str(getattr(logger, "name", None) or event.get("logger", ""))
        # Airflow 3 logs, at level debug, what is to be masked and what a task returns; docs/versions.md says so.
        if type(event.get("msg")).__name__ in ("MaskSecret", "SetXCom"):
            return event
        log.append(Line(method, name, text if not rest else f"{text} {rest}", error))
        return event

    return record


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(0)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log.append(Line(record.levelname.lower(), record.name, record.getMessage(), error))


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is logged: by structlog on Airflow 3, by the standard library on Airflow 2 and by libraries."""
    import airflow  # noqa: F401  it configures logging

    recorded = Log()
    handler = _Handler(recorded)
    task_logger = logging.getLogger("airflow.task")
    loggers = [logging.getLogger(), *([] if task_logger.propagate else [task_logger])]
    for logger in loggers:
        logger.addHandler(handler)
    processors: list[Any] = []
    with suppress(ImportError):
        import structlog

        processors = structlog.get_config()["processors"]
    processor = _recording_processor(recorded)
    processors.insert(0, processor)
    yield recorded
    with suppress(ValueError):
        processors.remove(processor)
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture(autouse=True)
def _masked_by_this_test_alone() -> Iterator[None]:
    """Have Airflow forget afterwards what a test had it mask: it might hide a leak in the next one."""
    before = [(masker, set(masker.patterns), masker.replacer) for masker in _maskers()]
    yield
    for masker, patterns, replacer in before:
        masker.patterns, masker.replacer = patterns, replacer


def _maskers() -> Iterator[Any]:
    for name in _MASKERS:
        if name in sys.modules and (masker := vars(sys.modules[name]).get("_secrets_masker")):
            yield masker()
