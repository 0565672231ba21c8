# SPDX-License-Identifier: Apache-2.0
"""How a DAG author has the verdicts of a push logged in the warehouse, and finds a user there."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

__all__ = ["PushLog", "digest_key", "user_digest"]

#: A name, or several with dots between, that need no quotes in any database.
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")

#: Hexadecimal digits of a user's digest.
DIGITS = 32

_PURPOSE = b"airflow-provider-userattrs: digests of users in a log"


class PushLog:
    """Log in a database what became of the rows of a push.

    There are three tables, made when they are missing: ``userattrs_runs`` has a line for each try, ``userattrs_rows``
    one for each row that was not accepted, ``userattrs_latest`` one for each user who failed, with the last verdict and
    since when. docs/push-log.md has their columns.

    Users are logged as digests, keyed with the password of the vendor's connection, so that nobody can find out by
    guessing whose they are; `user_digest` computes the one of a user. A database that fails changes nothing about the
    push, which says how many lines were lost.

    :param conn_id: the connection to the database, whose hook is a ``DbApiHook`` of Airflow's common-sql provider; may
        be a template.
    :param schema: the schema of the tables, which must exist, such as ``"airflow"``; None for the connection's default.
        May be a template.
    :param level: ``"failed"`` logs the rows that were not accepted, ``"all"`` every row.
    :param identify: whether to log users' ids too, which are personal data.
    :param keep: how long this task's lines are kept, a day at least; None for ever.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("conn_id", "schema")

    def __init__(
        self,
        conn_id: str,
        schema: str | None = None,
        *,
        level: str = "failed",
        identify: bool = False,
        keep: timedelta | None = timedelta(days=90),
    ) -> None:
        if level not in ("failed", "all"):
            raise ValueError(f"level is {level!r}; use 'failed' or 'all'")
        if not isinstance(identify, bool):
            raise ValueError(f"identify is {identify!r}; give True or False")
        if keep is not None and not (isinstance(keep, timedelta) and keep >= timedelta(days=1)):
            raise ValueError(
                f"keep is {keep!r}; give a timedelta of a day or more, such as timedelta(days=90), or None"
            )
        self.conn_id: Any = conn_id
        self.schema: Any = schema
        self.level = level
        self.identify = identify
        self.keep = keep

    @property
    def in_words(self) -> str:
        """Where the log is, and what is in it."""
        schema = "" if self.schema is None else f", schema {self.schema}"
        rows = "all rows" if self.level == "all" else "rows not accepted"
        return f"{self.conn_id}{schema}: {rows}{', with ids' if self.identify else ''}"

    def __repr__(self) -> str:
        given = ("schema", "level", "identify", "keep")
        return f"PushLog({self.conn_id!r}, {', '.join(f'{name}={getattr(self, name)!r}' for name in given)})"


def user_digest(user: Any, conn_id: str) -> str:
    """Return the digest by which a user is logged.

    :param user: the id as it is in the row, but an EUID that is text there as an integer; for Kahuna
        ``{credential: value}``, of the first credential that the row has.
    :param conn_id: the vendor's connection, such as ``"engagelab_default"``.
    :raises RefusedConfiguration: if it is a connection of another type, such as the database's.
    """
    ids = {name: _sent(value) for name, value in user.items()} if isinstance(user, dict) else _sent(user)
    return digest_of(user_text(ids), digest_key(conn_id))


def digest_key(conn_id: str) -> str:
    """Return the key of users' digests, to compute them in SQL. Whoever has it can guess ids: treat it as a secret.

    :param conn_id: the vendor's connection, such as ``"engagelab_default"``.
    :raises RefusedConfiguration: if it is a connection of another type, such as the database's.
    """
    from airflow_provider_userattrs._airflow import BaseHook  # not at the top: DAG files are parsed again and again
    from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
    from airflow_provider_userattrs.push.model.kinds import with_article

    connection: Any = BaseHook.get_connection(conn_id)
    if connection.conn_type and connection.conn_type not in _vendors():
        raise RefusedConfiguration(
            f"Connection {conn_id!r} is {with_article(connection.conn_type)} connection, and the digests are keyed "
            "with the password of the vendor's; give the connection that the push goes to."
        )
    return key_of(connection.password or "")


def _vendors() -> set[str]:
    """Return the connection types of the vendors."""
    from airflow_provider_userattrs.get_provider_info import get_provider_info  # likewise

    declared: Any = get_provider_info()["connection-types"]
    return {each["connection-type"] for each in declared}


def key_of(secret: str) -> str:
    """Return the key of users' digests that belongs to a connection's password: 64 hexadecimal digits."""
    from airflow_provider_userattrs.task.seal import derive  # likewise

    return derive(secret, _PURPOSE).hex()


def is_schema(name: Any) -> bool:
    """Return whether a value names a schema without quotes."""
    return isinstance(name, str) and bool(_SCHEMA.fullmatch(name))


def user_text(user: Any) -> str:
    """Return a user as one text: the id, or the first credential as ``credential=value``."""
    if isinstance(user, dict):
        return next((f"{credential}={value}" for credential, value in user.items()), "")
    return str(user)


def _sent(value: Any) -> Any:
    """Return an id as a request names the user: whole numbers as digits, whatever their type."""
    from airflow_provider_userattrs.push.mapping.ids import id_text  # likewise
    from airflow_provider_userattrs.push.model.errors import InvalidRow

    try:
        text = id_text(value)
    except InvalidRow:  # of such a row no user is logged
        return value
    return value if text is None else text


def digest_of(text: str, key: str) -> str:
    """Return the digest of a user: the first 32 digits of the SHA-256 of the key followed by the text, in UTF-8."""
    return sha256((key + text).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
