# SPDX-License-Identifier: Apache-2.0
"""Names of Airflow that move between its versions.

`airflow.providers.common.compat.sdk` knows where they are. The versions of it that the constraints of older Airflow
releases pin (3.0.6: 1.7.3) lack that module or some of its names; these are then found where such an Airflow has them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # isort: off
    from airflow.providers.common.compat.sdk import (
        AirflowException as AirflowException,
        AirflowFailException as AirflowFailException,
        AirflowNotFoundException as AirflowNotFoundException,
        AirflowPlugin as AirflowPlugin,
        AirflowSkipException as AirflowSkipException,
        BaseHook as BaseHook,
        BaseNotifier as BaseNotifier,
        BaseOperator as BaseOperator,
        BaseOperatorLink as BaseOperatorLink,
        MappedOperator as MappedOperator,
        ObjectStoragePath as ObjectStoragePath,
        Stats as Stats,
        XCom as XCom,
        XComArg as XComArg,
        XComNotFound as XComNotFound,
        get_current_context as get_current_context,
    )
    # isort: on

_COMPAT = "airflow.providers.common.compat.sdk"

#: Name -> its modules in Airflow itself, that of Airflow 3 first.
_MODULES = {
    "AirflowException": ("airflow.exceptions",),
    "AirflowFailException": ("airflow.exceptions",),
    "AirflowNotFoundException": ("airflow.exceptions",),
    "AirflowPlugin": ("airflow.plugins_manager",),
    "AirflowSkipException": ("airflow.exceptions",),
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),
    "BaseNotifier": ("airflow.sdk", "airflow.notifications.basenotifier"),
    "BaseOperator": ("airflow.sdk", "airflow.models.baseoperator"),
    "BaseOperatorLink": ("airflow.sdk", "airflow.models.baseoperatorlink"),
    "MappedOperator": ("airflow.sdk.definitions.mappedoperator", "airflow.models.mappedoperator"),
    "ObjectStoragePath": ("airflow.sdk", "airflow.io.path"),
    "Stats": ("airflow.stats",),
    "XCom": ("airflow.sdk.execution_time.xcom", "airflow.models.xcom"),
    "XComArg": ("airflow.sdk", "airflow.models.xcom_arg"),
    "XComNotFound": ("airflow.exceptions",),
    "get_current_context": ("airflow.sdk", "airflow.operators.python"),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        for module in (_COMPAT, *_MODULES[name]) if name in _MODULES else ():
            try:
                value = getattr(import_module(module), name)
            except (ImportError, AttributeError):
                continue
            globals()[name] = value
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
