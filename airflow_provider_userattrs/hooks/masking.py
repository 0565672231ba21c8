# SPDX-License-Identifier: Apache-2.0
"""`mask_secret`, from where this Airflow has it; the compat package offers it only on Python 3.11 and later."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

#: Airflow 3.1 and later, 3.0, 2.11.
_MODULES = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")


def _import_mask_secret() -> Callable[[object], None]:
    for module in _MODULES:
        try:
            found: Callable[[object], None] = import_module(module).mask_secret
        except (ImportError, AttributeError):
            continue
        return found
    raise ImportError(
        "this Airflow has no mask_secret, without which keys could appear in logs; use Airflow 2.11 to 3.3"
    )


mask_secret = _import_mask_secret()
