# SPDX-License-Identifier: Apache-2.0
"""An update with the kinds of its values in place of the values, to show how a request is made."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.push.model.row import UserUpdate

#: Stands where the vendor's own id of a user will be, which a dry run does not look up.
NOT_LOOKED_UP = "<looked up first>"

#: Type -> what is shown of its values; the first that fits.
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "<boolean>"),
    (int, "<number>"),
    (float, "<number>"),
    (str, "<text>"),
    (list, "<list>"),
    (dict, "<object>"),
)


def masked(update: UserUpdate) -> UserUpdate:
    """Return an update that names the same attributes, and has no value of the row's: ids are personal data too."""
    user = update.user
    return UserUpdate(
        update.position,
        {name: _kind(value) for name, value in user.items()} if isinstance(user, dict) else _kind(user),
        tuple(map(_kind, update.keys)),
        {name: _kind(value) for name, value in update.attributes.items()},
        update.unset,
        {},
    )


def _kind(value: Any) -> str:
    if value == NOT_LOOKED_UP:
        return NOT_LOOKED_UP
    return next((shown for kind, shown in _KINDS if isinstance(value, kind)), "<value>")
