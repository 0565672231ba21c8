# SPDX-License-Identifier: Apache-2.0
"""Which Airflow has what: a test that needs what this one lacks is skipped by that name; as docs/versions.md says."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from packaging.version import Version

AIRFLOW = Version(version("apache-airflow"))
SQLALCHEMY = Version(version("sqlalchemy"))

#: What `dag.test()` calls the date of a run.
LOGICAL_DATE = "logical_date" if AIRFLOW.major > 2 else "execution_date"

#: What this package uses of Airflow where it is -> the first Airflow that has it.
SINCE = {
    "Push report tab": "3.1",
    "fields in the React connection form": "3.1",
    "dropdowns in the React connection form": "3.2",
    "asset URIs are validated": "3.0",
    "paths as local://": "3.0",
    "data frames as XComs": "3.0",
    "data frames of pandas 3 as XComs": "3.3",
    "UUIDs in rows that a task returns": "3.2",
    "partitions": "3.2",
    "teams": "3.3",
    "human in the loop": "3.1",
    "commands of providers": "3.2",
    "task state store": "3.3",
    "retry policy": "3.3",
}


#: What a data frame that a task returns needs here.
FRAMES = f"data frames {'of pandas 3 ' if Version(version('pandas')).major > 2 else ''}as XComs"


def has(feature: str) -> bool:
    """Return whether this Airflow has a feature."""
    return Version(SINCE[feature]) <= Version(AIRFLOW.base_version)


def needs(feature: str) -> pytest.MarkDecorator:
    """Skip a test where Airflow lacks a feature, and say so."""
    return pytest.mark.skipif(not has(feature), reason=f"{feature}: Airflow {SINCE[feature]} and later")


def not_on(*releases: str, because: str) -> pytest.MarkDecorator:
    """Skip a test where Airflow does not do what earlier and later ones do, and say what; as docs/versions.md says."""
    here = f"{AIRFLOW.major}.{AIRFLOW.minor}"
    return pytest.mark.skipif(here in releases, reason=f"Airflow {' and '.join(releases)}: {because}")
