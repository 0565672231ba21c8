# SPDX-License-Identifier: Apache-2.0
"""Whether a converted value can be written as JSON, and if not, why."""

from __future__ import annotations

from typing import Any

import orjson

from airflow_provider_userattrs.push.mapping.numbers import TOO_LARGE_A_NUMBER
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

NOT_UTF8 = Verdict(
    Status.INVALID,
    "not-utf-8",
    "text with a lone surrogate, which UTF-8 cannot encode",
    "Decode the text with the encoding it was written in.",
)


def is_encodable(value: Any) -> bool:
    """Return whether a converted value can be written as JSON."""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def encoding_verdict(value: Any) -> Verdict:
    """Return the verdict on a value that cannot be written as JSON."""
    if isinstance(value, str):
        return NOT_UTF8
    if isinstance(value, int):
        return TOO_LARGE_A_NUMBER
    items: list[Any] = []
    if isinstance(value, dict):
        items = [item for pair in value.items() for item in pair]
    elif isinstance(value, list):
        items = value
    return next((encoding_verdict(item) for item in items if not is_encodable(item)), UNCONVERTIBLE)


def update_encoding_verdict(update: UserUpdate) -> Verdict:
    """Return the verdict on an update that cannot be written as JSON, with the attribute that is the cause."""
    for name, value in (*update.attributes.items(), *((name, None) for name in update.unset)):
        for item in (name, value):
            if not is_encodable(item):
                return encoding_verdict(item).on(str(name)[:80])
    return UNCONVERTIBLE if is_encodable(update.user) else encoding_verdict(update.user)
