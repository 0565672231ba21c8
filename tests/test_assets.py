# SPDX-License-Identifier: Apache-2.0
"""The destinations as assets: one form each, and no keys in it."""

from __future__ import annotations

from typing import Any

import pytest
from airflow_names import Asset
from versions import AIRFLOW, needs

from airflow_provider_userattrs.assets import convert_asset_to_openlineage
from airflow_provider_userattrs.get_provider_info import get_provider_info


@pytest.mark.parametrize(
    "uri", ["engagelab://singapore/users", "kahuna://production/users", "moengage://SANDBOXWORKSPACE/users"]
)
def test_its_form_stays(uri: str) -> None:
    assert Asset(uri).uri == uri
    assert Asset(f"{uri}/").uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "kahuna://production",
        "kahuna://production/people",
        "kahuna:///users",
        "kahuna://production:80/users",
        pytest.param(
            "kahuna://key@production/users",
            marks=pytest.mark.skipif(AIRFLOW.release < (3, 1), reason="Airflow 3.0 drops who logs in, with a warning"),
        ),
        "kahuna://production/users?env=p",
        "moengage://a/users/more",
    ],
)
@needs("asset URIs are validated")
def test_another_form_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=f"URI format {uri.split(':')[0]}://"):
        Asset(uri)


def test_openlineage_calls_it_the_same() -> None:
    pytest.importorskip("openlineage.client")
    dataset = convert_asset_to_openlineage(Asset("kahuna://production/users"), None)
    assert (dataset.namespace, dataset.name) == ("kahuna://production", "users")


def test_airflow_finds_both() -> None:
    info: Any = get_provider_info()
    [declared] = info["asset-uris"]
    assert declared["schemes"] == ["engagelab", "kahuna", "moengage"]
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    if hasattr(manager, "asset_uri_handlers"):
        assert set(declared["schemes"]) <= manager.asset_uri_handlers.keys()
        assert set(declared["schemes"]) <= manager.asset_to_openlineage_converters.keys()
