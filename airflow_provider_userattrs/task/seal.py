# SPDX-License-Identifier: Apache-2.0
"""Encrypts keys that may identify a person, with a secret derived from the connection's."""

from __future__ import annotations

import base64
import json
from hashlib import blake2b
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_provider_userattrs.push.model.keys import PERSONAL
from airflow_provider_userattrs.push.resume.checkpoint import Store, signed

_PURPOSE = b"airflow-provider-userattrs: keys of rows in a checkpoint"


def derive(secret: str, purpose: bytes) -> bytes:
    """Return a secret of 32 bytes for one purpose.

    :param secret: the connection's.
    :param purpose: what it is for; each purpose has another.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def check_of(derived: bytes) -> str:
    """Return 16 hexadecimal digits by which a file shows whether it was written with the same derived secret."""
    return blake2b(b"check", key=derived, digest_size=8).hexdigest()


class Seal:
    """Encrypts and decrypts the keys in a checkpoint.

    :param secret: the connection's; another one cannot open what this one sealed.
    """

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(derive(secret, _PURPOSE)))

    def close(self, keys: dict[str, Any]) -> str:
        """Return the keys, encrypted; `open` decrypts them."""
        return self._fernet.encrypt(json.dumps(keys, ensure_ascii=False).encode("utf-8", "surrogatepass")).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """Return the keys.

        :raises ValueError: if another secret sealed them.
        """
        try:
            text = self._fernet.decrypt(sealed).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise ValueError(
                "the connection's secret changed since the last try, and the keys of rows were encrypted with it"
            ) from None
        keys: dict[str, Any] = json.loads(text)
        return keys


class SealedStore:
    """Stores checkpoints in another store, with keys that may identify a person encrypted.

    :param store: the other store.
    :param seal: encrypts.
    """

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, still sealed, or None."""
        return self._store.read()

    def write(self, state: dict[str, Any]) -> None:
        """Store a checkpoint's JSON dict."""
        keys = state["keys"]
        if keys is not None and keys["type"] in PERSONAL:
            state = signed({**state, "keys": self._seal.close(keys)})
        self._store.write(state)

    def delete(self) -> None:
        """Delete what is stored."""
        self._store.delete()
