# SPDX-License-Identifier: Apache-2.0
"""Keyed digests of users and of updates, many at once."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import Any

import orjson

from airflow_provider_userattrs.push.changes.table import DIGESTS
from airflow_provider_userattrs.push.model.row import UserUpdate

_SIZE = 8  # bytes of a digest: one word


class Digests:
    """Digests users and updates so that nobody finds out by guessing whose they are.

    :param secret: 32 bytes. They are digested before the content and in the same block, which is half the work of
        BLAKE2b's own key, and as good: a digest of BLAKE2 cannot be extended.
    """

    def __init__(self, secret: bytes) -> None:
        self._user = blake2b(secret, digest_size=_SIZE, person=b"user")
        self._update = blake2b(secret, digest_size=_SIZE, person=b"update")

    def of_users(self, keys: Iterable[Hashable]) -> list[int]:
        """Return the digest of each key that identifies a user; none is 0."""
        digests: list[bytes] = []
        add, copy, dumps = digests.append, self._user.copy, orjson.dumps
        for key in keys:
            try:
                content = dumps(key)
            except TypeError:  # such as half a surrogate pair
                content = repr(key).encode()
            digest = copy()
            digest.update(content)
            add(digest.digest())
        words = _words(digests)
        return words if 0 not in words else [word or 1 for word in words]

    def of_updates(self, updates: Iterable[UserUpdate]) -> list[int]:
        """Return the digest of what each update says; none is 0, all are below `DIGESTS`."""
        digests: list[bytes] = []
        add, copy, dumps, option = digests.append, self._update.copy, orjson.dumps, orjson.OPT_SORT_KEYS
        for update in updates:
            said: Any = (update.attributes, update.unset) if update.unset else update.attributes
            try:
                content = dumps(said, option=option)
            except TypeError:  # such as an integer over 64 bits
                content = repr((sorted(update.attributes.items()), list(update.unset))).encode("utf-8", "replace")
            digest = copy()
            digest.update(content)
            add(digest.digest())
        last = DIGESTS - 1
        return [word & last or 1 for word in _words(digests)]


def _words(digests: list[bytes]) -> list[int]:
    return array("Q", b"".join(digests)).tolist()
