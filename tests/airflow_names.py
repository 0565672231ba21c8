# SPDX-License-Identifier: Apache-2.0
"""What the tests take of Airflow, where this one has it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

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

#: The compatibility provider has this as of 1.8.
HAS_COMPAT_SDK = find_spec("airflow.providers.common.compat.sdk") is not None

if TYPE_CHECKING or find_spec("airflow.sdk"):
    from airflow.sdk import DAG, Asset, Param, dag, task, task_group
else:
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task, task_group
    from airflow.models.dag import DAG
    from airflow.models.param import Param

__all__ = [
    "DAG",
    "DAG_FILE",
    "HAS_COMPAT_SDK",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSkipException",
    "Asset",
    "BaseHook",
    "BaseOperator",
    "ObjectStoragePath",
    "Param",
    "Stats",
    "XComArg",
    "dag",
    "get_current_context",
    "task",
    "task_group",
]

#: A line of code that loads what any DAG file does.
DAG_FILE = (
    "import airflow.providers.common.compat.sdk as sdk; sdk.DAG; sdk.BaseOperator; sdk.BaseHook"
    if HAS_COMPAT_SDK
    else "from airflow.models import DAG, BaseOperator; from airflow.hooks.base import BaseHook"
)
