# SPDX-License-Identifier: Apache-2.0
"""Operators that set and unset attributes in Kahuna."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.setting import SettingOperator
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.kahuna import KahunaHook

__all__ = ["KahunaSetAttributesOperator", "KahunaUnsetAttributesOperator"]


def _check_target(name: str, value: Any) -> None:
    """Check the credentials that name a user: columns, or a dict from credential to column."""
    if not isinstance(value, (Mapping, Sequence)) or isinstance(value, (str, bytes)) or not value:
        parameters.refuse(name, value, "give a list of columns, or a dict from Kahuna's credential to the column")
    for column in (*value, *value.values()) if isinstance(value, Mapping) else value:
        column_parameters.check_name(name, column)


class _KahunaOperator(UserPushOperator):
    """Base class of Kahuna's operators.

    :param target: the credentials to find a user by, in order of preference: columns, or ``{credential: column}``.
    :param kahuna_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*UserPushOperator.template_fields, "attributes", "target", "kahuna_conn_id")

    user_field: ClassVar[str] = "target"
    checks: ClassVar[dict[str, parameters.Check]] = {
        **UserPushOperator.checks,
        "target": _check_target,
        "kahuna_conn_id": parameters.check_conn_id,
    }

    def __init__(self, *, target: Any, kahuna_conn_id: str = "kahuna_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.kahuna_conn_id = kahuna_conn_id

    def make_hook(self) -> KahunaHook:
        """Return the hook."""
        from airflow_provider_userattrs.hooks.kahuna import KahunaHook

        return KahunaHook(self.kahuna_conn_id)


class KahunaSetAttributesOperator(_KahunaOperator, SettingOperator):
    """Set attributes of existing Kahuna users: up to 100 users per request, with a verdict for each.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param target: the credentials to find a user by, in order of preference: a list of columns named as Kahuna names
        the credentials, or ``{credential: column}``. Kahuna takes the first one that matches.
    :param attributes: None for every other column; a list of columns; or ``{attribute: column}``, with
        ``Constant``, ``Hashed``, ``Phone`` and ``Using`` allowed as values.
    :param nulls: what a NULL means: ``"skip"`` the attribute, or ``"unset"`` it.
    :param exclude: columns that are not sent, of all columns or of a list of them.
    :param rename: ``{column: attribute}`` for columns whose attribute has another name; all others keep theirs.
    :param on_bad_value: whether a value that cannot be sent makes its ``"row"`` invalid, or its ``"attribute"`` is left
        out, noted in the report, and the rest of the row is sent.
    :param oversize: ``"refuse"`` values over 2,048 bytes, or ``"send"`` them anyway.
    :param kahuna_conn_id: the Airflow connection.
    """

    configuration_fields: ClassVar[tuple[str, ...]] = (*SettingOperator.configuration_fields, "oversize")
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_KahunaOperator.checks,
        **SettingOperator.checks,
        "attributes": column_parameters.check_columns,
        "oversize": parameters.choice("refuse", "send"),
    }

    def __init__(self, *, attributes: Any = None, oversize: str = "refuse", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.oversize = oversize
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return kahuna.set_attributes(check_size=self.oversize != "send")


class KahunaUnsetAttributesOperator(_KahunaOperator):
    """Delete attributes of existing Kahuna users: up to 100 users per request, with a verdict for each.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param target: the credentials to find a user by, in order of preference: columns, or ``{credential: column}``.
    :param attributes: the names of the attributes to delete.
    :param kahuna_conn_id: the Airflow connection.
    """

    checks: ClassVar[dict[str, parameters.Check]] = {
        **_KahunaOperator.checks,
        "nulls": parameters.NO_VALUES,
        "attributes": column_parameters.check_names,
    }

    def __init__(self, *, attributes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return kahuna.OPERATIONS["unset"]
