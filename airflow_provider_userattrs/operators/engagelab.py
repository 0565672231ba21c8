# SPDX-License-Identifier: Apache-2.0
"""Operators that set and unset attributes and set contacts in EngageLab Marketing Automation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import combinations as pairs_of
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, combinations, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.rule import Rule
from airflow_provider_userattrs.operators.setting import SettingOperator
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.task.failure import WrongParameter
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.engagelab.identifiers import IDENTIFIERS
from airflow_provider_userattrs.vendors.engagelab.register import named_by

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_userattrs.hooks.engagelab import EngageLabHook
    from airflow_provider_userattrs.task.user_cache import CacheSpec

__all__ = ["EngageLabSetAttributesOperator", "EngageLabSetContactsOperator", "EngageLabUnsetAttributesOperator"]


_CHANNELS = ", ".join(engagelab.CHANNELS)


def _check_alone(first: str, second: str, operator: _EngageLabOperator) -> None:
    """Check that of two columns no more than one names the user."""
    if _is_given(operator, first) and _is_given(operator, second):
        raise WrongParameter(f"{first} and {second} are given; give one of them, the column that names the user")


def _is_given(operator: _EngageLabOperator, field: str) -> bool:
    # None: a template rendered to no column, which is said already
    return getattr(operator, field) not in ((None, "euid") if field == "euid" else (None,))


def _check_euid_cache(operator: _EngageLabOperator) -> None:
    if operator.euid_cache is not None and operator.user_field == "euid":
        raise WrongParameter(
            "euid_cache is given, but with euid nobody is looked up; leave it out, or name the user by user_id, "
            "anonymous_id or registration_id"
        )


def _check_unset_by_euid(operator: _EngageLabOperator) -> None:
    """Check that those who left the query can be told from those whose row is not sent."""
    if combinations.unsets_who_left(operator) and operator.user_field != "euid":
        raise WrongParameter(
            "changed_only.removed is 'unset', and users are looked up: one whose row is not sent, and who is therefore "
            "not looked up, would be taken for one who left; name users by euid, or use 'ignore'"
        )


class _EngageLabOperator(UserPushOperator):
    """Base class of EngageLab's operators.

    :param euid: the column with the user's EUID.
    :param user_id: the column with the user's own id, in place of ``euid``; the EUID is looked up.
    :param anonymous_id: likewise.
    :param registration_id: likewise.
    :param euid_cache: a folder in which looked-up EUIDs are kept.
    :param euid_max_age: after how long a user is looked up again.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (
        *UserPushOperator.template_fields,
        "euid",
        *IDENTIFIERS,
        "euid_cache",
        "engagelab_conn_id",
    )
    delivery_fields: ClassVar[tuple[str, ...]] = ("euid_cache",)
    checks: ClassVar[dict[str, parameters.Check]] = {
        **UserPushOperator.checks,
        "nulls": parameters.nulls_are_skipped("EngageLab cannot set and unset in one request; use 'skip'"),
        "euid": column_parameters.check_column,
        **dict.fromkeys(IDENTIFIERS, column_parameters.check_column_or_none),
        "euid_cache": parameters.check_path,
        "euid_max_age": parameters.check_age,
        "engagelab_conn_id": parameters.check_conn_id,
    }
    rules: ClassVar[tuple[Rule, ...]] = (
        *(Rule(pair, partial(_check_alone, *pair)) for pair in pairs_of(("euid", *IDENTIFIERS), 2)),
        Rule(("euid_cache", "euid", *IDENTIFIERS), _check_euid_cache),
        *UserPushOperator.rules,
        Rule(("changed_only", *IDENTIFIERS), _check_unset_by_euid),
    )

    def __init__(
        self,
        *,
        euid: str = "euid",
        user_id: str | None = None,
        anonymous_id: str | None = None,
        registration_id: str | None = None,
        euid_cache: str | os.PathLike[str] | ObjectStoragePath | None = None,
        euid_max_age: timedelta = timedelta(days=30),
        engagelab_conn_id: str = "engagelab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.euid = euid
        self.user_id = user_id
        self.anonymous_id = anonymous_id
        self.registration_id = registration_id
        self.euid_cache: Any = euid_cache
        self.euid_max_age = euid_max_age
        self.engagelab_conn_id = engagelab_conn_id

    @property
    def user_field(self) -> str:  # type: ignore[override]
        """The parameter that names the user: the one that is given."""
        return next((field for field in IDENTIFIERS if getattr(self, field) is not None), "euid")

    def make_hook(self) -> EngageLabHook:
        """Return the hook."""
        from airflow_provider_userattrs.hooks.engagelab import EngageLabHook

        return EngageLabHook(self.engagelab_conn_id)

    def make_user_cache(self) -> CacheSpec | None:
        """Return where looked-up EUIDs are kept; None if none are looked up, or they are not kept."""
        from airflow_provider_userattrs.task.user_cache import CacheSpec  # not at the top, as in `execute`

        if self.user_field == "euid" or self.euid_cache is None:
            return None
        return CacheSpec("euid_cache", self.euid_cache, self.euid_max_age)

    def check_rendered(self) -> RefusedConfiguration | None:
        """Convert and check the parameters as rendered by Airflow or set since; return the first error, or None."""
        refused = super().check_rendered()
        try:
            for field in IDENTIFIERS:
                if self._given[field] is not None and getattr(self, field) is None:  # euid must not take its place
                    parameters.refuse(field, None, "its template gives no column; give the name of one")
        except WrongParameter as error:
            refused = refused or RefusedConfiguration(str(error))
        return refused

    def named(self, operation: Operation) -> Operation:
        """Return an operation whose users are named as the author names them.

        :param operation: one that takes an EUID.
        """
        field = self.user_field
        return operation if field == "euid" else named_by(operation, field)


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
    :param euid: the column with the user's EUID, an integer, unless one of the next three is given.
    :param user_id: in place of ``euid``, the column with your own id of the user: text of up to 256 characters, a whole
        number or a UUID. The EUID is looked up first, 100 in a request, which most likely **creates** users for ids
        that EngageLab does not know.
    :param anonymous_id: in place of ``euid``, the column with the user's anonymous id, likewise.
    :param registration_id: in place of ``euid``, the column with the registration id of the user's device, likewise.
    :param euid_cache: a folder on object storage in which looked-up EUIDs are kept, with digests of the ids, so that
        the next push looks up new users only; None to keep none.
    :param euid_max_age: after how long a user is looked up again at the latest, for EngageLab may merge users.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*_EngageLabOperator.template_fields, "attributes")

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
        return self.named(engagelab.OPERATIONS[self.operation or "set"])


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
    :param euid: the column with the user's EUID, an integer, unless one of the next three is given.
    :param user_id: in place of ``euid``, the column with your own id of the user: text of up to 256 characters, a whole
        number or a UUID. The EUID is looked up first, 100 in a request, which most likely **creates** users for ids
        that EngageLab does not know.
    :param anonymous_id: in place of ``euid``, the column with the user's anonymous id, likewise.
    :param registration_id: in place of ``euid``, the column with the registration id of the user's device, likewise.
    :param euid_cache: a folder on object storage in which looked-up EUIDs are kept, with digests of the ids, so that
        the next push looks up new users only; None to keep none.
    :param euid_max_age: after how long a user is looked up again at the latest, for EngageLab may merge users.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*_EngageLabOperator.template_fields, "contacts")
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
        return self.named(engagelab.set_contacts(channels=self.channels, check=self.check))


class EngageLabUnsetAttributesOperator(_EngageLabOperator):
    """Remove user attributes in EngageLab, the API's ``delete``: one request per user.

    :param users: the rows; see `UserPushOperator` for the parameters that all operators share.
    :param attributes: the names of the attributes to remove.
    :param euid: the column with the user's EUID, an integer, unless one of the next three is given.
    :param user_id: in place of ``euid``, the column with your own id of the user: text of up to 256 characters, a whole
        number or a UUID. The EUID is looked up first, 100 in a request, which most likely **creates** users for ids
        that EngageLab does not know.
    :param anonymous_id: in place of ``euid``, the column with the user's anonymous id, likewise.
    :param registration_id: in place of ``euid``, the column with the registration id of the user's device, likewise.
    :param euid_cache: a folder on object storage in which looked-up EUIDs are kept, with digests of the ids, so that
        the next push looks up new users only; None to keep none.
    :param euid_max_age: after how long a user is looked up again at the latest, for EngageLab may merge users.
    :param engagelab_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*_EngageLabOperator.template_fields, "attributes")
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
        return self.named(engagelab.OPERATIONS["unset"])
