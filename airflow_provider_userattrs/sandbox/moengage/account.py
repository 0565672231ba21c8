# SPDX-License-Identifier: Apache-2.0
"""Authentication at MoEngage.

Source: the error table of https://www.moengage.com/docs/api/data/data-overview; the MOE-APPKEY header:
https://moengage.com/docs/api/utilities/test-connection-api.
"""

from __future__ import annotations

import re

from ..basic import Flaw, Login
from ..exchange import Request
from ..switches import Switches
from .errors import ACCOUNTS, MoEngageError

LOGIN = Login("SANDBOXWORKSPACE", "sandbox-data-key")  # workspace id, Data API key
_APP_ID = re.compile(r"[A-Za-z0-9_-]+")


def check_app_id(app_id: str) -> None:
    """Refuse a path without an APP_ID, or with a malformed one."""
    if not app_id:
        raise MoEngageError("ParamsRequired")
    if not _APP_ID.fullmatch(app_id):
        raise MoEngageError("InvalidParams")


def check_project(request: Request, switches: Switches) -> None:
    """Refuse an update without one of a portfolio's project codes.

    It goes beside app_id into the query: the page "Portfolio: Data Ingestion and Management",
    https://help.moengage.com/hc/en-us/articles/40358246598804. What the response to a missing one is, it does not say.
    """
    projects = switches["moengage.projects"]
    if projects and request.query.get("project_code") not in projects:
        kind = "InvalidParams" if "project_code" in request.query else "ParamsRequired"
        raise MoEngageError(kind, "project_code is invalid or missing", "project_code")


def _refuse(message: str) -> MoEngageError:
    return MoEngageError("Authentication required", message)


def check_account(request: Request, app_id: str | None, switches: Switches) -> Login:
    """Check the credentials, that they match a workspace in the path, and the state of the account."""
    login = request.login
    if isinstance(login, Flaw):
        raise _refuse(login.value)
    if not login.user:
        raise _refuse("APP_KEY is missing")
    if not login.password:
        raise _refuse("APP_SECRET is missing")
    if app_id is not None and app_id != login.user:
        raise MoEngageError("Authentication Mismatch")
    state = login.user
    if login.user == LOGIN.user:
        if login.password != LOGIN.password:
            raise _refuse("APP_SECRET does not match")
        state = switches["moengage.account"]
    elif state not in ACCOUNTS:
        raise _refuse("APP_ID is invalid")
    _check_app_key(request, login, switches)
    if state in ACCOUNTS:
        raise MoEngageError(ACCOUNTS[state])
    return login


def _check_app_key(request: Request, login: Login, switches: Switches) -> None:
    given = request.headers.get("moe-appkey")
    wanted = login.user if switches["moengage.appkey"] == "workspace_id" else login.password
    if given is not None and given != wanted:
        raise _refuse("MOE-APPKEY does not match")
