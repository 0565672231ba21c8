# SPDX-License-Identifier: Apache-2.0
"""What the tests take of Airflow, where this one has it.

The compatibility provider knows; the oldest that is allowed does not yet, and stands beside Airflow 2.11.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from airflow_provider_userattrs._airflow import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowPlugin,
    AirflowSkipException,
    BaseHook,
    BaseOperator,
    ObjectStoragePath,
    Stats,
    XComArg,
    get_current_context,
)

_HAS_COMPAT_SDK = find_spec("airflow.providers.common.compat.sdk") is not None

if TYPE_CHECKING or _HAS_COMPAT_SDK:
    from airflow.providers.common.compat.sdk import DAG, Asset, dag, task, task_group
else:
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task, task_group
    from airflow.models.dag import DAG

__all__ = [
    "DAG",
    "DAG_FILE",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSkipException",
    "Asset",
    "BaseHook",
    "BaseOperator",
    "ObjectStoragePath",
    "Stats",
    "XComArg",
    "dag",
    "get_current_context",
    "require_compat_sdk",
    "task",
    "task_group",
]

#: A line of code that loads what any DAG file does.
DAG_FILE = (
    "import airflow.providers.common.compat.sdk as sdk; sdk.DAG; sdk.BaseOperator; sdk.BaseHook"
    if _HAS_COMPAT_SDK
    else "from airflow.models import DAG, BaseOperator; from airflow.hooks.base import BaseHook"
)


def require_compat_sdk() -> None:
    """Skip a test of code that imports as README does, where the compatibility provider is too old for that."""
    if not _HAS_COMPAT_SDK:
        pytest.skip("imports as README has them: common-compat 1.8 and later")
