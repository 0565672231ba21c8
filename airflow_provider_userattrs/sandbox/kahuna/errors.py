# SPDX-License-Identifier: Apache-2.0
"""Kahuna's errors: of a whole request, and of one user's item in a 200.

Statuses and the 404 item: seed 002_3492fff7f26e71be.txt. 401's text: a fixture of
https://github.com/edgar/KahunaClient; the other texts are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Mapping

# The HTTP statuses whose body is an array of one response object.
REQUEST_ERRORS: Mapping[int, str] = {
    400: "Invalid request",
    401: "Authentication failed",
    409: "No permission to use the User Attributes API",
    500: "Internal server error",
}

# 404 is the one documented; 400 for a value that breaks a rule is an assumption (switch kahuna.bad_value).
ITEM_ERRORS: Mapping[int, str] = {404: "User not found", 400: "Invalid attribute"}

# The account states, as values of the switch kahuna.account and as logins that take any API key.
ACCOUNTS: Mapping[str, int] = {"refused": 401, "no-permission": 409}


class KahunaError(Exception):
    """A refusal of the whole request."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
