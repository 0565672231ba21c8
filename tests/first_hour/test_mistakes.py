# SPDX-License-Identifier: Apache-2.0
"""Mistakes that everybody makes in the first hour, on real Airflow: each with the sentence it gives, and where."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow_names import task
from versions import FRAMES, needs

from airflow_provider_userattrs import ChangedOnly, FileRows, SqlRows
from airflow_provider_userattrs.hooks import KahunaHook
from airflow_provider_userattrs.operators import (
    EngageLabSetContactsOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)


class Seen(Enum):
    """Where a sentence is seen. The Push report tab shows what the report says."""

    PARSE = "error when the DAG is parsed"
    FAILURE = "task log, and the report's failure"
    WARNING = "task log of a green task, and the report's warning"
    NOTE = "task log of a green task, and a count in the report"
    LOG = "task log"


@dataclass(frozen=True)
class Mistake:
    """Describe a mistake.

    :param name: the mistake in words.
    :param build: adds the task of the DAG in which it was made.
    :param sentence: what is said of it.
    :param seen: where that is seen.
    :param needs: what of Airflow it takes to make the mistake.
    """

    name: str
    build: Callable[[], Any]
    sentence: str
    seen: Seen = Seen.FAILURE
    needs: str = ""


#: Three users whom every vendor knows, and the table ``users`` of the connection ``warehouse``.
USERS = [
    {"euid": 1, "username": "ada", "customer_id": "c1", "plan": "gold"},
    {"euid": 2, "username": "bob", "customer_id": "c2", "plan": "free"},
    {"euid": 3, "username": "eve", "customer_id": "c3", "plan": "gold"},
]
COLUMNS = "euid, username, customer_id, plan"


def push(operator: Any = MoEngageSetAttributesOperator, users: Any = USERS, **parameters: Any) -> Any:
    return operator(task_id="push", users=users, **parameters)


def returned(value: Callable[[], Any]) -> Any:
    """Return the output of an upstream task."""

    @task(show_return_value_in_logs=False)
    def changed_users() -> Any:
        return value()

    return changed_users()


def data_frame() -> Any:
    return import_module("pandas").DataFrame(USERS)


def query(sql: str = f"SELECT {COLUMNS} FROM users", **arguments: Any) -> SqlRows:
    return SqlRows(sql, **{"conn_id": "warehouse", **arguments})


def hook_call() -> Any:
    @task(task_id="push")
    def push() -> None:
        KahunaHook().set_attributes([{"username": "ada", "plan": "gold"}])  # type: ignore[dict-item]

    return push()


MISTAKES = [
    # The connection
    Mistake("no connection", lambda: push(moengage_conn_id="moengage"), "The conn_id `moengage` isn't defined"),
    Mistake(
        "a connection of another type",
        lambda: push(moengage_conn_id="warehouse"),
        "Connection 'warehouse' is a sqlite connection, not moengage; give a connection of the type 'moengage'.",
    ),
    Mistake(
        "a connection without its data center",
        lambda: push(moengage_conn_id="no_center"),
        "Connection 'no_center': extra 'data_center' is not set; it is the number in the address of your "
        "MoEngage dashboard, one of 01, 02, 03, 04, 05, 06, 101.",
    ),
    Mistake(
        "a newline behind a key",
        lambda: push(moengage_conn_id="newline"),
        "Connection 'newline': password begins or ends with a blank, a line break or an invisible character; "
        "write the Data API key without it.",
    ),
    Mistake(
        "a wrong key",
        lambda: push(moengage_conn_id="wrong_key"),
        "MoEngage refuses the push: authentication required or failed (401). Check the connection's workspace id "
        "and Data API key, that the key may use the Data API, and with an API firewall, that this worker's IP "
        "address is listed.",
    ),
    Mistake(
        "a database without its provider",
        lambda: push(users=query(conn_id="oracle")),
        "conn_id 'oracle' is of the type 'oracle', whose hook cannot be imported; install "
        "apache-airflow-providers-oracle",
    ),
    # The users
    Mistake(
        "a query in place of a source",
        lambda: push(users="SELECT * FROM users"),
        "users is a query as text; give SqlRows(query, conn_id=...)",
        Seen.PARSE,
    ),
    Mistake(
        "a data frame",
        lambda: push(users=returned(data_frame)),
        'users is a DataFrame; the upstream task must return a list of dicts instead: df.to_dict("records")',
        needs=FRAMES,
    ),
    Mistake(
        "rows without columns",
        lambda: push(users=[("c1", "gold"), ("c2", "free")]),
        "MoEngage was sent none of 2 users: 2 x row is a tuple, not a dict; use SqlRows, or return dicts (Name "
        "the columns: dict(zip(columns, row)), a cursor that returns dicts (DictCursor), or SqlRows)",
    ),
    Mistake(
        "a task that returns nothing",
        lambda: push(users=returned(lambda: None)),
        "users is None: changed_users returned nothing; the upstream task must return a list with a dict for "
        "each user, hand_over(source), or a path that ends with .jsonl, .csv or .parquet",
    ),
    Mistake(
        "a template for rows",
        lambda: push(users="{{ params.users }}", params={"users": USERS}),
        "users is a template that rendered to text, not to a list of rows; give the upstream task's output "
        "instead, users=extract() (of an operator: extract.output), or set render_template_as_native_obj=True on "
        "the DAG",
    ),
    Mistake(
        "a task for each user",
        lambda: MoEngageSetAttributesOperator.partial(task_id="push").expand(users=USERS[:1]),
        "users[0]: users is a dict, one user; give a list of dicts. With .expand(users=...) each element is the list "
        "of one task: expand over lists of users, or give all users to one task without .expand",
        Seen.PARSE,
    ),
    Mistake(
        "another database's placeholders",
        lambda: push(users=query(f"SELECT {COLUMNS} FROM users WHERE plan = %(plan)s", parameters={"plan": "gold"})),
        "sql is refused by the database (OperationalError: syntax error); write its placeholders as :name, or ? "
        "in order, which this database takes, not as %(name)s",
    ),
    Mistake(
        "a key that is not unique",
        lambda: push(users=query(key="plan")),
        "key 'plan' has a value twice, so a retry would lose rows; give a column that is unique and never NULL",
    ),
    Mistake(
        "a window without a row",
        lambda: push(users=query("SELECT customer_id, plan FROM users WHERE plan = 'silver'")),
        'No users were pushed to MoEngage, because there were no rows; on_empty="ok" if that is expected, "fail" '
        "if the task is to fail then",
        Seen.WARNING,
    ),
    Mistake(
        "a join that doubles rows",
        lambda: push(users=query("SELECT a.customer_id, a.plan FROM users a JOIN users b ON a.plan = b.plan")),
        "At least 2 rows name users that another row names too; check the query's joins if that is unexpected",
        Seen.NOTE,
    ),
    # The columns
    Mistake(
        "a column that is spelled wrong",
        lambda: push(users=query(), attributes=["Plann"]),
        "attributes names the column 'Plann' (did you mean 'plan'?), which the rows do not have; the columns are "
        "euid, username, customer_id, plan",
    ),
    Mistake(
        "the user in another column",
        lambda: push(users=query("SELECT customer_id AS id, plan FROM users")),
        "customer_id names the column 'customer_id', which the rows do not have; the columns are id, plan",
    ),
    Mistake(
        "attributes the wrong way round",
        lambda: push(users=query(), attributes={"plan": "Plan name"}),
        "attributes={attribute: column} names the column 'Plan name' (did you mean 'plan'?), which the rows do "
        "not have; the columns are euid, username, customer_id, plan",
    ),
    Mistake(
        "a fixed text in place of a column",
        lambda: push(users=query(), attributes={"source": "airflow"}),
        "attributes={attribute: column} names the column 'airflow', which the rows do not have; the columns are "
        "euid, username, customer_id, plan",
    ),
    Mistake(
        "a column that is spelled wrong, of a list",
        lambda: push(attributes=["Plann"]),
        "MoEngage was sent none of 3 users: attributes names the column 'Plann' (did you mean 'plan'?), which none of "
        "the 3 rows has; the columns are euid, username, customer_id, plan; or give the rows the column, with None "
        "where there is no value",
    ),
    Mistake(
        "the user in another column, of a list",
        lambda: push(users=[{"id": user["customer_id"], "plan": user["plan"]} for user in USERS]),
        "MoEngage was sent none of 3 users: customer_id names the column 'customer_id', which none of the 3 rows has; "
        "the columns are id, plan; or give the rows the column, with None where there is no value",
    ),
    Mistake(
        "a column to leave out that is spelled wrong, of a list",
        lambda: push(exclude=["plann", "email"]),
        "exclude names the column 'plann' (did you mean 'plan'?), which none of the 3 rows has; the columns are euid, "
        "username, customer_id, plan",
        Seen.WARNING,
    ),
    Mistake(
        "a name that the vendor reserves",
        lambda: push(users=query("SELECT customer_id, plan AS status FROM users")),
        "MoEngage was sent none of 3 users: 3 x attribute name that MoEngage reserves on status (Send the column "
        "under another name, as in attributes={'plan_status': 'status'}, or leave it out)",
    ),
    Mistake(
        "a column that is no channel",
        lambda: push(EngageLabSetContactsOperator, contacts=["email", "first_name"]),
        "contacts: 'first_name': not a channel that EngageLab documents, which are email, mobile_phone, "
        'landline_phone, whatsapp_phone. Name one of them, as in contacts={"mobile_phone": "phone"}, or set '
        'channels="any".',
        Seen.PARSE,
    ),
    # The values
    Mistake(
        "a column of dicts",
        lambda: push(users=[{**user, "address": {"city": "X"}} for user in USERS]),
        "MoEngage was sent none of 3 users: 3 x value of type dict on address (MoEngage takes text, numbers, "
        "booleans, dates and lists of text, numbers or dates; convert the value upstream, or leave the attribute "
        "out)",
    ),
    Mistake(
        "a data frame's NaN",
        lambda: push(users=[{"customer_id": "c1", "age": float("nan")}, {"customer_id": "c2", "age": 44}]),
        "1 of 2 users was not updated at MoEngage: 1 x value is NaN or infinite, which JSON cannot represent on age",
        Seen.WARNING,
    ),
    Mistake(
        "users whom the vendor does not know",
        lambda: push(
            KahunaSetAttributesOperator,
            [*USERS, {"username": "new", "plan": "gold"}],
            target=["username"],
            attributes=["plan"],
        ),
        "1 of 4 users was not updated at Kahuna: 1 x User not found (404)",
        Seen.WARNING,
    ),
    Mistake(
        "the ids of another vendor",
        lambda: push(KahunaSetAttributesOperator, target={"username": "customer_id"}, attributes=["plan"]),
        "Kahuna accepted none of 3 users: 3 x User not found (404). Kahuna updates existing users only: check the "
        "credentials, or wait until the user has signed in once",
    ),
    # The parameters
    Mistake(
        "a percentage without its sign",
        lambda: push(max_failed="5"),
        "max_failed is the text '5'; give a share of the rows, such as 0.05 or '5%' (1.0 is all of them), or a "
        "number of rows (int; 1 is one)",
        Seen.PARSE,
    ),
    Mistake(
        "contacts are to be taken back",
        lambda: push(
            EngageLabSetContactsOperator,
            contacts=["email"],
            changed_only=ChangedOnly("/data/known", removed="unset"),
        ),
        "changed_only.removed is 'unset', and EngageLab has no request that takes back set contacts; use 'ignore'",
        Seen.PARSE,
    ),
    Mistake(
        "a relative path",
        lambda: push(rejects_path="rejects.jsonl"),
        "rejects_path is the text 'rejects.jsonl'; a relative path leads to the folder that a worker happens to "
        "run in, where nobody looks; give the whole path, such as '/data/rejects.jsonl' or "
        "'s3://bucket/rejects.jsonl'",
        Seen.PARSE,
    ),
    Mistake(
        "a dry run that was left on",
        lambda: push(dry_run=True),
        "Dry run: would send 3 of 3 users to MoEngage, and sent none",
        Seen.WARNING,
    ),
    Mistake(
        "a hook called like an operator",
        hook_call,
        'users[0] has no \'target\'; call set_attributes([{"target": {"username": "ada"}, "attributes": {"plan": '
        '"gold"}}])',
        Seen.LOG,
    ),
]


@pytest.fixture
def first_hour(
    connections: Callable[..., None],
    control: Any,
    clock: Any,
    connect: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Have the sandbox's connections beside some that are wrong, its users and a warehouse."""
    control.seed("engagelab", [user["euid"] for user in USERS])
    control.seed("kahuna", [{"username": user["username"]} for user in USERS])
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute(f"CREATE TABLE users ({COLUMNS})")
        database.executemany(
            f"INSERT INTO users ({COLUMNS}) VALUES (?, ?, ?, ?)", [tuple(user.values()) for user in USERS]
        )
    moengage = json.loads(os.environ["AIRFLOW_CONN_MOENGAGE_DEFAULT"])
    others = {
        "warehouse": {"conn_type": "sqlite", "host": str(tmp_path / "w.db")},
        "oracle": {"conn_type": "oracle", "host": "db"},
        "no_center": {**moengage, "host": ""},
        "newline": {**moengage, "password": moengage["password"] + "\n"},
        "wrong_key": {**moengage, "password": "wrong"},
    }
    for name, connection in others.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(each, id=each.name.replace(" ", "-"), marks=needs(each.needs) if each.needs else ())
        for each in MISTAKES
    ],
)
@pytest.mark.usefixtures("first_hour")
def test_a_mistake(airflow: Any, mistake: Mistake) -> None:
    if mistake.seen is Seen.PARSE:
        with pytest.raises(ValueError, match=f"^{re.escape(mistake.sentence)}$"):
            airflow.dag(mistake.build)
        return
    run = airflow.run(mistake.build)
    state = run.states["push"]
    report = run.reports.get("push") or {}
    lines = {line.text: line.level for line in run.log.ours}
    if mistake.seen in (Seen.WARNING, Seen.NOTE):
        assert state == "success"
        assert lines[mistake.sentence] == ("warning" if mistake.seen is Seen.WARNING else "info")
        assert report["warning"] == (mistake.sentence if mistake.seen is Seen.WARNING else None)
    else:
        assert state == "failed"
        assert str(run.error) == mistake.sentence
        assert report.get("failure") == (mistake.sentence if mistake.seen is Seen.FAILURE else None)
    if "duplicates" in report:
        assert bool(report["duplicates"]) is (mistake.seen is Seen.NOTE)


def test_there_are_more_than_twenty() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 20


# What is done about them otherwise


@pytest.mark.parametrize(("null", "kept"), [("", "Ada"), (None, "")], ids=["default", "text"])
def test_an_empty_field_of_a_csv_file(
    airflow: Any, connections: Callable[..., None], control: Any, tmp_path: Path, null: str | None, kept: str
) -> None:
    path = tmp_path / "users.csv"
    control.seed("kahuna", [{"username": "ada"}])
    for first_name in ("Ada", ""):
        path.write_text(f"username,first_name,plan\nada,{first_name},gold\n", encoding="utf-8")
        source = FileRows(str(path), null=null) if null is None else FileRows(str(path))
        run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=source, target=["username"]))  # noqa: B023
        assert run.state == "success"
    assert control.user("kahuna", "ada")["attributes"] == {"first_name": kept, "plan": "gold"}


def test_contacts_that_are_not_named() -> None:
    with pytest.raises(ValueError, match="contacts") as raised:
        EngageLabSetContactsOperator(task_id="push", users=[], contacts=None)
    assert str(raised.value) == (
        "contacts is None; name them, by a list or by {channel: column}; EngageLab documents the channels email, "
        "mobile_phone, landline_phone, whatsapp_phone"
    )


def test_contacts_that_look_like_none(airflow: Any, connections: Callable[..., None], control: Any) -> None:
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
    connections("moengage", login="no such")
    rows = [{"customer_id": f"user{number}", "plan": "gold"} for number in range(1_000)]
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=rows))
    assert run.state == "failed"
    assert run.counts == {"unsent": 1_000}
    assert "workspace id is invalid (400). Check the connection's login, the workspace id" in str(run.error)
    assert len(control.journal()) <= 16
