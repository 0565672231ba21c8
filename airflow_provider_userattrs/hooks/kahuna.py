# SPDX-License-Identifier: Apache-2.0
"""Kahuna: sets attributes of existing users, up to 100 per request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.hooks.shapes import check_keys, check_list, check_names
from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Verdict
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

__all__ = ["KahunaHook"]

#: Right calls, for errors.
_SET = 'set_attributes([{"target": {"username": "ada"}, "attributes": {"plan": "gold"}}])'
_UNSET = 'unset_attributes([{"username": "ada"}], ["plan"])'


class KahunaHook(VendorHook):
    """Kahuna's API; login is the secret key, password the API key, extra ``environment`` where the users are.

    :param kahuna_conn_id: the Airflow connection.
    """

    conn_name_attr = "kahuna_conn_id"
    default_conn_name = "kahuna_default"
    conn_type = "kahuna"
    hook_name = kahuna.VENDOR
    choice = "environment"

    def __init__(self, kahuna_conn_id: str = default_conn_name) -> None:
        super().__init__(kahuna_conn_id)

    def vendor_url(self, settings: Settings) -> str:
        """Return Kahuna's base URL."""
        return kahuna.BASE_URL

    def path_of(self, operation: Operation) -> str:
        """Return where requests go: to the users of the connection's environment."""
        return f"{operation.path}?env={kahuna.ENVIRONMENTS[str(self.settings.choice)]}"

    def check_credentials(self) -> Verdict:
        """Send a request that can change nothing, and return the verdict on it."""
        operation = kahuna.OPERATIONS["set"]
        verdict = classify(operation, self.sender(operation)(kahuna.EMPTY_REQUEST), [None])[0]
        # A successful response has one element per user, and there were no users.
        return ACCEPTED if verdict == kahuna.WRONG_LENGTH else verdict

    def set_attributes(
        self, users: Sequence[Mapping[str, Mapping[str, Any]]], *, timezone: str = "UTC"
    ) -> list[Verdict]:
        """Set attributes of users, up to 100 in a request, and return one verdict for each, in their order.

        :param users: ``{"target": {credential: value}, "attributes": {attribute: value}}``; None deletes the attribute.
        :param timezone: the time zone of naive datetimes, and of the text that is sent; an IANA name.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if there is no such time zone.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_list("users", users, _SET)
        check_keys("users", users, ("target", "attributes"), _SET)
        operation, pairs = kahuna.OPERATIONS["set"], [(user["target"], user["attributes"]) for user in users]
        return self.push(operation, pairs, timezone=timezone, unset_nulls=True)

    def unset_attributes(self, targets: Sequence[Mapping[str, Any]], attributes: Iterable[str]) -> list[Verdict]:
        """Delete attributes of users, up to 100 in a request, and return one verdict for each, in their order.

        :param targets: credential -> value, for each user.
        :param attributes: the attributes' names.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_list("targets", targets, _UNSET)
        operation, names = kahuna.OPERATIONS["unset"], check_names("attributes", attributes, _UNSET)
        return self.push(operation, [(target, {}) for target in targets], unset=names)
