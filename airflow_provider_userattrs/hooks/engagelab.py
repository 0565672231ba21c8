# SPDX-License-Identifier: Apache-2.0
"""EngageLab Marketing Automation: sets attributes and contacts, one user per request, and looks up EUIDs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.hooks.shapes import check_flag, check_ids, check_names, check_user, check_values
from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Found, Verdict
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.engagelab.identifiers import IDENTIFIERS, identifier_text
from airflow_provider_userattrs.vendors.engagelab.register import LOOKUPS

__all__ = ["EngageLabHook"]

#: An id as it was given, so that a list of texts makes a dict of texts.
Id = TypeVar("Id", bound=str | int | UUID)

#: Right calls, for errors.
_SET = 'set_attributes(10362473, {"plan": "gold"})'
_SET_CONTACTS = 'set_contacts(10362473, {"email": "ada@example.com"})'
_REGISTER = 'register("user_id", ["u-1001", "u-1002"])'
_UNSET = 'unset_attributes(10362473, ["plan"])'


class EngageLabHook(VendorHook):
    """EngageLab's API; login is the API key, password the API secret, extra ``region`` the region.

    :param engagelab_conn_id: the Airflow connection.
    """

    conn_name_attr = "engagelab_conn_id"
    default_conn_name = "engagelab_default"
    conn_type = "engagelab"
    hook_name = engagelab.VENDOR
    choice = "region"

    def __init__(self, engagelab_conn_id: str = default_conn_name) -> None:
        super().__init__(engagelab_conn_id)

    def vendor_url(self, settings: Settings) -> str:
        """Return the region's base URL."""
        return engagelab.REGIONS[str(settings.choice)]

    def check_credentials(self) -> Verdict:
        """Send a request that can change nothing, and return the verdict on it."""
        operation = engagelab.OPERATIONS["set"]
        return classify(operation, self.sender(operation)(engagelab.EMPTY_REQUEST), [None])[0]

    def set_attributes(
        self, euid: int | str, attributes: Mapping[str, Any], *, operation: str = "set", timezone: str = "UTC"
    ) -> Verdict:
        """Set one user's attributes and return the verdict; None values are left out.

        :param euid: the user's EUID.
        :param attributes: attribute -> value.
        :param operation: ``"set"``, ``"increase"``, ``"add"`` or ``"remove"``.
        :param timezone: the time zone of naive datetimes, and of the text that is sent; an IANA name.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if there is no such operation or time zone.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_user("euid", euid, _SET)
        check_values("attributes", attributes, _SET)
        if operation not in engagelab.SET_OPERATIONS:
            raise ValueError(f"operation is {operation!r}; use one of {', '.join(engagelab.SET_OPERATIONS)}")
        return self.push(engagelab.OPERATIONS[operation], [({"euid": euid}, attributes)], timezone=timezone)[0]

    def set_contacts(
        self, euid: int | str, contacts: Mapping[str, str], *, channels: str = "known", check: bool = True
    ) -> Verdict:
        """Set one user's contacts and return the verdict; None values are left out.

        :param euid: the user's EUID.
        :param contacts: contact -> value, such as ``{"email": "ada@example.com"}``.
        :param channels: ``"known"`` for the channels that EngageLab documents alone, or ``"any"``.
        :param check: whether an e-mail address and a phone number must look like one.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if ``channels`` is neither.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_user("euid", euid, _SET_CONTACTS)
        check_values("contacts", contacts, _SET_CONTACTS)
        check = check_flag("check", check, _SET_CONTACTS)
        if channels not in engagelab.CHANNEL_CHOICES:
            raise ValueError(f"channels is {channels!r}; use one of {', '.join(engagelab.CHANNEL_CHOICES)}")
        return self.push(engagelab.set_contacts(channels=channels, check=check), [({"euid": euid}, contacts)])[0]

    def unset_attributes(self, euid: int | str, attributes: Iterable[str]) -> Verdict:
        """Remove attributes from one user and return the verdict.

        :param euid: the user's EUID.
        :param attributes: their names.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_user("euid", euid, _UNSET)
        names = check_names("attributes", attributes, _UNSET)
        return self.push(engagelab.OPERATIONS["unset"], [({"euid": euid}, {})], unset=names)[0]

    def register(self, identity_name: str, identity_values: Iterable[Id]) -> tuple[dict[Id, int], dict[Id, Verdict]]:
        """Look up the EUIDs of users by an identifier of theirs; EngageLab most likely creates users it does not know.

        Each value is asked for once, 100 in a request.

        :param identity_name: ``"user_id"``, ``"anonymous_id"`` or ``"registration_id"``.
        :param identity_values: its values: text of up to 256 characters, whole numbers or UUIDs.
        :returns: value -> EUID, and value -> the verdict that says why there is none.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if there is no such identifier.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        if identity_name not in IDENTIFIERS:
            raise ValueError(f"identity_name is {identity_name!r}; use one of {', '.join(IDENTIFIERS)}")
        values = check_ids("identity_values", identity_values, _REGISTER)
        euids: dict[Id, int] = {}
        failed: dict[Id, Verdict] = {}
        asked: dict[str, list[Any]] = {}
        for value in values:
            try:
                asked.setdefault(identifier_text(value), []).append(value)
            except InvalidRow as invalid:
                failed[value] = invalid.verdict
        updates = [UserUpdate(position, text, (text,), {}, (), {}) for position, text in enumerate(asked)]
        verdicts = self.push_updates(LOOKUPS[identity_name], updates, len(asked))
        for same, verdict in zip(asked.values(), verdicts, strict=True):
            if isinstance(verdict, Found):
                euids |= dict.fromkeys(same, verdict.user)
            else:
                failed |= dict.fromkeys(same, verdict)
        return euids, failed
