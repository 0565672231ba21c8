# SPDX-License-Identifier: Apache-2.0
"""What Airflow learns about the package: valid, complete, and without an import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import airflow
import jsonschema
import pytest
from versions import has, needs

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

AIRFLOW = Path(airflow.__file__).parent
TYPES: dict[str, Any] = {one["connection-type"]: one for one in get_provider_info()["connection-types"]}  # type: ignore[attr-defined]


def schema(name: str) -> Any:
    return json.loads((AIRFLOW / name).read_text())


def hook_class(connection_type: str) -> type[VendorHook]:
    module, _, name = TYPES[connection_type]["hook-class-name"].rpartition(".")
    found: type[VendorHook] = getattr(import_module(module), name)
    return found


def test_it_is_valid() -> None:
    jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))


def test_its_connection_types_are_valid_by_the_fuller_schema() -> None:
    fuller = schema("provider.yaml.schema.json")
    connection_types = {**fuller["properties"]["connection-types"], "definitions": fuller.get("definitions", {})}
    jsonschema.validate(get_provider_info()["connection-types"], connection_types)
    properties = connection_types["items"]["properties"]
    if "conn-fields" in properties:  # since Airflow 3.2
        for declared in TYPES.values():
            assert declared.keys() - {"hook-name"} <= properties.keys()  # which 3.2 takes, and does not list


def test_the_package_is_the_distribution() -> None:
    name = get_provider_info()["package-name"]
    assert isinstance(name, str)
    assert metadata.distribution(name).metadata["License-Expression"] == "Apache-2.0"
    (entry,) = (
        entry
        for entry in metadata.distribution(name).entry_points
        if entry.group == "apache_airflow_provider" and entry.name == "provider_info"
    )
    assert entry.load() is get_provider_info


def test_the_connection_types_are_the_three_of_the_design() -> None:
    assert list(TYPES) == ["engagelab", "kahuna", "moengage"]


@pytest.mark.parametrize("connection_type", TYPES)
def test_the_hook_has_the_attributes_of_the_metadata(connection_type: str) -> None:
    hook = hook_class(connection_type)
    assert hook.conn_type == connection_type
    assert hook.hook_name == TYPES[connection_type]["hook-name"]
    assert hook.conn_name_attr == f"{connection_type}_conn_id"
    assert hook.default_conn_name == f"{connection_type}_default"
    # Airflow tests a connection with a hook that is given nothing but its id, under this name.
    made = hook(**{hook.conn_name_attr: "another"})
    assert made.conn_id == "another"


@pytest.mark.parametrize(
    ("connection_type", "field", "values", "default"),
    [
        ("engagelab", "region", list(engagelab.REGIONS), "singapore"),
        ("kahuna", "environment", list(kahuna.ENVIRONMENTS), "production"),
        ("moengage", "data_center", list(moengage.DATA_CENTERS), None),
    ],
)
def test_dropdowns_are_the_vendors_tables(
    connection_type: str, field: str, values: list[str], default: str | None
) -> None:
    declared = TYPES[connection_type]["conn-fields"][field]["schema"]
    assert declared["enum"] == values
    assert declared.get("default") == default
    assert "string" in declared["type"]


def test_the_tables_are_those_of_the_design() -> None:
    assert engagelab.REGIONS == {
        "singapore": "https://ma-api.engagelab.com",
        "virginia": "https://ma-api-usva.engagelab.com",
    }
    assert kahuna.ENVIRONMENTS == {"production": "p", "sandbox": "s"}
    assert moengage.DATA_CENTERS == ("01", "02", "03", "04", "05", "06", "101")


@pytest.mark.parametrize(
    ("connection_type", "login", "password"),
    [
        ("engagelab", "API key", "API secret"),
        ("kahuna", "Secret key", "API key"),
        ("moengage", "Workspace ID", "Data API key"),
    ],
)
def test_labels_are_the_vendors_terms(connection_type: str, login: str, password: str) -> None:
    labels = TYPES[connection_type]["ui-field-behaviour"]["relabeling"]
    assert (labels["login"], labels["password"]) == (login, password)


@pytest.mark.parametrize("connection_type", TYPES)
def test_every_field_that_is_read_has_its_box(connection_type: str) -> None:
    fields = TYPES[connection_type]["conn-fields"]
    assert fields.keys() >= {"timeout", "rate_limit", "verify", "cert", "allow_http"}
    for field in fields.values():
        assert field["label"]
        assert field["description"]
        # An empty box comes in as null.
        assert "null" in field["schema"]["type"]


@pytest.fixture
def first_look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Airflow look at the providers for the first time, as its API server does, and forget it afterwards.

    Without Flask, Airflow 3.1 has the fields of that look, and leaves mocks in place of WTForms, of which no process
    that runs tasks knows; a hook cannot be made there any more.
    """
    from airflow.providers_manager import ProvidersManager

    instances: dict[Any, Any] = getattr(type(ProvidersManager), "_instances", {})
    monkeypatch.delitem(instances, ProvidersManager, raising=False)
    yield
    instances.pop(ProvidersManager, None)
    for name in [name for name, module in sys.modules.items() if isinstance(module, MagicMock)]:
        del sys.modules[name]


@needs("fields in the React connection form")
@pytest.mark.usefixtures("first_look")
def test_the_form_airflow_draws() -> None:
    from airflow.api_fastapi.core_api.services.ui import connections

    drawn = {meta.connection_type: meta for meta in connections.HookMetaService.hook_meta_data()}
    for connection_type, declared in TYPES.items():
        meta: Any = drawn[connection_type]
        assert meta.hook_name == declared["hook-name"]
        assert meta.hook_class_name == declared["hook-class-name"]
        assert list(meta.extra_fields) == list(declared["conn-fields"])
        assert meta.standard_fields.login.title == declared["ui-field-behaviour"]["relabeling"]["login"]
        assert meta.standard_fields.port.hidden
        for name, field in declared["conn-fields"].items():
            drawn_field = meta.extra_fields[name]["schema"]
            assert drawn_field["title"] == field["label"]
            if has("dropdowns in the React connection form"):
                assert drawn_field.get("enum") == field["schema"].get("enum")


def test_it_is_loaded_without_importing_anything() -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from airflow_provider_userattrs.get_provider_info import get_provider_info\n"
        "get_provider_info()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["airflow_provider_userattrs", "airflow_provider_userattrs.get_provider_info"]


def test_what_is_done_to_one_response_does_not_show_in_the_next() -> None:
    first: Any = get_provider_info()
    first["connection-types"][0]["conn-fields"]["region"]["label"] = "changed"
    first["connection-types"][0]["conn-fields"].clear()
    again: Any = get_provider_info()
    assert again["connection-types"][0]["conn-fields"]["region"]["label"] == "Region"


@pytest.mark.parametrize("kind", ["hooks", "operators"])
def test_the_modules_it_names_can_be_imported(kind: str) -> None:
    listed: Any = get_provider_info()[kind]
    names = [name for entry in listed for name in entry["python-modules"]]
    assert len(names) == 3
    for name in names:
        import_module(name)
