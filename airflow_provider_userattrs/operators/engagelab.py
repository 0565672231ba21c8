# SPDX-License-Identifier: Apache-2.0
"""Operators that set and unset attributes and set contacts in EngageLab Marketing Automation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.setting import SettingOperator
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.vendors.engagelab import api as engagelab

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.engagelab import EngageLabHook

__all__ = ["EngageLabSetAttributesOperator", "EngageLabSetContactsOperator", "EngageLabUnsetAttributesOperator"]


_CHANNELS = ", ".join(engagelab.CHANNELS)


class _EngageLabOperator(UserPushOperator):
    """Base class of EngageLab's operators.

    :param euid: the column with the user's EUID.
    :param engagelab_conn_id: the Airflow connection.
    """

    user_field: ClassVar[str] = "euid"
    checks: ClassVar[dict[str, parameters.Check]] = {
        **UserPushOperator.checks,
        "nulls": parameters.nulls_are_skipped("EngageLab cannot set and unset in one request; use 'skip'"),
        "euid": column_parameters.check_column,
        "engagelab_conn_id": parameters.check_conn_id,
    }

    def __init__(self, *, euid: str = "euid", engagelab_conn_id: str = "engagelab_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.euid = euid
        self.engagelab_conn_id = engagelab_conn_id

    def make_hook(self) -> EngageLabHook:
        """Return the hook."""
        from airflow_provider_userattrs.hooks.engagelab import EngageLabHook

        return EngageLabHook(self.engagelab_conn_id)


class EngageLabSetAttributesOperator(_EngageLabOperator, SettingOperator):
    """Set user attributes in EngageLab: one request per user.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param attributes: None for every other column; a list of columns; or ``{attribute: column}``, with
        ``Constant``, ``Hashed``, ``Phone`` and ``Using`` allowed as values.
    :param operation: ``"set"``; ``"increase"`` adds whole numbers, and is never sent again while it is in doubt
        whether it arrived; ``"add"`` and ``"remove"`` change lists.
    :param exclude: columns that are not sent, of all columns or of a list of them.
    :param rename: ``{column: attribute}`` for columns whose attribute has another name; all others keep theirs.
    :param on_bad_value: whether a value that cannot be sent makes its ``"row"`` invalid, or its ``"attribute"`` is left
        out, noted in the report, and the rest of the row is sent.
    :param euid: the column with the user's EUID, an integer.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*UserPushOperator.template_fields, "attributes", "euid", "engagelab_conn_id")

    configuration_fields: ClassVar[tuple[str, ...]] = (*SettingOperator.configuration_fields, "operation")
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_EngageLabOperator.checks,
        **SettingOperator.checks,
        "attributes": column_parameters.check_columns,
        "operation": parameters.choice(*engagelab.SET_OPERATIONS),
    }

    def __init__(self, *, attributes: Any = None, operation: str = "set", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.operation = operation
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        # None: a template rendered to an unknown operation; nothing is sent, and the task still reports.
        return engagelab.OPERATIONS[self.operation or "set"]


class EngageLabSetContactsOperator(_EngageLabOperator, SettingOperator):
    """Set contact channels in EngageLab: one request per user.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param contacts: a list of columns, or ``{channel: column}`` such as ``{"mobile_phone": "phone"}``, with ``Phone``
        and the like allowed as values. Contacts are text.
    :param channels: ``"known"`` for email, mobile_phone, landline_phone and whatsapp_phone alone, which EngageLab
        documents, or ``"any"``.
    :param check: whether an e-mail address and a phone number must look like one; a contact that does not makes its row
        ``invalid``.
    :param exclude: columns that are not sent, of all columns or of a list of them.
    :param rename: ``{column: attribute}`` for columns whose attribute has another name; all others keep theirs.
    :param on_bad_value: whether a value that cannot be sent makes its ``"row"`` invalid, or its ``"attribute"`` is left
        out, noted in the report, and the rest of the row is sent.
    :param euid: the column with the user's EUID, an integer.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*UserPushOperator.template_fields, "contacts", "euid", "engagelab_conn_id")
    columns_field = "contacts"
    configuration_fields: ClassVar[tuple[str, ...]] = (*SettingOperator.configuration_fields, "channels", "check")
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_EngageLabOperator.checks,
        **SettingOperator.checks,
        "contacts": column_parameters.named_columns(
            f"name them, by a list or by {{channel: column}}; EngageLab documents the channels {_CHANNELS}"
        ),
        "channels": parameters.choice(*engagelab.CHANNEL_CHOICES),
        "check": parameters.check_flag,
    }

    def __init__(self, *, contacts: Any, channels: str = "known", check: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.contacts = contacts
        self.channels = channels
        self.check = check
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return engagelab.set_contacts(channels=self.channels, check=self.check)


class EngageLabUnsetAttributesOperator(_EngageLabOperator):
    """Remove user attributes in EngageLab, the API's ``delete``: one request per user.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param attributes: the names of the attributes to remove.
    :param euid: the column with the user's EUID, an integer.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*UserPushOperator.template_fields, "attributes", "euid", "engagelab_conn_id")
    checks: ClassVar[dict[str, parameters.Check]] = {
        **_EngageLabOperator.checks,
        "attributes": column_parameters.check_names,
    }

    def __init__(self, *, attributes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return engagelab.OPERATIONS["unset"]
