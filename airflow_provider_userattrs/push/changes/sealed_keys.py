# SPDX-License-Identifier: Apache-2.0
"""Keys of rows as encrypted text, for they may identify a person."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from airflow_provider_userattrs.push.model.keys import decode_key, encode_key


class Seal(Protocol):
    """Encrypts keys."""

    def close(self, keys: dict[str, Any]) -> str:
        """Return the keys, encrypted."""

    def open(self, sealed: str) -> dict[str, Any]:
        """Return the keys.

        :raises ValueError: if another secret sealed them.
        """


class SealedKeys:
    """Encrypts keys of rows, and reads them again.

    :param seal: encrypts JSON.
    """

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def close(self, keys: Collection[Any]) -> str:
        """Return keys, encrypted; empty if there are none."""
        return self._seal.close({"keys": sorted(map(encode_key, keys), key=json.dumps)}) if keys else ""

    def open(self, texts: Sequence[str]) -> tuple[Any, ...] | None:
        """Return the keys in texts that `close` made; None if they cannot be read."""
        try:
            keys = [decode_key(key) for text in texts if text for key in self._seal.open(text)["keys"]]
        except (ValueError, KeyError, TypeError):
            return None
        return tuple(dict.fromkeys(keys))


def may_be_asked_for(key: Any) -> bool:
    """Return whether a database may be given a key: none that is not known, and no text that is none."""
    return key is not None and not (isinstance(key, str) and any("\ud800" <= letter <= "\udfff" for letter in key))
