# SPDX-License-Identifier: Apache-2.0
"""Wrong parameters fail when the DAG is parsed, with the parameter's name and what to give instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow_names import AirflowException

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)
from airflow_provider_userattrs.push_log import PushLog

#: What each of the seven cannot do without.
OPERATORS: dict[type, dict[str, Any]] = {
    EngageLabSetAttributesOperator: {},
    EngageLabSetContactsOperator: {"contacts": ["email"]},
    EngageLabUnsetAttributesOperator: {"attributes": ["x"]},
    KahunaSetAttributesOperator: {"target": ["username"]},
    KahunaUnsetAttributesOperator: {"target": ["username"], "attributes": ["x"]},
    MoEngageSetAttributesOperator: {},
    MoEngageUnsetAttributesOperator: {"attributes": ["x"]},
}
EL_SET, EL_CONTACTS, EL_UNSET, KA_SET, KA_UNSET, ME_SET, ME_UNSET = OPERATORS
#: Vendor -> the parameter that names the user.
USER = {"engagelab": "euid", "kahuna": "target", "moengage": "customer_id"}
CONN_ID = {operator: f"{operator.__name__.split('Set')[0].split('Unset')[0].lower()}_conn_id" for operator in OPERATORS}


#: Airflow's own errors on parameters that are missing or do not exist: the second on Airflow 2.
NO_SUCH_PARAMETER = (TypeError, AirflowException)


def make(operator: type, **parameters: Any) -> Any:
    return operator(task_id="push", **{"users": [], **OPERATORS[operator], **parameters})


def bad(operator: type, parameter: str, value: object, remedy: str) -> Any:
    shown = "callable" if callable(value) else "set" if isinstance(value, set) else str(value)
    # Ids are the same in every process: no addresses.
    name = re.sub(r" at 0x\w+", "", f"{operator.__name__}-{parameter}-{shown}")
    return pytest.param(operator, parameter, value, remedy, id=name[:90])


def generator() -> Any:
    yield {}


EVERY = [
    ("users", None, "list of dicts"),
    ("users", "ada", "upstream task's output"),
    ("users", b"ada", "list of dicts"),
    ("users", {"euid": 1}, "list of dicts"),
    ("users", {1}, "list of dicts"),
    ("users", 5, "list of dicts"),
    ("users", generator(), "list of dicts"),
    ("nulls", "delete", "'skip', 'unset'"),
    ("nulls", None, "'skip', 'unset'"),
    ("nulls", True, "'skip', 'unset'"),
    ("max_failed", -1, "give a share of the rows, such as 0.05 or '5%'"),
    ("max_failed", -0.1, "1.0 is all of them"),
    ("max_failed", 1.1, "1.0 is all of them"),
    ("max_failed", 5.0, "1.0 is all of them"),
    ("max_failed", float("nan"), "1.0 is all of them"),
    ("max_failed", float("inf"), "1.0 is all of them"),
    ("max_failed", "101%", "the text '101%'; give a share of the rows"),
    ("max_failed", "-5%", "give a share of the rows"),
    ("max_failed", "nan%", "give a share of the rows"),
    ("max_failed", "%", "give a share of the rows"),
    ("max_failed", "5", "number of rows"),
    ("max_failed", True, "number of rows"),
    ("rejects_path", "", "s3://"),
    ("rejects_path", 5, "s3://"),
    ("rejects_path", Path("rejects.jsonl"), "s3://"),
    ("rate_limit", 0, "over 0"),
    ("rate_limit", -1, "over 0"),
    ("rate_limit", "fast", "over 0"),
    ("rate_limit", True, "over 0"),
    ("rate_limit", float("nan"), "over 0"),
    ("rate_limit", float("inf"), "over 0"),
    ("concurrency", 0, "1 to 256"),
    ("concurrency", -1, "1 to 256"),
    ("concurrency", 257, "1 to 256"),
    ("concurrency", 1.5, "1 to 256"),
    ("concurrency", "4", "1 to 256"),
    ("concurrency", True, "1 to 256"),
    ("concurrency", None, "1 to 256"),
    ("sample", -1, "a number of requests (int) from 0 to 20"),
    ("sample", 21, "a number of requests (int) from 0 to 20"),
    ("sample", None, "a number of requests (int) from 0 to 20"),
    ("sample", True, "a number of requests (int) from 0 to 20"),
    ("sample_values", 1, "True or False"),
    ("limit", 0, "a number of rows (int) from 1 on"),
    ("limit", -1, "a number of rows (int) from 1 on"),
    ("limit", 1.5, "a number of rows (int) from 1 on"),
    ("limit", "10", "a number of rows (int) from 1 on"),
    ("limit", True, "a number of rows (int) from 1 on"),
    ("log_to", "warehouse", "give PushLog('warehouse', schema='airflow'), or None"),
    ("log_to", PushLog, "give PushLog('warehouse', schema='airflow'), or None"),
    ("timezone", "Mars/Olympus", "IANA"),
    ("timezone", "", "IANA"),
    ("timezone", None, "IANA"),
    (
        "timezone",
        ZoneInfo("Europe/Berlin"),
        "timezone is a ZoneInfo; give the zone's IANA name, such as 'Europe/Berlin'",
    ),
    ("dry_run", "yes", "True or False"),
    ("dry_run", 1, "True or False"),
    ("dry_run", None, "True or False"),
]
COLUMNS = [
    ([], "None, a list of columns, or a dict"),
    ({}, "None, a list of columns, or a dict"),
    ("name", "list of columns"),
    (5, "list of columns"),
    ({"a", "b"}, "list of columns"),
    ([""], "text and not empty"),
    ([1], "text and not empty"),
    ({"a": 5}, "text and not empty"),
    ({"a": ""}, "text and not empty"),
    ({"a": None}, "text and not empty"),
    ({"": "x"}, "not empty"),
    ({5: "x"}, "text"),
    ({"a": Constant(object())}, "'a'"),
    ({"a": Constant(None)}, "'a'"),
    ({"a": Constant(float("nan"))}, "'a'"),
    ({"a": Constant("lone \ud800")}, "'a'"),
    ({"a": Hashed(5)}, "text"),  # type: ignore[arg-type]
    ({"a": Hashed("")}, "text"),
]
NAMES = [
    ([], "list of names"),
    ("name", "list of names"),
    (None, "list of names"),
    (5, "list of names"),
    ({"a": "b"}, "list of names"),
    ([""], "text and not empty"),
    ([1], "text and not empty"),
    ([["a"]], "text and not empty"),
]
WRONG = [
    *(bad(operator, *one) for operator in OPERATORS for one in EVERY),
    *(
        bad(operator, CONN_ID[operator], value, "connection")
        for operator in (EL_SET, KA_SET, ME_SET)
        for value in (None, "")
    ),
    *(bad(EL_SET, "operation", value, "'set', 'increase'") for value in ("delete", "SET", "upsert", "", None)),
    *(bad(operator, "nulls", "unset", "'skip'") for operator in (EL_SET, EL_CONTACTS, EL_UNSET)),
    *(bad(operator, "nulls", "unset", "leave it out") for operator in (KA_UNSET, ME_UNSET)),
    *(bad(operator, "attributes", *one) for operator in (EL_SET, KA_SET, ME_SET) for one in COLUMNS),
    *(bad(EL_CONTACTS, "contacts", *one) for one in COLUMNS),
    bad(EL_CONTACTS, "contacts", None, "the channels email, mobile_phone, landline_phone, whatsapp_phone"),
    bad(EL_CONTACTS, "contacts", ["first_name"], "'first_name': not a channel that EngageLab documents"),
    *(bad(EL_CONTACTS, "channels", value, "'known', 'any'") for value in ("all", None, True)),
    *(bad(EL_CONTACTS, "check", value, "True or False") for value in ("no", None, 0)),
    *(bad(operator, "attributes", *one) for operator in (EL_UNSET, KA_UNSET, ME_UNSET) for one in NAMES),
    bad(EL_SET, "attributes", {"a": Constant("")}, "NULL"),
    bad(EL_CONTACTS, "contacts", {"email": Constant(5)}, "text"),
    *(bad(operator, "euid", value, "name of a column") for operator in (EL_SET, EL_CONTACTS, EL_UNSET)
      for value in ("", None, 5, ["euid"])),
    *(bad(operator, "customer_id", value, "name of a column") for operator in (ME_SET, ME_UNSET)
      for value in ("", None, 5, ["id"])),
    *(bad(operator, "target", value, remedy) for operator in (KA_SET, KA_UNSET) for value, remedy in (
        ("username", "list of columns"), ([], "list of columns"), ({}, "dict from Kahuna's credential"),
        (None, "list of columns"), ({"username"}, "list of columns"), ([5], "text and not empty"),
        ([""], "text and not empty"), ({"username": 5}, "text and not empty"), ({5: "name"}, "text and not empty"),
        ({"username": ""}, "text and not empty"), ({"username": Hashed("email")}, "text and not empty"))),
    *(bad(operator, "oversize", value, "'refuse', 'send'") for operator in (KA_SET, ME_SET)
      for value in ("cut", None, True)),
    bad(KA_SET, "attributes", {"a": Constant("x" * 2049)}, "Shorten"),
    bad(KA_SET, "attributes", {"a": Constant([1])}, "'a'"),
    *(bad(ME_SET, "attributes", [name], "Send the column under another name") for name in ("id", "_id")),
    *(bad(ME_UNSET, "attributes", [name], "Leave it out") for name in ("id", "_id")),
    bad(ME_SET, "attributes", {"id": "x"}, "Send the column under another name"),
    bad(ME_SET, "attributes", ["x" * 201], "Shorten"),
    bad(ME_SET, "attributes", {"a": Constant("x" * 513)}, "Shorten"),
    bad(ME_SET, "attributes", {"last_seen": Constant("today")}, "date"),
    *(bad(ME_SET, "update_existing_only", value, "True or False") for value in ("yes", None, 1)),
    *(bad(ME_UNSET, "match", value, "'equals', 'prefix', 'suffix', 'contains'") for value in ("regex", None, "")),
    *(bad(ME_UNSET, "case_sensitive", value, "True or False") for value in ("no", None, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "parameter", "value", "remedy"), WRONG)
def test_a_wrong_parameter(operator: type, parameter: str, value: Any, remedy: str) -> None:
    with pytest.raises(ValueError, match=parameter) as refused:
        make(operator, **{parameter: value})
    assert remedy in str(refused.value)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_parameter_is_by_keyword(operator: Any) -> None:
    with pytest.raises(Exception, match="keyword"):
        operator("push", [])


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("parameter", ["atributes", "user", "max_fail", "conn_id"])
def test_a_parameter_that_does_not_exist(operator: type, parameter: str) -> None:
    with pytest.raises(NO_SUCH_PARAMETER, match=parameter):
        make(operator, **{parameter: ["x"]})


REQUIRED = [(operator, name) for operator, needs in OPERATORS.items() for name in ("users", *needs)]


@pytest.mark.parametrize(("operator", "name"), REQUIRED)
def test_a_parameter_that_is_required(operator: Any, name: str) -> None:
    parameters = {"users": [], **OPERATORS[operator]}
    del parameters[name]
    with pytest.raises(NO_SUCH_PARAMETER, match=name):
        operator(task_id="push", **parameters)


DEFAULTS: dict[str, Any] = {
    "nulls": "skip",
    "max_failed": 0.5,
    "on_empty": "warn",
    "rejects_path": None,
    "rate_limit": None,
    "concurrency": 16,
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_defaults_are_those_of_the_design(operator: type) -> None:
    made = make(operator)
    for name, value in DEFAULTS.items():
        assert getattr(made, name) == value
    vendor = CONN_ID[operator].removesuffix("_conn_id")
    assert getattr(made, CONN_ID[operator]) == f"{vendor}_default"
    user = USER[vendor]
    if user not in OPERATORS[operator]:
        assert getattr(made, user) == user


RIGHT: dict[str, list[Any]] = {
    "users": [[], [{"euid": 1}], ({"euid": 1},)],
    "max_failed": [None, 0, 1, 10**9, 0.0, 0.5, 1.0, "5%", "0%", "2.5 %", "100%"],
    "rejects_path": ["/tmp/x", "file:///tmp/x", "s3://c@bucket/key", "{{ var.value.folder }}/x"],
    "rate_limit": [0.01, 1, 10_000],
    "concurrency": [1, 256],
    "timezone": ["UTC", "Europe/Berlin"],
    "dry_run": [True, False],
}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("parameter", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_a_right_parameter(operator: type, parameter: str, value: Any) -> None:
    make(operator, **{parameter: value})


TEMPLATE = "{{ params.columns }}"


@pytest.mark.parametrize(
    ("operator", "parameter", "value"),
    [
        (EL_SET, "attributes", TEMPLATE),
        (EL_SET, "attributes", {"a": "b", "c": Constant(TEMPLATE), "d": Hashed("e")}),
        (EL_SET, "attributes", ("a", "b")),
        (EL_SET, "euid", TEMPLATE),
        (EL_CONTACTS, "contacts", TEMPLATE),
        (EL_UNSET, "attributes", TEMPLATE),
        (KA_SET, "target", TEMPLATE),
        (KA_SET, "target", {"username": "name", "email": "mail"}),
        (ME_UNSET, "attributes", TEMPLATE),
        (ME_UNSET, "match", "prefix"),
        (ME_SET, "attributes", {"last_seen": Constant("2019-05-21T03:47:35Z")}),
    ],
)
def test_values_known_only_later_are_accepted(operator: type, parameter: str, value: Any) -> None:
    make(operator, **{parameter: value})


@pytest.mark.parametrize("operator", OPERATORS)
def test_template_fields_are_what_a_user_expects(operator: type) -> None:
    vendor = CONN_ID[operator].removesuffix("_conn_id")
    columns = "contacts" if operator is EL_CONTACTS else "attributes"
    guards = {"expect_rows", "max_change"}
    shared = {"users", "max_failed", "rate_limit", "concurrency", "timezone", "is_dry_run", "limit", "sample", "shard"}
    paths = {"rejects_path", "checkpoint_path"}
    ids = {"user_id", "anonymous_id", "registration_id", "euid_cache"} if vendor == "engagelab" else set()
    expected = {columns, USER[vendor], CONN_ID[operator]} | shared | guards | paths | ids
    assert set(operator.template_fields) == expected  # type: ignore[attr-defined]
    for name in operator.template_fields:  # type: ignore[attr-defined]
        assert hasattr(make(operator), name)


@pytest.mark.parametrize("operator", OPERATORS)
def test_default_args_reach_every_parameter(airflow: Any, operator: Any) -> None:
    needs = OPERATORS[operator]
    values = {
        **needs,
        "users": [],
        "max_failed": 7,
        "rejects_path": "/tmp/x",
        "rate_limit": 3,
        "concurrency": 2,
        CONN_ID[operator]: "another",
    }
    dag = airflow.dag(lambda: operator(task_id="push"), default_args=values)
    push = dag.get_task("push")
    assert (push.max_failed, push.rejects_path, push.rate_limit, push.concurrency) == (7, "/tmp/x", 3, 2)
    assert getattr(push, CONN_ID[operator]) == "another"


@pytest.mark.parametrize("operator", OPERATORS)
def test_default_args_that_are_wrong_fail_too(airflow: Any, operator: Any) -> None:
    with pytest.raises(ValueError, match="max_failed"):
        airflow.dag(lambda: make(operator), default_args={"max_failed": 2.5})


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_mapped_operator_knows_its_parameters(airflow: Any, operator: Any) -> None:
    with pytest.raises(TypeError, match="max_fail"):
        airflow.dag(lambda: operator.partial(task_id="push", max_fail=1, **OPERATORS[operator]).expand(users=[[], []]))


def test_the_error_shows_no_long_text() -> None:
    canary = "ada@example.com," * 10
    with pytest.raises(ValueError, match="users") as refused:
        make(EL_SET, users=canary)
    assert "ada@example.com" not in str(refused.value)


def test_xcoms_inside_a_list_of_users_are_not_lost_silently(airflow: Any) -> None:
    """A list of upstream outputs: either resolved, or refused; never taken for rows."""
    from airflow_names import task

    @task
    def some() -> list[dict[str, Any]]:
        return [{"euid": 1, "a": 1}]

    with pytest.raises(ValueError, match="users"):
        airflow.dag(lambda: make(EL_SET, users=[some(), some()]))


@pytest.mark.parametrize("path", ["/data/USERS.CSV", "/data/users.tsv", "users.txt", "/data/users", "/data/users/*"])
def test_a_path_that_ends_as_no_format_does(path: str) -> None:
    with pytest.raises(ValueError, match=r"A path ends with \.jsonl, .* FileRows\(path, format='csv'\)") as error:
        MoEngageSetAttributesOperator(task_id="push", users=path)
    assert path not in str(error.value)
