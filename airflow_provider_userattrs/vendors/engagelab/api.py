# SPDX-License-Identifier: Apache-2.0
"""EngageLab Marketing Automation: its operations, and what its responses mean.

Set User Attributes, ``POST /v1/user/property``:
https://www.engagelab.com/docs/marketing-automation/rest-api/attribu-setup (seed 000_07f6870b0c84cf74)

Set Contact Information, ``POST /v1/user/contact``:
https://www.engagelab.com/docs/marketing-automation/rest-api/contact-setup (seed 001_ba1b38142f9df95a)

Both take one user per request and respond with ``{"code": int, "message": str}``. Code 0 means "successful or partially
successful", any other failure. The HTTP status that comes with a code is not documented. A documented failure
code decides under any status, a success counts under 200 only, and an undocumented code yields to the status of a
gateway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Encode, Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.vendors.engagelab import contacts
from airflow_provider_userattrs.vendors.engagelab.values import rules
from airflow_provider_userattrs.vendors.http import (
    REMEMBERED,
    asked_to_wait,
    by_status,
    contradicted,
    has_twice,
    is_text,
)

VENDOR = "EngageLab"

#: region -> base URL. https://www.engagelab.com/docs/marketing-automation/rest-api/overview-guide
REGIONS = {
    "singapore": "https://ma-api.engagelab.com",
    "virginia": "https://ma-api-usva.engagelab.com",
}

#: The values of ``type`` that set something; ``delete`` removes (seed 000_07f6870b0c84cf74).
SET_OPERATIONS = ("set", "increase", "add", "remove")

#: The contact channels that EngageLab documents, and what an author may ask for: those, or any.
CHANNELS = contacts.CHANNELS
CHANNEL_CHOICES = ("known", "any")

#: The value of an attribute to delete. The page requires one that is not empty (55103), but not which: any will do for
#: "Delete all values of the property".
_DELETE_VALUE = "1"

#: A request that can change nothing: it names no user and no attribute. Wrong keys are refused with a code of their
#: own, and the empty EUID with 40007; which is checked first is not documented.
EMPTY_REQUEST = b'{"euid":"","type":"set","properties":{}}'

#: The body's code for an internal server error (both seeds, "Error Code").
INTERNAL_ERROR = -1

_KEYS = "Check the connection's API key and API secret, and that the API data source still exists in the console."
_EUID = "Check the EUIDs: each is the integer EngageLab assigned to the user."
_IDENTIFIERS = "Not expected here: this code belongs to Obtain EUID. Report it to EngageLab."

#: Body code -> verdict: both seeds, "Error Code". 55014 is only in the failure sample of the Chinese contact page: https://www.engagelab.com/zh_CN/docs/marketing-automation/rest-api/contact-setup
#: Any other code is `rejected`, since "other values represent failure". For a body without an integer code the HTTP
#: status decides; where that has no meaning either, it is `unknown`.
CODES = {
    40050: Verdict(Status.UNSENT, "40050", "authentication failed", _KEYS, Action.STOP),
    50031: Verdict(Status.UNSENT, "50031", "project ID is invalid", _KEYS, Action.STOP),
    50034: Verdict(Status.UNSENT, "50034", "project does not exist", _KEYS, Action.STOP),
    50074: Verdict(Status.UNSENT, "50074", "API data source does not exist", _KEYS, Action.STOP),
    40007: Verdict(Status.REJECTED, "40007", "EUID is empty", _EUID),
    55108: Verdict(Status.REJECTED, "55108", "EUID is invalid", _EUID),
    55004: Verdict(
        Status.REJECTED,
        "55004",
        "business parameters are invalid",
        "Check that the operation fits the attributes' types.",
    ),
    55102: Verdict(
        Status.REJECTED, "55102", "invalid attribute name", "Rename attributes that are empty, reserved or too long."
    ),
    55103: Verdict(Status.REJECTED, "55103", "attribute value is empty", "Leave out empty values, or make them NULL."),
    55101: Verdict(Status.REJECTED, "55101", "over 100 user identifiers", _IDENTIFIERS),
    55105: Verdict(Status.REJECTED, "55105", "user identifier over 256 characters", _IDENTIFIERS),
    55106: Verdict(Status.REJECTED, "55106", "user identifier's name is not supported", _IDENTIFIERS),
    55107: Verdict(Status.REJECTED, "55107", "user identifier is empty", _IDENTIFIERS),
    55014: Verdict(
        Status.REJECTED,
        "55014",
        "contact already exists",
        "Find the user who has the contact in EngageLab, and remove it there first.",
    ),
    INTERNAL_ERROR: Verdict(
        Status.UNKNOWN,
        "-1",
        "internal server error",
        "Push the rows again later; if the error persists, ask EngageLab's support.",
        Action.RETRY,
    ),
}
PARTIAL = Verdict(
    Status.PARTIAL,
    "0",
    "applied in part",
    "Fix the rows and push them again.",
    see_rejects=True,
)


def read(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return the verdict on the one user of a request."""
    return [_verdict(response.status, response.body)] * len(users)


@lru_cache(REMEMBERED)
def _verdict(status: int, content: bytes) -> Verdict:
    try:
        body = orjson.loads(content)
        code, message = body["code"], body.get("message")
    except (ValueError, TypeError, KeyError):
        return by_status(status)
    if type(code) is not int or has_twice(content, "code"):
        return by_status(status)
    if code == 0 and status != 200:
        return contradicted(status).saying(message)
    if code == 0:
        return ACCEPTED if is_text(message, "success") else PARTIAL.saying(message)
    verdict = CODES.get(code) or _undocumented(code, status)
    return verdict.saying(message)


def _undocumented(code: int, status: int) -> Verdict:
    by_http = by_status(status)
    if status != 200 and by_http.status is not Status.REJECTED:
        return by_http  # gateways send such bodies too
    return Verdict(
        Status.REJECTED, str(code), "refused with an undocumented code", "Ask EngageLab's support what the code means."
    )


# The key of an update is the EUID; its user may be another id, as the author names it.


def _encode_properties(operation: str) -> Encode:
    def encode(update: UserUpdate) -> bytes:
        return orjson.dumps({"euid": update.keys[0], "type": operation, "properties": update.attributes})

    return encode


def _encode_names(update: UserUpdate) -> bytes:
    names = dict.fromkeys(update.unset, _DELETE_VALUE)
    return orjson.dumps({"euid": update.keys[0], "type": "delete", "properties": names})


def _encode_contacts(update: UserUpdate) -> bytes:
    return orjson.dumps({"euid": update.keys[0], "contacts": update.attributes})


def _set_attributes(operation: str) -> Operation:
    return Operation(
        vendor=VENDOR,
        name=f"{operation} attributes",
        path="/v1/user/property",
        rules=partial(rules, operation),
        encode=_encode_properties(operation),
        read=read,
        asked_to_wait=asked_to_wait,
        accepted_means="EngageLab confirmed the request",
        idempotent=operation != "increase",
        overwrites=operation == "set",
        encode_unset=_encode_names if operation == "set" else None,
        gone_codes=frozenset({"55108"}),
    )


def set_contacts(*, channels: str = "known", check: bool = True) -> Operation:
    """Return the operation that sets contacts.

    :param channels: ``"known"`` for the channels that EngageLab documents alone, or ``"any"``.
    :param check: whether an e-mail address and a phone number must look like one.
    """
    return replace(
        _set_attributes("set"),
        name="set contacts",
        path="/v1/user/contact",
        rules=partial(contacts.contact_rules, channels=channels, check=check),
        encode=_encode_contacts,
        encode_unset=None,  # contacts are set and changed, and the page has no way to remove one
    )


#: Name -> operation, as hooks and operators look it up.
OPERATIONS = {
    **{operation: _set_attributes(operation) for operation in SET_OPERATIONS},
    "unset": replace(
        _set_attributes("set"), name="unset attributes", encode=_encode_names, unsets=True, encode_unset=None
    ),
    "contacts": set_contacts(),
}
