# SPDX-License-Identifier: Apache-2.0
"""What the package takes of Airflow is found, with the compatibility provider and with one that is too old."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from airflow_names import HAS_COMPAT_SDK
from versions import AIRFLOW

from airflow_provider_userattrs import _airflow

needs_compat_sdk = pytest.mark.skipif(not HAS_COMPAT_SDK, reason="common-compat's sdk: 1.8 and later")

OLD = "import sys; sys.modules['airflow.providers.common.compat.sdk'] = None\n"


@needs_compat_sdk
def test_a_name_is_the_compatibility_provider_s() -> None:
    compat = import_module("airflow.providers.common.compat.sdk")
    for name in _airflow._MODULES:
        assert getattr(_airflow, name) is getattr(compat, name)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"airflow_provider_userattrs\._airflow' has no attribute 'Nope'"):
        _ = _airflow.Nope  # type: ignore[attr-defined]


@needs_compat_sdk
@pytest.mark.skipif(AIRFLOW.release >= (3, 2), reason="no constraints from 3.2 on have such a provider")
def test_without_it_a_name_is_the_same() -> None:
    code = OLD + (
        "from airflow_provider_userattrs import _airflow\n"
        "found = {name: getattr(_airflow, name) for name in _airflow._MODULES}\n"
        "del sys.modules['airflow.providers.common.compat.sdk']\n"
        "import airflow.providers.common.compat.sdk as sdk\n"
        "assert found == {name: getattr(sdk, name) for name in found}, found\n"
        "sys.modules['airflow.providers.common.compat.sdk'] = None\n"
        "import airflow_provider_userattrs.operators.total, airflow_provider_userattrs.plugins.push_report\n"
        "from airflow_provider_userattrs import FileRows, Rejects, SqlRows, shards\n"
        "from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator\n"
        "from airflow_provider_userattrs.hooks.engagelab import EngageLabHook\n"
        "import airflow_provider_userattrs.task.run\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
