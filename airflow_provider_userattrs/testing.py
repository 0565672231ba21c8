# SPDX-License-Identifier: Apache-2.0
"""For unit tests of DAGs: what an operator makes of rows, without network, connection and Airflow's database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from airflow_provider_userattrs.cli.context import params_of
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.parameters import check_users
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.push import Push
from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import PushReport

__all__ = ["Preview", "Update", "preview"]


@dataclass(frozen=True)
class Update:
    """What would be sent of one row.

    :param row: the number of the row, from 0.
    :param user: what names the user: an id, or a dict of credentials.
    :param attributes: attribute -> value, as the vendor's API takes it; a decimal is a ``Decimal``.
    :param unset: the names of the attributes to remove.
    """

    row: int
    user: Any
    attributes: dict[str, Any]
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What an operator makes of rows.

    :param updates: what would be sent, in the order of the rows.
    :param bodies: the body of each request, parsed.
    :param faults: row -> its faults, of each row that is invalid.
    :param skipped: row -> why it is not sent on purpose.
    :param report: the report of the dry run; its ``notes`` say which values were changed.
    """

    updates: list[Update]
    bodies: list[Any]
    faults: dict[int, tuple[Verdict, ...]]
    skipped: dict[int, Verdict]
    report: PushReport


def preview(operator: Any, rows: Any, context: Mapping[str, Any] | None = None) -> Preview:
    """Return what an operator would send for rows, and what is wrong with the others.

    Nothing is sent, and no connection is read. Rows are mapped, checked and put into requests as in a push that sends
    all of them: ``changed_only`` holds nobody back, and ids that a push looks up are not known.

    :param operator: one of the package's operators, such as ``dag.get_task("push")``; its own ``users`` are not read.
    :param rows: the rows: a list of dicts, or a source such as `FileRows`.
    :param context: what the templates of its parameters are rendered with, beside the defaults of its params; None for
        nothing else.
    :raises TypeError: if the operator is none of these, or is mapped.
    :raises ValueError: if a parameter is invalid once it is rendered.
    :raises Exception: whatever keeps a source from being read, such as a file that does not exist.
    """
    if not isinstance(operator, UserPushOperator):
        raise TypeError(
            f"operator is {kind_of(operator)}; give one of this package's operators, not mapped with .partial(...)"
        )
    check_users("rows", rows)
    given = {"params": params_of(operator.get_dag(), operator), **(context or {})}
    made = _rendered(operator, given)
    sample = SampledRequests(sys.maxsize)
    seen: list[tuple[UserUpdate | Outcome, Verdict]] = []
    push = Push(
        PushPlan(
            made.make_operation(),
            made.make_mapper(made.rendered_columns(given)),  # type: ignore[arg-type]
            rate=made.rate_limit,
            dry_run=True,
            sample=sample,
            max_failed=made.max_failed,  # type: ignore[arg-type]
            on_empty=made.on_empty,
            limit=made.limit,
            duplicates=made.duplicates,
            on_verdicts=(lambda updates, verdicts: seen.extend(zip(updates, verdicts, strict=True)),),
        )
    )
    source = _Read(Rows(rows).rows())
    report = push.run(source)
    if source.error is not None:
        raise source.error
    seen.sort(key=lambda pair: pair[0].position)
    others = [(row.position, verdict) for row, verdict in seen if verdict is not DRY_RUN]
    return Preview(
        updates=[
            Update(row.position, row.user, _plain(row.attributes), tuple(row.unset))
            for row, verdict in seen
            if verdict is DRY_RUN and isinstance(row, UserUpdate)
        ],
        bodies=[json.loads(each.body) for each in sample.requests],
        faults={at: _faults(verdict) for at, verdict in others if verdict.status is not Status.SKIPPED},
        skipped={at: verdict for at, verdict in others if verdict.status is Status.SKIPPED},
        report=report,
    )


class _Read:
    """Rows, and the error with which their source broke: a test must not take that for rows that are not there."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = rows
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._rows
        except Exception as error:
            self.error = error
            raise


def _plain(value: Any) -> Any:
    """Return a value with the numbers that are kept as JSON text, digit by digit, as Decimals."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, orjson.Fragment):
        return json.loads(orjson.dumps(value), parse_float=Decimal, parse_int=Decimal)
    return value


def _faults(verdict: Verdict) -> tuple[Verdict, ...]:
    return replace(verdict, others=()), *verdict.others


def _rendered(operator: UserPushOperator, context: dict[str, Any]) -> UserPushOperator:
    """Return the operator with the templates of its parameters rendered, but for those of its rows."""
    made = copy(operator)
    if made.users.are_deferred:  # an upstream task's output, which a test does not have
        made.users = Rows([])
    for field in made.template_fields:
        if field not in made.upstream_fields:
            setattr(made, field, made.render_template(getattr(made, field), context))  # type: ignore[arg-type]
    if (refused := made.check_rendered()) is not None:
        raise ValueError(str(refused))
    return made
