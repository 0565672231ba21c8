# SPDX-License-Identifier: Apache-2.0
"""MoEngage: queues attributes, one user a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.hooks.shapes import check_flag, check_names, check_user, check_values
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation, Send
from airflow_provider_userattrs.push.model.read_back import ReadBack
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage.responses import succeeded

__all__ = ["MoEngageHook"]

#: Right calls, for errors.
_SET = 'set_attributes("ada", {"plan": "gold"})'
_UNSET = 'unset_attributes("ada", ["plan"])'


class MoEngageHook(VendorHook):
    """MoEngage's API; login is the workspace id, password the Data API key, and an extra the data center.

    :param moengage_conn_id: the Airflow connection.
    """

    conn_name_attr = "moengage_conn_id"
    default_conn_name = "moengage_default"
    conn_type = "moengage"
    hook_name = moengage.VENDOR
    choice = "data_center"
    login_is_secret = False

    def __init__(self, moengage_conn_id: str = default_conn_name) -> None:
        super().__init__(moengage_conn_id)

    @property
    def destination(self) -> str:
        """The workspace's users, or those of one of its projects, as an asset's URI."""
        where = [self.settings.login, *([self._project_code] if self._project_code else ())]
        return f"{self.conn_type}://{'.'.join(quote(part, safe='') for part in where)}/users"

    def vendor_url(self, settings: Settings) -> str:
        """Return the data center's base URL; there is no default, since a workspace exists in one data center only."""
        if settings.choice is None:
            raise RefusedConfiguration(
                f"Connection {self.conn_id!r}: extra 'data_center' is not set; it is the number in the address of "
                f"your MoEngage dashboard, one of {', '.join(moengage.DATA_CENTERS)}."
            )
        return moengage.base_url(settings.choice)

    def path_of(self, operation: Operation) -> str:
        """Return the path of requests to the connection's workspace, and to its project if there is one.

        https://help.moengage.com/hc/en-us/articles/40358246598804-Portfolio-Data-Ingestion-and-Management
        """
        workspace = quote(self.settings.login, safe="")
        path = f"{operation.path}/{workspace}"
        if self._project_code is None:
            return path
        return f"{path}?app_id={workspace}&project_code={quote(self._project_code, safe='')}"

    def reader(self, read_back: ReadBack) -> Send:
        """Return a function that reads users of the connection's workspace back."""
        path = f"{read_back.path}?app_id={quote(self.settings.login, safe='')}"
        return partial(self.transport.post, path)

    @property
    def _project_code(self) -> str | None:
        return self.settings.own.get("project_code")

    def set_attributes(
        self,
        customer_id: str,
        attributes: Mapping[str, Any],
        *,
        operation: str = "set",
        update_existing_only: bool = False,
        timezone: str = "UTC",
    ) -> Verdict:
        """Queue one user's attributes and return the verdict; None values are left out.

        :param customer_id: the user's id.
        :param attributes: attribute -> value; ``platforms`` among them.
        :param operation: ``"set"``; ``"add"`` to add values to arrays, or ``"remove"`` to remove them.
        :param update_existing_only: whether to skip users that MoEngage does not know.
        :param timezone: the time zone of naive datetimes, an IANA name; times are sent in UTC.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if there is no such operation or time zone.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_user("customer_id", customer_id, _SET)
        check_values("attributes", attributes, _SET)
        update_existing_only = check_flag("update_existing_only", update_existing_only, _SET)
        if operation not in moengage.SET_OPERATIONS:
            raise ValueError(f"operation is {operation!r}; use one of {', '.join(moengage.SET_OPERATIONS)}")
        set_attributes = moengage.set_attributes(operation, update_existing_only=update_existing_only)
        return self.push(set_attributes, [({"customer_id": customer_id}, attributes)], timezone=timezone)[0]

    def unset_attributes(
        self, customer_id: str, attributes: Iterable[str], *, match: str = "equals", case_sensitive: bool = True
    ) -> Verdict:
        """Queue the removal of attributes from one user and return the verdict.

        :param customer_id: the user's id.
        :param attributes: their names, or with another ``match`` parts of their names.
        :param match: ``"equals"``, or ``"prefix"``, ``"suffix"``, ``"contains"``, which may remove many attributes.
        :param case_sensitive: whether case counts.
        :raises TypeError: if an argument has another shape; the error shows the right one.
        :raises ValueError: if there is no such match.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        check_user("customer_id", customer_id, _UNSET)
        names = check_names("attributes", attributes, _UNSET)
        case_sensitive = check_flag("case_sensitive", case_sensitive, _UNSET)
        if match not in moengage.MATCHES:
            raise ValueError(f"match is {match!r}; use one of {', '.join(moengage.MATCHES)}")
        operation = moengage.unset_attributes(match=match, case_sensitive=case_sensitive)
        return self.push(operation, [({"customer_id": customer_id}, {})], unset=names)[0]

    def probe(self) -> tuple[bool, str]:
        """Call MoEngage's own connection test, which changes nothing.

        https://www.moengage.com/docs/api/utilities/test-connection-api
        """
        settings = self.settings
        body = {
            "app_id": settings.login,
            "app_secret": settings.password,
            "source": "airflow-provider-userattrs",
            "region": settings.choice or moengage.DATA_CENTERS[0],
        }
        response = self.transport.post(
            "/v1/integrations/authentication", orjson.dumps(body), {"MOE-APPKEY": settings.login}
        )
        base_url = self.transport.base_url
        if response.status == 200 and succeeded(response):
            return True, f"{base_url} confirmed the workspace id and the Data API key."
        if response.status == 401:
            return False, (
                f"{base_url} rejected the credentials (401): check login (workspace id), password (Data API key) and "
                "data_center; a workspace exists in one data center only."
            )
        return False, f"{base_url} responded to the connection test with {response.status}: check host and data_center."
