# SPDX-License-Identifier: Apache-2.0
"""Classifies a database's error: whether a retry may help, and what of its message may be shown.

Errors are classified by MySQL's error number, by SQLSTATE or by SQLite's result code; by their class (PEP 249) only if
they have none of these. A message may repeat a row's values, so it is shown only if it is known to hold names alone.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from airflow_provider_userattrs.push.model.errors import PushError, RefusedConfiguration, RetryLater

#: Numbers of MySQL and MariaDB, and of their clients (2000 to 2999), whose cause is transient
#: (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
#: https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html,
#: https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference).
_MYSQL_TRANSIENT = frozenset(
    {
        *(1021, 1037, 1041, 1114, 1135),  # no space, no memory, no thread
        *(1028, 1317, 1927, 1969, 3024, 3169),  # killed, or over a time limit
        *(1040, 1129, 1203, 1226),  # too many connections, or too many queries this hour
        *(1042, 1043, 1053, 1077, 1079, 1080, 1081, 1152, 1184, 3032, 4031),  # shutting down, or hung up on
        *(1158, 1159, 1160, 1161),  # reading and writing packets
        *(1180, 1205, 1206, 1213, 1412, 1614, 1637, 3572),  # locks
        *(1429, 1430),  # another server
        *range(2000, 2049),  # connection lost or refused, memory; not: 2049, 2054, 2058 to 2061, authentication
        *(2055, 2056, 2062, 2068),
    }
)

#: Permanent errors whose message holds names of databases, tables, columns, functions and accounts alone.
_MYSQL_NAMES = frozenset(
    {
        *(1044, 1045, 1142, 1143, 1227, 1370, 1449, 1698, 1820, 1862, 3118, 3159),  # accounts and their privileges
        *(1046, 1049, 1051, 1052, 1054, 1109, 1146, 1176, 1305, 1356, 1630),  # unknown or ambiguous names
        *(1055, 1056, 1060, 1066, 1140, 1222, 1241, 1242, 1247, 1248),  # structure of the query
        *(1115, 1253, 1267, 1270, 1271, 1273, 1318, 1582),  # character sets; numbers of arguments
        *(2049, 2054, 2058, 2059, 2061),  # authentication methods
    }
)

#: Permanent errors whose message may hold values: syntax, values out of range or of a wrong type, JSON, patterns.
_MYSQL_VALUES = frozenset(
    {
        *(1064, 1149),
        *(1139, 1210, 1231, 1232, 1264, 1292, 1300, 1365, 1366, 1367, 1406, 1411, 1426, 1441, 1525, 1690),
        *(1034, 1104, 1116, 1153, 1193, 1194, 1195, 1235, 1290, 1295, 1436),
        *range(3140, 3159),
        *range(3685, 3700),
        *range(4036, 4045),
    }
)

#: SQLSTATE, or its first two characters -> whether the cause is transient
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_SQLSTATES = {
    "08": True,  # connection exception
    "0A": False,  # feature not supported
    "21": False,  # cardinality violation
    "22": False,  # data exception
    "23": False,  # integrity constraint violation
    "25": True,  # invalid transaction state: a time limit for idle transactions, or a lost transaction
    "25006": False,  # read-only transaction
    "26": True,  # invalid statement name, behind a pooler
    "28": False,  # invalid authorization
    "34": True,  # invalid cursor name, behind a pooler
    "3D": False,  # invalid catalog name
    "3F": False,  # invalid schema name
    "40": True,  # transaction rollback: deadlock, conflict with recovery on a standby
    "42": False,  # syntax error or access rule violation
    "53": True,  # insufficient resources
    "54": False,  # program limit exceeded
    "55": False,  # object not in prerequisite state
    "55P03": True,  # lock not available
    "57": True,  # operator intervention: cancelled, shut down, cannot connect now
    "57P04": False,  # database dropped
    "58": True,  # system error
    "72": True,  # snapshot too old
    "XX": True,  # internal error
}

#: SQLSTATEs whose message holds names alone.
_SQLSTATE_NAMES = frozenset(
    {
        *("28000", "28P01", "3D000", "3F000", "42501", "53300", "57014", "57P01", "57P03"),
        *("42701", "42702", "42703", "42704", "42712", "42803", "42883", "42P01"),
    }
)

#: SQLite's transient result codes: busy, locked, no memory, interrupted, I/O, full, cannot open, protocol
#: (https://www.sqlite.org/rescode.html).
_SQLITE_TRANSIENT = frozenset({5, 6, 7, 9, 10, 13, 14, 15})

#: How those of SQLite's messages begin that hold names alone.
_SQLITE_NAMES = (
    *("no such table:", "no such column:", "no such function:", "ambiguous column name:"),
    *("unable to open database file", "invalid uri authority:"),
    *("file is not a database", "attempt to write a readonly database", "database or disk is full"),
    *("database is locked", "database table is locked", "disk I/O error"),
)

#: Classes of permanent errors (PEP 249).
_PERMANENT = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}

#: libpq has no SQLSTATE for errors during login; these are PostgreSQL's messages that hold names alone.
_REFUSED_LOGIN = re.compile(
    r'FATAL: +((?:password authentication failed for user|no pg_hba.conf entry for) [^\n]*|(?:role|database) "[^"\n]*" '
    r"does not exist)"
)

_MYSQL_DRIVERS = ("MySQLdb", "pymysql", "mysql")


def is_database_error(error: BaseException, connection: Any = None) -> bool:
    """Return whether an exception was raised by a database driver.

    :param error: the exception.
    :param connection: the connection it came from; None if there was none yet.
    """
    # PEP 249 names the base class Error, which is not specific; the names of its two subclasses are.
    if any(kind.__name__ in ("InterfaceError", "DatabaseError") for kind in type(error).__mro__):
        return True
    kinds = [getattr(type(connection), "Error", None)]
    package = type(connection).__module__
    while package:
        kinds.append(getattr(sys.modules.get(package), "Error", None))
        package = package.rpartition(".")[0]
    return any(isinstance(kind, type) and isinstance(error, kind) for kind in kinds)


def is_transient(error: BaseException) -> bool:
    """Return whether a retry may help."""
    number, state = _number(error), _state(error)
    if number is not None:
        if number in _MYSQL_TRANSIENT:
            return True
        if number in _MYSQL_NAMES or number in _MYSQL_VALUES:
            return False
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE_TRANSIENT
    if state is not None:
        for known in (state, state[:2]):
            if known in _SQLSTATES:
                return _SQLSTATES[known]
    if _REFUSED_LOGIN.search(str(error)) or str(error).startswith(("no such ", "near ")):  # SQLite before Python 3.11
        return False
    return not any(kind.__name__ in _PERMANENT for kind in type(error).__mro__)


def describe(error: BaseException) -> str:
    """Return an error's class, its number or SQLSTATE, and its message if that holds names alone."""
    number, state = _number(error), _state(error)
    code = number if number is not None else state
    kind = type(error).__name__ + (f" {code}" if code is not None else "")
    message = _safe_message(error, number, state)
    return f"{kind}: {message}" if message else kind


def refused_or_later(error: BaseException, refused: str, remedy: str, later: str) -> PushError:
    """Return the exception to raise for a database's error.

    :param error: the error.
    :param refused: the message for a permanent error.
    :param remedy: the remedy for a permanent error.
    :param later: the message for a transient error.
    """
    if is_transient(error):
        return RetryLater(f"{later} ({describe(error)}); see the database's log")
    return RefusedConfiguration(f"{refused} ({describe(error)}); {remedy}")


def _number(error: BaseException) -> int | None:
    """Return the error number of MySQL or its client."""
    if type(error).__module__.partition(".")[0] not in _MYSQL_DRIVERS:
        return None
    number = getattr(error, "errno", None) or next(iter(error.args), None)
    return number if isinstance(number, int) and number > 0 else None


def _state(error: BaseException) -> str | None:
    """Return an error's SQLSTATE."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) and len(state) == 5 else None


def _safe_message(error: BaseException, number: int | None, state: str | None) -> str | None:
    """Return an error's message if it holds names alone."""
    text = str(getattr(error, "msg", None) or (error.args[1] if len(error.args) > 1 else ""))
    if number in _MYSQL_NAMES:
        return text
    if number == 1064 and (line := re.search(r"at line \d+$", text)):
        return f"syntax error {line.group()}"
    if state in _SQLSTATE_NAMES and (primary := getattr(getattr(error, "diag", None), "message_primary", None)):
        return str(primary)
    if login := _REFUSED_LOGIN.search(str(error)):
        return login.group(1)
    if str(error).startswith(_SQLITE_NAMES):
        return str(error)
    if str(error).endswith(": syntax error"):  # SQLite's, behind the word before which it is
        return "syntax error"
    return None
