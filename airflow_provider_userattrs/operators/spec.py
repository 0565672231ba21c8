# SPDX-License-Identifier: Apache-2.0
"""Makes the specification of a push of an operator's parameters, once Airflow has rendered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.operators import guards
from airflow_provider_userattrs.operators.object_parameters import render_changed_only, render_log_to
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.row_guard import RowGuard
from airflow_provider_userattrs.task.failure import WrongParameter
from airflow_provider_userattrs.task.spec import PushSpec

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.changes import ChangedOnly
    from airflow_provider_userattrs.operators.base import UserPushOperator
    from airflow_provider_userattrs.push_log import PushLog

#: The shared parameters that the report shows, in the order of their documentation.
_SHOWN = (
    "where",
    "duplicates",
    "nulls",
    "expect_rows",
    "max_change",
    "max_failed",
    "on_empty",
    "limit",
    "concurrency",
    "timezone",
    "checkpoint_path",
    "on_unknown",
    "allow_restart",
)


def spec_of(operator: UserPushOperator, context: Context) -> PushSpec:
    """Return what an operator asks of this try; it says so if a parameter is invalid.

    :param operator: the operator, with its parameters rendered.
    :param context: the task's context.
    """
    refused = operator.check_rendered()
    changed_only = log_to = None
    try:
        if operator.changed_only is not None:
            changed_only = render_changed_only(operator.changed_only, context)
        if operator.log_to is not None:
            log_to = render_log_to(operator.log_to, context)
    except (WrongParameter, RefusedConfiguration) as error:
        refused = refused or RefusedConfiguration(str(error))
    return PushSpec(
        operation=operator.make_operation(),
        make_mapper=lambda: operator.make_mapper(operator.rendered_columns(context)),
        make_hook=operator.make_hook,
        users=operator.users,
        columns_field=operator.columns_field,
        named_columns=operator.named_columns,
        identity=operator.configuration(),
        parameters=_shown(operator, changed_only, log_to),
        log=operator.log,
        refused=refused,
        user_cache=operator.make_user_cache(),
        verify=operator.verify,
        changed_only=changed_only,
        log_to=log_to,
        retries=operator.retries or 0,
        shard=operator.shard,
        rate_limit=operator.rate_limit,
        concurrency=operator.concurrency,
        guard=RowGuard() if refused else guards.make_guard(operator.expect_rows, operator.max_change),
        max_failed=cast("float | None", operator.max_failed),  # a number, once it is settled
        on_empty=_on_empty(operator),
        limit=operator.limit,
        sample=operator.sample,
        sample_values=operator.sample_values,
        duplicates=operator.duplicates,
        dry_run=operator.is_dry_run,
        rejects_path=operator.rejects_path,
        checkpoint_path=operator.checkpoint_path,
        on_unknown=operator.on_unknown,
        allow_restart=operator.allow_restart,
    )


def _shown(operator: UserPushOperator, changed_only: ChangedOnly | None, log_to: PushLog | None) -> dict[str, Any]:
    """Return the parameters as the report shows them."""
    fields = (
        operator.user_field,
        *operator.configuration_fields,
        operator.columns_field,
        "rate_limit",
        *operator.delivery_fields,
        *_SHOWN,
    )
    return {
        "users": str(operator.users),
        **{field: getattr(operator, field) for field in fields},
        "changed_only": None if changed_only is None else changed_only.path,
        "log_to": None if log_to is None else log_to.in_words,
    }


def _on_empty(operator: UserPushOperator) -> str:
    """Return what it means here that there are no rows: nothing, if upstream was skipped or other shards have some.

    A task runs after a skipped one only if its trigger rule allows it.
    """
    return "ok" if operator.is_one_of_many or operator.users.are_skipped else operator.on_empty
