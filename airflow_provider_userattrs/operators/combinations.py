# SPDX-License-Identifier: Apache-2.0
"""Parameters that do not go together, or not with what the operator does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.mapped import Mapped
from airflow_provider_userattrs.sources.templates import is_deferred
from airflow_provider_userattrs.task.failure import WrongParameter

if TYPE_CHECKING:
    from airflow_provider_userattrs.operators.base import UserPushOperator
    from airflow_provider_userattrs.operators.users import Rows
    from airflow_provider_userattrs.push.model.operation import Operation


def check(operator: UserPushOperator) -> None:
    """Check what is checked when the DAG is parsed, and again once Airflow has rendered the parameters.

    :param operator: the operator, each of whose parameters has been checked by itself.
    :raises WrongParameter: if two do not go together.
    """
    _check_paths(operator)
    _check_guards(operator)
    _check_operation(operator)


def check_sample(operator: UserPushOperator) -> None:
    """Check that requests are shown of a dry run only; of a template that renders to False the log says it.

    :param operator: the operator, before Airflow has rendered its parameters.
    :raises WrongParameter: if ``sample`` is given without ``dry_run``.
    """
    if operator.is_dry_run is False and operator.sample and not is_deferred(operator.sample):
        raise WrongParameter(
            "sample shows what a dry run would send, and dry_run is False; set dry_run=True, or a template, or "
            "leave sample out"
        )


def check_on_empty(operator: UserPushOperator) -> None:
    """Check that it is not a shard that must have rows.

    :param operator: the operator, once Airflow has rendered its parameters.
    :raises WrongParameter: if it is.
    """
    if operator.on_empty == "fail" and operator.is_one_of_many:
        parameters.refuse("on_empty", "fail", "a shard may be empty while others are not; give it to PushTotalOperator")


def _check_paths(operator: UserPushOperator) -> None:
    if operator.rejects_path is not None and operator.rejects_path == operator.users.path:
        raise WrongParameter("rejects_path is the file that the rows are read from; give another")


def _check_guards(operator: UserPushOperator) -> None:
    """Check that the rows can be counted, and compared with the last push's, which is kept as an XCom."""
    for name, value in (("expect_rows", operator.expect_rows), ("max_change", operator.max_change)):
        if value is not None and not isinstance(value, Mapped):
            _check_countable(operator.users, name)
    if not (operator.max_change is None or isinstance(operator.max_change, Mapped) or operator.do_xcom_push):
        raise WrongParameter(
            "max_change compares with the last push, which is kept as an XCom, and do_xcom_push is False; leave it "
            "True, or leave max_change out"
        )


def _check_countable(users: Rows, parameter: str) -> None:
    if not users.are_countable:
        raise WrongParameter(
            f"{parameter} needs to know how many rows there are before the first is sent, and users is {users.kind} "
            f"without a method count(); add one, or leave {parameter} out"
        )


def _check_operation(operator: UserPushOperator) -> None:
    """Check parameters that are only for operations after which the last update alone decides."""
    changed_only = operator.changed_only
    if not isinstance(changed_only, Mapped):
        _check_since(operator.users, changed_only)
    wants = {
        "changed_only": (
            isinstance(changed_only, ChangedOnly),
            "leave changed_only out, and give only the rows that are new",
        ),
        'duplicates="last"': (operator.duplicates == "last", "without a user's earlier rows too little would arrive"),
    }
    if not any(is_wanted for is_wanted, _ in wants.values()):
        return  # a subclass may not know its operation yet
    if isinstance(getattr(operator, "operation", None), Mapped):
        return
    operation = operator.make_operation()
    for name, (is_wanted, remedy) in wants.items():
        if is_wanted and not operation.overwrites:
            raise WrongParameter(
                f"{name} is for operations that set or unset, and this one ({operation.name}) adds to what is held "
                f"or takes from it; {remedy}"
            )
    if isinstance(changed_only, ChangedOnly) and changed_only.removed == "unset":
        _check_removable(operation, operator.users)


def _check_since(users: Rows, changed_only: ChangedOnly | None) -> None:
    """Check that rows may be read by when they changed, if they are."""
    if users.windowed is None:
        return
    if users.are_chained:
        raise WrongParameter("users is several sources, one of which has since=; give that one alone")
    if changed_only is None:
        raise WrongParameter(
            "users has since=, which needs changed_only=ChangedOnly(...): beside what is known it keeps up to when "
            "rows are finished, and it skips those that are read twice"
        )
    if changed_only.removed == "unset":
        raise WrongParameter(
            "changed_only.removed is 'unset', and users has since=: rows that are not read cannot be told from "
            "those that left the query; use 'ignore', or leave since out"
        )


def _check_removable(operation: Operation, users: Rows) -> None:
    """Check that those who left the query can be found and unset."""
    if operation.unsets:
        raise WrongParameter(
            "changed_only.removed is 'unset', and this operator unsets already; use 'ignore', or the operator that sets"
        )
    if operation.encode_unset is None:
        raise WrongParameter(
            f"changed_only.removed is 'unset', and {operation.vendor} has no request that takes back {operation.name}; "
            "use 'ignore'"
        )
    if operation.lookup is not None:
        raise WrongParameter(
            "changed_only.removed is 'unset', and users are looked up: one whose row is not sent, and who is therefore "
            "not looked up, would be taken for one who left; name users by euid, or use 'ignore'"
        )
    if users.are_partial:
        raise WrongParameter(
            f"changed_only.removed is 'unset', and users are {users}: some of a query's rows, and who is not among "
            "them has not left the query; use 'ignore', or give the whole query"
        )
