# SPDX-License-Identifier: Apache-2.0
"""EngageLab's registration, ``POST /v1/user/register``: which euid each identifier has.

https://www.engagelab.com/docs/marketing-automation/rest-api/get-euid: up to 100 values of up to 256 characters, and
``data`` with ``identity_value`` and ``euid`` of each. Code 0 may be a partial success. The page does not say in which
order ``data`` is, whether a value comes back as it was sent, and whether an unknown one creates a user: that it does is
what https://www.engagelab.com/learning-center/ma/article/understanding-euid-and-user-identifiers-in-cdp suggests. These
are switches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..json_text import is_integer
from ..refusal import RefusedError
from ..switches import Switches
from .checks import IDENTIFIER_NAMES
from .users import MAX_LONG, Users

_SHAPE = (
    "users must be a list of euids, which are integers above 0, or of objects with one and identifiers, such as "
    '{"euid": 7, "user_id": ["a", "b"]}'
)


def register(users: Users, name: str, values: Iterable[str], switches: Switches) -> list[dict[str, Any]]:
    """Return the data of a response.

    :param users: the project's users.
    :param name: the identifier's name.
    :param values: its values, as they were sent.
    :param switches: what the page leaves open.
    """
    find = users.register if switches["engagelab.register_creates"] else users.find
    if not switches["engagelab.register_repeats"]:
        values = dict.fromkeys(values)
    as_text = switches["engagelab.euid_type"] == "text"
    normalised = switches["engagelab.register_values"] == "normalised"
    data = [
        {
            "identity_value": value.strip().lower() if normalised else value,
            "euid": str(euid) if as_text else euid,
        }
        for value in values
        if (euid := find(name, value)) is not None
    ]
    return data[::-1] if switches["engagelab.register_order"] == "reversed" else data


def parse_user(user: Any) -> tuple[int, list[tuple[str, str]]]:
    """Return a user to add: the euid, and the name and value of each identifier.

    :param user: an euid, or an object with one and identifiers.
    """
    given = user if isinstance(user, dict) else {"euid": user}
    euid: Any = given.get("euid")
    if not is_integer(euid) or not 0 < euid <= MAX_LONG or not given.keys() <= {"euid", *IDENTIFIER_NAMES}:
        raise RefusedError(_SHAPE)
    identifiers = []
    for name in given.keys() - {"euid"}:
        values = given[name] if isinstance(given[name], list) else [given[name]]
        if not all(isinstance(value, str) for value in values):
            raise RefusedError(_SHAPE)
        identifiers += [(name, value) for value in values]
    return int(euid), identifiers
