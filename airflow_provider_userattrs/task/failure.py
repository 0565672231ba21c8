# SPDX-License-Identifier: Apache-2.0
"""Why a task fails: as text for its report, and as the exception that Airflow handles."""

from __future__ import annotations

from airflow_provider_userattrs._airflow import AirflowFailException, AirflowNotFoundException
from airflow_provider_userattrs.push.model.errors import (
    InvalidRow,
    NoRows,
    PushError,
    RefusedConfiguration,
    TooManyFailed,
    UnexpectedRows,
    in_words,
)
from airflow_provider_userattrs.push.model.verdict import Verdict

#: A task that ends with one of these fails for good: a retry would fail the same way. A missing connection is
#: none of them: Airflow says the same of one when its secrets backend fails for a moment (apache/airflow#71307).
_FOR_GOOD = (RefusedConfiguration, TooManyFailed, NoRows, UnexpectedRows, InvalidRow)


class WrongParameter(AirflowFailException, ValueError):
    """A parameter is invalid.

    An error of the DAG when it is parsed; where the operator is made when a mapped task runs, the task fails for good.
    """


def explain(field: str, verdict: Verdict) -> str:
    """Return what is wrong with a parameter.

    :param field: the parameter.
    :param verdict: the verdict on what it says.
    """
    name = f"{verdict.attribute!r}: " if verdict.attribute is not None else ""
    return f"{field}: {name}{verdict.meaning}. {verdict.remedy}"


def explain_error(error: BaseException, columns_field: str) -> str:
    """Return why a task fails.

    :param error: what stopped the push.
    :param columns_field: the parameter that says what is set or unset.
    """
    if isinstance(error, InvalidRow):
        return explain(columns_field, error.verdict)
    return str(error) if isinstance(error, AirflowNotFoundException) else in_words(error)


def to_raise(error: BaseException, words: str) -> BaseException:
    """Return the exception that the task raises.

    :param error: what stopped the push.
    :param words: why the task fails, as in its report.
    """
    if isinstance(error, _FOR_GOOD):
        return AirflowFailException(words)
    if isinstance(error, PushError):
        error.args = (words,)
    return _without_hidden_contexts(error)


def _without_hidden_contexts(error: BaseException) -> BaseException:
    """Drop what an error was raised from where it does not show that: a driver's error may hold a row or a password."""
    link: BaseException | None = error
    while link is not None:
        if link.__suppress_context__:
            link.__context__ = None
        link = link.__cause__ or link.__context__
    return error
