# SPDX-License-Identifier: Apache-2.0
"""Single values as Python's own types, whichever database, file or library they come from, and which are missing.

Attributes, ids, hashes, declared column types and rejects files all go by the rules here, in `numbers` and in `ids`.
Libraries are recognised by the names of their types and never imported.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral, Rational, Real
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.model.verdict import Status, Verdict

_TO_NULL = (
    "Replace missing values (NaN, NaT, NA) and infinities with None upstream: of pandas, "
    "df.astype(object).where(df.notna(), None)."
)
NOT_A_NUMBER = Verdict(
    Status.INVALID, "not-a-number", "value is NaN or infinite, which JSON cannot represent", _TO_NULL
)
NOT_A_TIME = Verdict(Status.INVALID, "not-a-time", "value is NaT, a missing time", _TO_NULL)
NOT_A_VALUE = Verdict(Status.INVALID, "not-a-value", "value is a data library's marker for a missing value", _TO_NULL)

_BUILTINS = frozenset({str, int, float, bool, Decimal, type(None), bytes, list, tuple, dict, UUID})

#: Types whose only value is a marker for a missing value: pandas' and masked numpy arrays'.
MISSING_MARKERS = frozenset({"NAType", "MaskedConstant"})

#: numpy's scalars that have no counterpart in Python.
_NUMPY_ONLY = frozenset({"timedelta64", "longdouble", "clongdouble", "complex64", "complex128", "void", "object_"})

_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def is_foreign(kind: type) -> bool:
    """Return whether values of a type are made plain before they are converted; see `plain`."""
    if issubclass(kind, Enum) or _is_numpy(kind):
        return True
    if issubclass(kind, (int, float)):
        return issubclass(kind, float) and kind is not float  # a JSON encoder takes subclasses of int, but not of float
    return issubclass(kind, Integral) or (issubclass(kind, Real) and not issubclass(kind, Rational))


def _is_numpy(kind: type) -> bool:
    """Return whether a type is one of numpy's scalars; an array is not."""
    return kind.__module__ == "numpy" and any(base.__name__ == "generic" for base in kind.__mro__)


def plain(value: Any) -> Any:
    """Return a value as one of Python's own types, or unchanged if it has no counterpart there.

    Members of enumerations become their values, scalars of numeric libraries become ``int``, ``float``, ``bool``,
    ``str``, ``date`` or ``datetime``.
    """
    kind = type(value)
    if kind in _BUILTINS or not is_foreign(kind):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if _is_numpy(kind):
        return _plain_numpy(value)
    return int(value) if isinstance(value, Integral) else float(value)


def _plain_numpy(value: Any) -> Any:
    name = type(value).__name__
    if name in _NUMPY_ONLY:
        return value
    if name == "datetime64":
        # In nanoseconds, item() would return a bare integer.
        moment = value.item() if str(value.dtype).endswith("[D]") else value.astype("datetime64[us]").item()
        return value if moment is None or isinstance(moment, int) else moment
    return value.item()


def check_missing(value: Any) -> Verdict | None:
    """Return the verdict on a missing value (NaN, NaT, NA, a masked element), or None on any other."""
    name = type(value).__name__
    if name in MISSING_MARKERS:
        return NOT_A_VALUE
    if isinstance(value, Decimal):
        return NOT_A_NUMBER if value.is_nan() else None
    if isinstance(value, datetime) or name == "datetime64":
        return NOT_A_TIME if value != value else None  # only a missing time differs from itself
    if isinstance(value, float) or (isinstance(value, Real) and _is_numpy(type(value))):
        return NOT_A_NUMBER if value != value else None
    return None


def parse_boolean(value: Any) -> bool | None:
    """Return the boolean that a value stands for, or None: true and false, 1 and 0, yes and no, on and off."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower())
    value = plain(value)
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, (int, float, Decimal)) and value in (0, 1) else None
