# SPDX-License-Identifier: Apache-2.0
"""Parses faults from JSON, as ``faults`` documents it; a refusal names the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .faults import Then, When
from .json_text import is_integer
from .refusal import RefusedError
from .vendor import Vendor

Parsed = tuple[str | None, str | None, When, Then, Mapping[str, Any]]
Check = tuple[Callable[[Any], bool], str]

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_header_value(value: object) -> bool:
    return is_integer(value) or (isinstance(value, str) and _HEADER_VALUE.fullmatch(value) is not None)


def _is_headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        _HEADER_NAME.fullmatch(name) and _is_header_value(text) for name, text in value.items()
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and is_integer(value) and value >= 1


def _is_users(value: object) -> bool:
    keys = value if isinstance(value, list) else []
    return bool(keys) and all(isinstance(key, str) or is_integer(key) for key in keys)


_COUNT: Check = (_is_count, "an integer, 1 or more")
_TEXT: Check = (_is_text, "a string")
_TRUE: Check = (lambda value: value is True, "true")

WHEN_KINDS: Mapping[str, tuple[str, ...]] = {
    "next": ("next",),
    "every": ("every",),
    "users": ("users", "times"),
    "from": ("from", "to"),
}
WHEN_FIELDS: Mapping[str, Check] = {
    "next": _COUNT,
    "every": _COUNT,
    "from": _COUNT,
    "to": _COUNT,
    "times": _COUNT,
    "users": (_is_users, "a list of at least one user key"),
}
THEN_FIELDS: Mapping[str, Check] = {
    "status": (lambda v: is_integer(v) and 200 <= v <= 599, "an integer from 200 to 599"),
    "headers": (_is_headers, "an object of header names and values"),
    "code": (lambda v: is_integer(v) or (_is_text(v) and v != ""), "an integer or a string"),
    "message": _TEXT,
    "body": _TEXT,
    "content_type": (lambda v: _is_text(v) and _is_header_value(v), "a header's value"),
    "short_array": _COUNT,
    "location": (lambda v: _is_text(v) and _is_header_value(v), "a header's value"),
    "delay": (
        lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and v >= 0,
        "seconds, 0 or more",
    ),
    "hold": _TRUE,
    "close": _TRUE,
    "apply": (lambda v: v in ("before", "never"), '"before" or "never"'),
}
_MAY_BE_NULL = {"to", "times"}


def _fields(text: object, where: str, known: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(text, dict):
        raise RefusedError(f"{where} must be an object")
    for name, value in text.items():
        if name not in known:
            raise RefusedError(f"unknown field {where}.{name}; known are: {', '.join(known)}")
        fits, wanted = known[name]
        if not (fits(value) or (value is None and name in _MAY_BE_NULL)):
            raise RefusedError(f"{where}.{name} must be {wanted}")
    return text


def _when(text: object) -> When:
    if text is None:
        return When()
    given = _fields(text, "when", WHEN_FIELDS)
    kinds = [kind for kind in WHEN_KINDS if kind in given]
    if len(kinds) != 1 or not set(given) <= set(WHEN_KINDS[kinds[0]]):
        raise RefusedError("when must be one of next | every | users (times) | from (to)")
    users = given.get("users")
    return When(
        next=given.get("next"),
        every=given.get("every"),
        first=given.get("from", 1),
        last=given.get("to"),
        users=None if users is None else frozenset(str(user) for user in users),
        times=given.get("times"),
    )


def _then(text: object) -> Then:
    given = dict(_fields(text, "then", THEN_FIELDS))
    if not given:
        raise RefusedError("then must say what happens")
    if "message" in given and "code" not in given and "status" not in given:
        raise RefusedError("then.message needs then.code or then.status")
    if "headers" in given:
        given["headers"] = {name.lower(): str(value) for name, value in given["headers"].items()}
    return Then(**given)


def read_fault(text: object, vendors: Mapping[str, Vendor]) -> Parsed:
    """Parse one fault, or refuse it."""
    names = ("vendor", "path", "when", "then")
    if not isinstance(text, dict):
        raise RefusedError("a fault must be an object")
    for name in text:
        if name not in names:
            raise RefusedError(f"unknown field {name}; known are: {', '.join(names)}")
    vendor, path = text.get("vendor"), text.get("path")
    if vendor is not None and (not isinstance(vendor, str) or vendor not in vendors):
        raise RefusedError(f"vendor must be null or one of {', '.join(vendors)}")
    if path is not None and not isinstance(path, str):
        raise RefusedError("path must be null or a string")
    when, then = _when(text.get("when")), _then(text.get("then"))
    if vendor is not None:
        vendors[vendor].check_fault(then)
    elif then.code is not None:
        raise RefusedError("then.code needs vendor: each has codes of its own")
    return vendor, path, when, then, text


def read_faults(text: object, vendors: Mapping[str, Vendor]) -> list[Parsed]:
    """Parse one fault or a list of them, all or none."""
    return [read_fault(one, vendors) for one in (text if isinstance(text, list) else [text])]
