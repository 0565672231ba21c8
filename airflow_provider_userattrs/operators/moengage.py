# SPDX-License-Identifier: Apache-2.0
"""Operators that set and unset attributes in MoEngage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.rule import Rule
from airflow_provider_userattrs.operators.setting import SettingOperator
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.task.failure import WrongParameter
from airflow_provider_userattrs.vendors.moengage import api as moengage

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.moengage import MoEngageHook

__all__ = ["MoEngageSetAttributesOperator", "MoEngageUnsetAttributesOperator"]


#: Users that may be read back at most: a minute's worth.
_MAX_VERIFIED = 1_000


def _check_verify(name: str, value: Any) -> None:
    """Check how many users are read back."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_VERIFIED:
        parameters.refuse(name, value, f"give a number of users (int) from 0 to {_MAX_VERIFIED:,}; 0 reads none back")


class _MoEngageOperator(UserPushOperator):
    """Base class of MoEngage's operators.

    :param customer_id: the column with the user's id.
    :param bulk: whether a request holds as many users as fit.
    :param verify: how many of the accepted users are read back.
    :param moengage_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (
        *UserPushOperator.template_fields,
        "attributes",
        "customer_id",
        "moengage_conn_id",
    )

    delivery_fields: ClassVar[tuple[str, ...]] = ("bulk", "verify")
    user_field: ClassVar[str] = "customer_id"
    checks: ClassVar[dict[str, parameters.Check]] = {
        **UserPushOperator.checks,
        "customer_id": column_parameters.check_column,
        "bulk": parameters.check_flag,
        "verify": _check_verify,
        "moengage_conn_id": parameters.check_conn_id,
    }

    def __init__(
        self,
        *,
        customer_id: str = "customer_id",
        bulk: bool = False,
        verify: int = 0,
        moengage_conn_id: str = "moengage_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.customer_id = customer_id
        self.bulk = bulk
        self.verify = verify
        self.moengage_conn_id = moengage_conn_id

    def make_hook(self) -> MoEngageHook:
        """Return the hook."""
        from airflow_provider_userattrs.hooks.moengage import MoEngageHook

        return MoEngageHook(self.moengage_conn_id)


class MoEngageSetAttributesOperator(_MoEngageOperator, SettingOperator):
    """Set user attributes in MoEngage: one request per user, at most 10,000 users per minute; in bulk 60,000.

    MoEngage queues updates: an ``accepted`` row is queued, and stored some time later.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param customer_id: the column with the user's id.
    :param attributes: None for every other column; a list of columns; or ``{attribute: column}``, with
        ``Constant``, ``Hashed``, ``Phone`` and ``Using`` allowed as values. ``platforms`` is one of them.
    :param operation: ``"set"``; ``"add"`` adds values to arrays, and is never sent again while it is in doubt whether
        it arrived; ``"remove"`` removes values from arrays.
    :param nulls: what a NULL means: ``"skip"`` the attribute, or with ``operation="set"`` ``"unset"`` it.
    :param exclude: columns that are not sent, of all columns or of a list of them.
    :param rename: ``{column: attribute}`` for columns whose attribute has another name; all others keep theirs.
    :param on_bad_value: whether a value that cannot be sent makes its ``"row"`` invalid, or its ``"attribute"`` is left
        out, noted in the report, and the rest of the row is sent.
    :param oversize: ``"refuse"`` names, texts and lists that MoEngage would cut, or ``"send"`` them anyway.
    :param update_existing_only: whether to skip users that MoEngage does not know, which it creates otherwise.
    :param bulk: whether a request holds as many users as fit, at most 100 KB, and the cap is 60,000 users per minute.
    :param verify: how many of the accepted users, drawn at random, are read back and compared with what was sent, 30 s
        to five minutes after the last row; at most 1,000. The report says what was found, and the task fails for none.
    :param moengage_conn_id: the Airflow connection.
    """

    configuration_fields: ClassVar[tuple[str, ...]] = (
        *SettingOperator.configuration_fields,
        "operation",
        "oversize",
        "update_existing_only",
    )
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_MoEngageOperator.checks,
        **SettingOperator.checks,
        "attributes": column_parameters.check_columns,
        "operation": parameters.choice(*moengage.SET_OPERATIONS),
        "oversize": parameters.choice("refuse", "send"),
        "update_existing_only": parameters.check_flag,
    }

    def __init__(
        self,
        *,
        attributes: Any = None,
        operation: str = "set",
        oversize: str = "refuse",
        update_existing_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.operation = operation
        self.oversize = oversize
        self.update_existing_only = update_existing_only
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return moengage.set_attributes(
            self.operation or "set",  # None: a template rendered to an unknown operation; nothing is sent
            check_size=self.oversize != "send",
            update_existing_only=self.update_existing_only,
            bulk=self.bulk,
        )

    def mapper_options(self) -> dict[str, Any]:
        """Return the mapper's options."""
        if self.operation != "set" and self.nulls == "unset":
            raise RefusedConfiguration(
                f'nulls is "unset", but operation="{self.operation}" only changes arrays; use "skip"'
            )
        return super().mapper_options()


def _check_read_back(operator: MoEngageUnsetAttributesOperator) -> None:
    if operator.verify and not operator.make_operation().read_back:
        raise WrongParameter(
            "verify asks for the attributes by their names, and with another match than 'equals', or without "
            "case_sensitive, those that are removed may have other names; leave verify out"
        )


class MoEngageUnsetAttributesOperator(_MoEngageOperator):
    """Remove user attributes in MoEngage: one request per user, at most 10,000 users per minute; in bulk 60,000.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param customer_id: the column with the user's id.
    :param attributes: the names of the attributes to remove, or with another ``match`` parts of their names.
    :param match: ``"equals"``; ``"prefix"``, ``"suffix"`` and ``"contains"`` may remove many attributes at once.
    :param case_sensitive: whether case matters when names are matched.
    :param bulk: whether a request holds as many users as fit, at most 100 KB, and the cap is 60,000 users per minute.
    :param verify: how many of the accepted users, drawn at random, are read back, 30 s to five minutes after the last
        row, to see whether they still have the attributes; at most 1,000, and only of names that are matched as they
        are, by ``match="equals"`` and ``case_sensitive=True``.
    :param moengage_conn_id: the Airflow connection.
    """

    configuration_fields: ClassVar[tuple[str, ...]] = ("match", "case_sensitive")
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_MoEngageOperator.checks,
        "nulls": parameters.NO_VALUES,
        "attributes": column_parameters.check_names,
        "match": parameters.choice(*moengage.MATCHES),
        "case_sensitive": parameters.check_flag,
    }
    rules: ClassVar[tuple[Rule, ...]] = (
        *_MoEngageOperator.rules,
        Rule(("verify", "match", "case_sensitive"), _check_read_back),
    )

    def __init__(self, *, attributes: Any, match: str = "equals", case_sensitive: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.match = match
        self.case_sensitive = case_sensitive
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return moengage.unset_attributes(match=self.match, case_sensitive=self.case_sensitive, bulk=self.bulk)
