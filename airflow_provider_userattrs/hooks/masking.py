# SPDX-License-Identifier: Apache-2.0
"""`mask_secret`, wherever this Airflow keeps it; the compat package brings it only on Python 3.11 and later."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

#: Airflow 3.1 and later, 3.0, 2.11.
_PLACES = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")


def _find() -> Callable[[object], None]:
    for place in _PLACES:
        try:
            found: Callable[[object], None] = import_module(place).mask_secret
        except (ImportError, AttributeError):
            continue
        return found
    raise ImportError("this Airflow has no mask_secret, without which keys could show in logs")


mask_secret = _find()
