# SPDX-License-Identifier: Apache-2.0
"""Which package to install for a storage or a database that nothing installed here knows."""

from __future__ import annotations

_PREFIX = "apache-airflow-providers-"

#: Scheme of a path -> the provider that brings its storage, with the extra that brings its library.
_STORAGES = {
    "abfs": "microsoft-azure",
    "abfss": "microsoft-azure",
    "adl": "microsoft-azure",
    "gcs": "google",
    "gs": "google",
    "s3": "amazon[s3fs]",
    "s3a": "amazon[s3fs]",
    "s3n": "amazon[s3fs]",
    "sftp": "sftp[sshfs]",
    "ssh": "sftp[sshfs]",
}

#: Connection type -> the provider that brings its hook, a `DbApiHook`.
_DATABASES = {
    **{
        name: name
        for name in (
            "databricks",
            "exasol",
            "jdbc",
            "mysql",
            "odbc",
            "oracle",
            "postgres",
            "presto",
            "snowflake",
            "sqlite",
            "teradata",
            "trino",
            "vertica",
            "ydb",
        )
    },
    "drill": "apache-drill",
    "druid": "apache-druid",
    "gcpbigquery": "google",
    "google_cloud_platform": "google",
    "hiveserver2": "apache-hive",
    "impala": "apache-impala",
    "mssql": "microsoft-mssql",
    "pinot": "apache-pinot",
    "redshift": "amazon",
}


def storage_package(path: str) -> str | None:
    """Return the package that brings a path's storage, or None if there is none to be named."""
    name = _STORAGES.get(path.partition("://")[0].lower())
    return name and _PREFIX + name


def database_package(connection_type: str) -> str | None:
    """Return the package that brings the hook of a connection's type, or None if there is none to be named."""
    name = _DATABASES.get(connection_type)
    return name and _PREFIX + name
