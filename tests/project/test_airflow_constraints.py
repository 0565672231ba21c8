# SPDX-License-Identifier: Apache-2.0
"""The package can be installed beside what Airflow's own constraints pin, as docs/versions.md says."""

from __future__ import annotations

import re
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from versions import AIRFLOW

from airflow_provider_userattrs import __version__

PAGE = (Path(__file__).parents[2] / "docs" / "versions.md").read_text()
NAME = "airflow-provider-userattrs"
PROVIDER = "apache-airflow-providers"
COMPAT = f"{PROVIDER}-common-compat"

#: What constraints-<version>/constraints-3.12.txt of apache/airflow pin of all that the package needs, extras included;
#: they pin neither phonenumbers nor backports.zstd.
PINS = {
    "3.0.6": f"""
        {COMPAT}==1.7.3 {PROVIDER}-common-sql==1.27.5 {PROVIDER}-slack==9.1.4 {PROVIDER}-smtp==2.2.0
        aiohttp==3.12.15 cryptography==42.0.8 email-validator==2.2.0
        fastapi==0.116.1 fsspec==2025.7.0 httptools==0.6.4 jinja2==3.1.6 markupsafe==3.0.2 orjson==3.11.2
        pendulum==3.1.0 pyarrow==18.1.0 requests==2.32.5 sqlalchemy==1.4.54 sqlparse==0.5.3 urllib3==2.5.0
        uvicorn==0.35.0""",
    "3.1.6": f"""
        {COMPAT}==1.11.0 {PROVIDER}-common-sql==1.30.2 {PROVIDER}-slack==9.6.1 {PROVIDER}-smtp==2.4.1
        aiohttp==3.13.3 cryptography==42.0.8 email-validator==2.3.0
        fastapi==0.117.1 fsspec==2025.12.0 httptools==0.7.1 jinja2==3.1.6 markupsafe==3.0.3 orjson==3.11.5
        pendulum==3.1.0 pyarrow==18.1.0 requests==2.32.5 sqlalchemy==1.4.54 sqlparse==0.5.5 urllib3==2.6.3
        uvicorn==0.40.0""",
    "3.2.1": f"""
        {COMPAT}==1.14.3 {PROVIDER}-common-sql==1.34.0 {PROVIDER}-slack==9.10.0 {PROVIDER}-smtp==2.4.5
        aiohttp==3.13.5 cryptography==46.0.7 email-validator==2.3.0
        fastapi==0.136.0 fsspec==2026.3.0 httptools==0.7.1 jinja2==3.1.6 markupsafe==3.0.3 orjson==3.11.8
        pendulum==3.2.0 pyarrow==23.0.1 requests==2.33.1 sqlalchemy==2.0.49 sqlparse==0.5.5 urllib3==2.6.3
        uvicorn==0.44.0""",
}
UNPINNED = {"phonenumbers", "backports-zstd"}


def pins(airflow: str) -> dict[str, str]:
    return dict(pin.split("==") for pin in PINS[airflow].split())


def needed() -> list[Requirement]:
    """Return what users install with all of their extras, but for Airflow itself."""
    found = []
    for requirement in map(Requirement, requires(NAME) or ()):
        requirement.name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        extras = ("", "sql", "parquet", "zstd", "sandbox", "slack", "email")
        asked = not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)
        if asked and requirement.name not in ("apache-airflow", *UNPINNED):
            found.append(requirement)
    return found


@pytest.mark.parametrize("airflow", PINS)
def test_what_an_airflow_pins_is_new_enough(airflow: str) -> None:
    pinned = pins(airflow)
    assert {requirement.name for requirement in needed()} == set(pinned)
    too_old = [str(each) for each in needed() if not each.specifier.contains(pinned[each.name], prereleases=True)]
    assert too_old == []


def rows() -> list[list[str]]:
    section = PAGE.partition("## Beside Airflow's own constraints")[2]
    table = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in table[2:]]


def test_the_page_has_the_versions_that_were_compared() -> None:
    compared = [(airflow, compat) for _, airflow, by, compat in rows() if by == "its constraints"]
    assert compared == [(airflow, pins(airflow)[COMPAT]) for airflow in PINS]


def test_the_page_is_about_this_version_and_names_no_older_provider_than_is_allowed() -> None:
    (compat,) = (each for each in needed() if each.name == COMPAT)
    for release, _, _, pinned in rows():
        assert release == ".".join(__version__.split(".")[:2])
        assert compat.specifier.contains(Version(pinned))
    assert Version(min((row[3] for row in rows()), key=Version)) in compat.specifier
    assert f"{COMPAT}` {str(compat.specifier).removeprefix('>=').removesuffix('.0')} or later" in PAGE


def bound(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    return Version(specifier.version)


def test_the_page_has_the_lowest_versions_that_are_tested() -> None:
    bounds = {requirement.name.removeprefix(f"{PROVIDER}-"): str(bound(requirement)) for requirement in needed()}
    (said,) = re.findall(r'^- "lowest" has .*?\.$', PAGE, re.MULTILINE | re.DOTALL)
    for name, words in {"slack": "Slack", "smtp": "SMTP"}.items():
        bounds[words] = bounds.pop(name)
    for name in ("common-compat", "common-sql", "Slack", "SMTP", "pyarrow"):
        assert f"{name} {bounds[name]}" in " ".join(said.split())


@pytest.mark.skipif(Version("2.11.0") != AIRFLOW, reason="the environment of the lowest versions alone has them")
def test_the_lowest_versions_are_here() -> None:
    lowest = {requirement.name: bound(requirement) for requirement in needed()}
    assert {name: Version(version(name)) for name in lowest} == lowest
