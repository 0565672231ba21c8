# SPDX-License-Identifier: Apache-2.0
"""MoEngage's errors.

Source: https://www.moengage.com/docs/api/data/data-overview (the error table) and
https://www.moengage.com/docs/api/user/track-user (the examples); AttributeError:
https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events; LimitBreached:
https://www.moengage.com/docs/api/user/get-user. Where the pages name an error differently,
one name is used here: a client must go by the HTTP status. Where they give no text, it is the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Mapping

#: An error's type -> (HTTP status, text).
ERRORS: Mapping[str, tuple[int, str]] = {
    "MissingAttributeError": (400, "customer_id is not found in the payload"),
    "AttributeError": (400, "type is expected to be transition"),
    "ArrayFieldError": (400, "Cannot add and remove a value at the same time"),
    "LimitBreached": (400, "max limit allowed is 20"),
    "Missing header value": (400, "The Content-Type Header is required"),
    "Empty request body": (400, "A valid JSON document is required"),
    "Malformed JSON": (
        400,
        "Could not decode the request body. The JSON was incorrect or not encoded as UTF-8.",
    ),
    "Blacklisted": (400, "Your account is blacklisted, Please contact MoEngage."),
    "InvalidParams": (400, "Given app_id is invalid."),
    "ParamsRequired": (400, "app_id is required in path/query params."),
    "Authentication required": (401, "Authentication required"),
    "BlockedClient": (403, "Client is blocked"),
    "Account Suspended": (403, "Account is suspended"),
    "Account Temporarily Suspended": (403, "Account is temporarily suspended"),
    "Authentication Mismatch": (409, "The APP_ID of the path is not that of the credentials"),
    "App Secret key not set": (409, "The App Secret key is not set"),
    "PayloadTooLarge": (413, "Payload too large"),
    "MediaTypeError": (415, "Unsupported Media Type"),
    "RateLimitError": (429, "Rate limit exceeded"),
    "ServerError": (500, "Internal server error"),
}

# The type of a fault that names only an HTTP status: the first of that status above.
TYPE_OF_STATUS: Mapping[int, str] = {ERRORS[kind][0]: kind for kind in reversed(list(ERRORS))}

# The account states, as values of the switch moengage.account and as workspace ids that take any key.
ACCOUNTS: Mapping[str, str] = {
    "refused": "Authentication required",
    "blocked": "BlockedClient",
    "suspended": "Account Suspended",
    "temporarily-suspended": "Account Temporarily Suspended",
    "blacklisted": "Blacklisted",
    "no-secret": "App Secret key not set",
}


class MoEngageError(Exception):
    """A refusal of one of the documented types."""

    def __init__(self, kind: str, message: str | None = None, attribute: str | None = None) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.attribute = attribute
