# SPDX-License-Identifier: Apache-2.0
"""What an author gives, and the digest by which a user is found in the log."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from hashlib import sha256
from typing import Any

import pytest

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push_log import PushLog, digest_key, user_digest


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"level": "everything"}, "level is 'everything'; use 'failed' or 'all'"),
        ({"identify": "no"}, "identify is 'no'; give True or False"),
        ({"keep": 90}, "keep is 90; give a timedelta of a day or more, such as timedelta\\(days=90\\), or None"),
        ({"keep": timedelta(hours=1)}, "give a timedelta of a day or more"),
    ],
    ids=["level", "identify", "keep", "keep-short"],
)
def test_a_wrong_argument(given: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        PushLog("warehouse", **given)


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        (PushLog(""), "log_to.conn_id is empty; give the id of a connection"),
        (PushLog(None), "log_to.conn_id is None; give the id of a connection"),  # type: ignore[arg-type]
        (PushLog("warehouse", schema="my schema"), "log_to.schema is the text 'my schema'; give a schema of letters"),
        (PushLog("warehouse", schema="a.b; DROP"), "give a schema of letters, digits and _"),
        (PushLog("warehouse", schema=""), "give a schema of letters, digits and _"),
    ],
    ids=["empty", "none", "space", "statement", "empty-schema"],
)
def test_a_wrong_place_is_refused_when_the_dag_is_parsed(log: PushLog, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        KahunaSetAttributesOperator(task_id="push", users=[], target=["username"], log_to=log)


@pytest.mark.parametrize("schema", [None, "airflow", "analytics.airflow", "{{ var.value.schema }}"])
def test_a_place(schema: str | None) -> None:
    log = PushLog("warehouse", schema=schema)
    operator = KahunaSetAttributesOperator(task_id="push", users=[], target=["username"], log_to=log)
    assert operator.log_to is log


def test_it_is_shown_as_it_was_given() -> None:
    log = PushLog("warehouse", "airflow", level="all", identify=True, keep=None)
    assert repr(log) == "PushLog('warehouse', schema='airflow', level='all', identify=True, keep=None)"
    assert log.in_words == "warehouse, schema airflow: all rows, with ids"


def test_a_digest_is_of_the_key_and_the_id(connections: Any) -> None:
    key = digest_key("engagelab_default")
    assert len(key) == 64
    assert user_digest(700, "engagelab_default") == sha256(f"{key}700".encode()).hexdigest()[:32]
    connections("engagelab", password="another-secret")
    assert digest_key("engagelab_default") != key
    assert user_digest("ad\ud800", "engagelab_default")  # half a surrogate pair, which no vendor takes
    kahuna = {"username": "ada", "email": "ada@example.com"}
    assert user_digest(kahuna, "kahuna_default") == user_digest({"username": "ada"}, "kahuna_default")


def test_the_connection_of_the_database_has_no_digests(connections: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", '{"conn_type": "postgres", "host": "db", "password": "canary-password"}'
    )
    with pytest.raises(RefusedConfiguration) as refused:
        user_digest("C-1001", "warehouse")
    assert str(refused.value) == (
        "Connection 'warehouse' is a postgres connection, and the digests are keyed with the password of the vendor's; "
        "give the connection that the push goes to."
    )
    monkeypatch.setenv("AIRFLOW_CONN_UNTYPED", '{"password": "secret"}')
    assert user_digest("C-1001", "untyped"), "as a push takes it"


class Plan(IntEnum):
    GOLD = 700


@pytest.mark.parametrize("user", [700, "700", 700.0, Decimal(700), Decimal("7E+2"), Decimal("700.00"), Plan.GOLD])
def test_a_number_has_the_digest_of_its_digits_as_in_the_request(connections: Any, user: Any) -> None:
    assert user_digest(user, "engagelab_default") == user_digest("700", "engagelab_default")
    assert user_digest({"username": user}, "kahuna_default") == user_digest({"username": "700"}, "kahuna_default")
