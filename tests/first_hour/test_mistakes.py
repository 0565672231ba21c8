# SPDX-License-Identifier: Apache-2.0
"""Mistakes that everybody makes in the first hour, on real Airflow: the task fails, and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_hook_called_with_the_wrong_shape(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow_names import task

    @task
    def push() -> None:
        from airflow_provider_userattrs.hooks import KahunaHook

        KahunaHook().set_attributes([{"username": "ada", "plan": "gold"}])  # type: ignore[dict-item]

    run = airflow.run(push)
    assert run.state == "failed"
    assert str(run.error) == (
        "users[0] has no 'target'; call "
        'set_attributes([{"target": {"username": "ada"}, "attributes": {"plan": "gold"}}])'
    )
    assert control.journal() == []


@pytest.mark.parametrize(("null", "kept"), [("", "Ada"), (None, "")], ids=["default", "text"])
def test_an_empty_field_of_a_csv_file(
    airflow: Any, connections: Callable[..., None], control: Any, tmp_path: Path, null: str | None, kept: str
) -> None:
    from airflow_provider_userattrs import FileRows
    from airflow_provider_userattrs.operators import KahunaSetAttributesOperator

    path = tmp_path / "users.csv"
    control.seed("kahuna", [{"username": "ada"}])
    for first_name in ("Ada", ""):
        path.write_text(f"username,first_name,plan\nada,{first_name},gold\n", encoding="utf-8")
        source = FileRows(str(path), null=null) if null is None else FileRows(str(path))
        run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=source, target=["username"]))  # noqa: B023
        assert run.state == "success"
    assert control.user("kahuna", "ada")["attributes"] == {"first_name": kept, "plan": "gold"}


def test_contacts_that_are_not_named() -> None:
    from airflow_provider_userattrs.operators import EngageLabSetContactsOperator

    with pytest.raises(ValueError, match="contacts") as raised:
        EngageLabSetContactsOperator(task_id="push", users=[], contacts=None)
    assert str(raised.value) == (
        "contacts is None; name them, by a list or by {channel: column}; EngageLab documents the channels email, "
        "mobile_phone, landline_phone, whatsapp_phone"
    )


def test_a_column_that_is_no_channel() -> None:
    from airflow_provider_userattrs.operators import EngageLabSetContactsOperator

    with pytest.raises(ValueError, match="contacts") as raised:
        EngageLabSetContactsOperator(task_id="push", users=[], contacts=["email", "first_name"])
    assert str(raised.value) == (
        "contacts: 'first_name': not a channel that EngageLab documents, which are email, mobile_phone, "
        'landline_phone, whatsapp_phone. Name one of them, as in contacts={"mobile_phone": "phone"}, or set '
        'channels="any".'
    )


def test_contacts_that_look_like_none(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow_provider_userattrs.operators import EngageLabSetContactsOperator

    control.seed("engagelab", [1, 2, 3])
    rows = [
        {"euid": 1, "mail": "abc", "phone": "+49 30 901820"},
        {"euid": 2, "mail": "ada@example.com", "phone": "n/a"},
        {"euid": 3, "mail": "bob@example.com", "phone": "18023456879"},
    ]
    contacts = {"email": "mail", "mobile_phone": "phone"}
    run = airflow.run(
        lambda: EngageLabSetContactsOperator(task_id="push", users=rows, contacts=contacts, max_failed=None)
    )
    assert run.counts == {"accepted": 1, "invalid": 2}
    assert [(reason["code"], reason["meaning"]) for reason in run.report["reasons"]] == [
        ("contact-email", "contact is no e-mail address"),
        ("contact-phone", "contact is no phone number"),
    ]
    assert "2 of 3 users were not updated" in run.report["warning"]
    assert "1 x contact is no e-mail address on email" in run.report["warning"]
    assert all(text not in run.log.everything() for text in ("n/a", "'abc'"))


def test_a_workspace_id_that_moengage_does_not_take(
    airflow: Any, connections: Callable[..., None], control: Any
) -> None:
    from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator

    connections("moengage", login="no such")
    rows = [{"customer_id": f"user{number}", "plan": "gold"} for number in range(1_000)]
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=rows))
    assert run.state == "failed"
    assert run.counts == {"unsent": 1_000}
    assert "workspace id is invalid (400). Check the connection's login, the workspace id" in str(run.error)
    assert len(control.journal()) <= 16
