# SPDX-License-Identifier: Apache-2.0
"""docs/connections/: a connection in each form that the pages show, by each way that Airflow reads it."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow.secrets.local_filesystem import LocalFilesystemBackend
from pages import blocks

from airflow_provider_userattrs.hooks.base import VendorHook

VENDORS = ("engagelab", "kahuna", "moengage")

#: Where requests go with what the pages show.
URLS = {
    "engagelab": "https://ma-api-usva.engagelab.com",
    "kahuna": "https://tap-nexus.appspot.com",
    "moengage": "https://api-01.moengage.com",
}
CHOICES = {"engagelab": "virginia", "kahuna": "sandbox", "moengage": "01"}


def hook(vendor: str) -> VendorHook:
    module = import_module(f"airflow_provider_userattrs.hooks.{vendor}")
    made: VendorHook = getattr(
        module, {"engagelab": "EngageLab", "kahuna": "Kahuna", "moengage": "MoEngage"}[vendor] + "Hook"
    )()
    return made


def check(vendor: str) -> None:
    found = hook(vendor)
    assert found.settings.choice == CHOICES[vendor]
    assert "-" in found.settings.login
    assert "KEY" in found.settings.password or "SECRET" in found.settings.password
    assert found.transport.base_url == URLS[vendor]


@pytest.mark.parametrize("form", ["JSON", "URI"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_as_a_variable(vendor: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = blocks(f"docs/connections/{vendor}.md", "In each form", "bash")[form == "URI"].text
    export, assignment = shlex.split(line)
    name, _, value = assignment.partition("=")
    assert (export, name) == ("export", f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT")
    assert value.startswith({"JSON": "{", "URI": f"{vendor}://"}[form])
    monkeypatch.setenv(name, value)
    check(vendor)


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("vendor", VENDORS)
def test_by_a_command(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.cli import cli_parser
    from airflow.models import Connection

    def airflow(line: str) -> None:
        program, *arguments = shlex.split(line)
        assert program == "airflow"
        args = cli_parser.get_parser().parse_args(arguments)
        args.func(args)

    airflow(blocks(f"docs/connections/{vendor}.md", "In each form", "bash")[2].text)
    stored = Connection.get_connection_from_secrets(f"{vendor}_default")
    monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT", stored.get_uri())
    try:
        check(vendor)
    finally:
        airflow(f"airflow connections delete {vendor}_default")


def test_by_a_secrets_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, connections = (block.text for block in blocks("docs/connections/index.md", "Where to put it"))
    (tmp_path / "connections.json").write_text(connections)
    assert (
        settings.splitlines()[1] == f"backend = {LocalFilesystemBackend.__module__}.{LocalFilesystemBackend.__name__}"
    )
    arguments = json.loads(settings.partition("backend_kwargs = ")[2])
    assert list(arguments) == ["connections_file_path"]
    backend: Any = LocalFilesystemBackend(connections_file_path=str(tmp_path / "connections.json"))
    monkeypatch.setenv("AIRFLOW_CONN_ENGAGELAB_DEFAULT", backend.get_connection("engagelab_default").get_uri())
    check("engagelab")


def test_a_test_needs_the_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from airflow.cli import cli_parser

    variable, *command = shlex.split(blocks("docs/connections/index.md", "Testing a connection", "bash")[0].text)
    args = cli_parser.get_parser().parse_args(command[1:])
    with pytest.raises(SystemExit):
        args.func(args)
    assert "Testing connections is disabled" in " ".join(capsys.readouterr().out.split())
    name, _, value = variable.partition("=")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv(
        "AIRFLOW_CONN_MOENGAGE_DEFAULT", '{"conn_type": "moengage", "login": "somebody", "password": "a password"}'
    )
    with suppress(SystemExit):  # Airflow 3.3 alone exits with an error
        args.func(args)
    assert "data_center" in capsys.readouterr().out
