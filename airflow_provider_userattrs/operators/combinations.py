# SPDX-License-Identifier: Apache-2.0
"""Rules on parameters that do not go together, or not with what the operator does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.rule import Moment, Rule
from airflow_provider_userattrs.sources.templates import is_deferred
from airflow_provider_userattrs.task.failure import WrongParameter

if TYPE_CHECKING:
    from airflow_provider_userattrs.operators.base import UserPushOperator


def _check_rejects_path(operator: UserPushOperator) -> None:
    if operator.rejects_path is not None and operator.rejects_path == operator.users.path:
        raise WrongParameter("rejects_path is the file that the rows are read from; give another")


def _check_expect_rows(operator: UserPushOperator) -> None:
    if operator.expect_rows is not None:
        _check_countable(operator, "expect_rows")


def _check_max_change(operator: UserPushOperator) -> None:
    if operator.max_change is not None:
        _check_countable(operator, "max_change")


def _check_countable(operator: UserPushOperator, parameter: str) -> None:
    """Check that the rows can be counted before the first is sent."""
    if not operator.users.are_countable:
        raise WrongParameter(
            f"{parameter} needs to know how many rows there are before the first is sent, and users is "
            f"{operator.users.kind} without a method count(); add one, or leave {parameter} out"
        )


def _check_last_is_kept(operator: UserPushOperator) -> None:
    if operator.max_change is not None and not operator.do_xcom_push:
        raise WrongParameter(
            "max_change compares with the last push, which is kept as an XCom, and do_xcom_push is False; leave it "
            "True, or leave max_change out"
        )


def _check_since(operator: UserPushOperator) -> None:
    """Check that rows may be read by when they changed, if they are."""
    users, changed_only = operator.users, operator.changed_only
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


def _check_changed_only(operator: UserPushOperator) -> None:
    if isinstance(operator.changed_only, ChangedOnly):
        _check_overwrites(operator, "changed_only", "leave changed_only out, and give only the rows that are new")


def _check_duplicates(operator: UserPushOperator) -> None:
    if operator.duplicates == "last":
        _check_overwrites(operator, 'duplicates="last"', "without a user's earlier rows too little would arrive")


def _check_overwrites(operator: UserPushOperator, wanted: str, remedy: str) -> None:
    """Check that the operation is one after which the last update alone decides."""
    operation = operator.make_operation()
    if not operation.overwrites:
        raise WrongParameter(
            f"{wanted} is for operations that set or unset, and this one ({operation.name}) adds to what is held "
            f"or takes from it; {remedy}"
        )


def unsets_who_left(operator: UserPushOperator) -> bool:
    """Return whether users who left the query are to be unset."""
    return isinstance(operator.changed_only, ChangedOnly) and operator.changed_only.removed == "unset"


def _check_unset(operator: UserPushOperator) -> None:
    """Check that those who left the query can be unset."""
    if not unsets_who_left(operator):
        return
    operation = operator.make_operation()
    if operation.unsets:
        raise WrongParameter(
            "changed_only.removed is 'unset', and this operator unsets already; use 'ignore', or the operator that sets"
        )
    if operation.encode_unset is None:
        raise WrongParameter(
            f"changed_only.removed is 'unset', and {operation.vendor} has no request that takes back {operation.name}; "
            "use 'ignore'"
        )


def _check_whole(operator: UserPushOperator) -> None:
    """Check that those who left the query can be found."""
    if unsets_who_left(operator) and operator.users.are_partial:
        raise WrongParameter(
            f"changed_only.removed is 'unset', and users are {operator.users}: some of a query's rows, and who is not "
            "among them has not left the query; use 'ignore', or give the whole query"
        )


def _check_sample(operator: UserPushOperator) -> None:
    """Check that requests are shown of a dry run only; of a template that renders to False the log says it."""
    if operator.is_dry_run is False and operator.sample and not is_deferred(operator.sample):
        raise WrongParameter(
            "sample shows what a dry run would send, and dry_run is False; set dry_run=True, or a template, or "
            "leave sample out"
        )


def _check_on_empty(operator: UserPushOperator) -> None:
    """Check that it is not a shard that must have rows."""
    if operator.on_empty == "fail" and operator.is_one_of_many:
        parameters.refuse("on_empty", "fail", "a shard may be empty while others are not; give it to PushTotalOperator")


#: The rules of all operators that push; a vendor's operators may have more.
RULES = (
    Rule(("rejects_path", "users"), _check_rejects_path),
    Rule(("expect_rows", "users"), _check_expect_rows),
    Rule(("max_change", "users"), _check_max_change),
    Rule(("max_change", "do_xcom_push"), _check_last_is_kept),
    Rule(("users", "changed_only"), _check_since),
    Rule(("changed_only", "operation"), _check_changed_only),
    Rule(("duplicates", "operation"), _check_duplicates),
    Rule(("changed_only", "operation"), _check_unset),
    Rule(("changed_only", "users"), _check_whole),
    Rule(("sample", "dry_run"), _check_sample, frozenset({Moment.PARSED})),
    Rule(("on_empty", "shard"), _check_on_empty, frozenset({Moment.RENDERED})),
)
