# SPDX-License-Identifier: Apache-2.0
"""HTTP Basic credentials (RFC 7617), which all three vendors use."""

from __future__ import annotations

import base64
import binascii
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class Login(NamedTuple):
    """The two halves of a Basic pair."""

    user: str
    password: str


class Flaw(Enum):
    """Why an Authorization header has no Basic credentials."""

    MISSING = "the Authorization header is missing"
    SCHEME = "the Authorization header is not of the Basic scheme"
    UNREADABLE = "the Basic credentials cannot be decoded"


@lru_cache(maxsize=256)
def read_basic(header: str | None) -> Login | Flaw:
    """Return the credentials in an Authorization header, or what is wrong with it."""
    if not header:
        return Flaw.MISSING
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return Flaw.SCHEME
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return Flaw.UNREADABLE
    user, colon, password = pair.partition(":")
    return Login(user, password) if colon else Flaw.UNREADABLE
