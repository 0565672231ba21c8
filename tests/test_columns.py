# SPDX-License-Identifier: Apache-2.0
"""What an author writes in place of a column: arguments that cannot be, and how it shows itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from airflow_provider_userattrs import Hashed, Phone, Using
from airflow_provider_userattrs.operators import EngageLabSetContactsOperator, KahunaSetAttributesOperator


async def later(value: Any) -> Any:
    return value


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Hashed("m", "sha3"), "algorithm is 'sha3'; use one of 'sha256', 'sha512', 'sha1', 'md5'"),
        (lambda: Hashed("m", normalize="mail"), "normalize is 'mail'; use one of 'email', 'phone', None"),
        (lambda: Hashed("m", region="DE"), "region is 'DE'; it is for normalize='phone' alone"),
        (lambda: Phone("m", "Germany"), "region is 'Germany'; give a country's ISO code, such as 'DE', or None"),
        (lambda: Phone("m", "49"), "region is '49'; give a country's ISO code, such as 'DE', or None"),
        (
            lambda: Using("m", "lower"),  # type: ignore[arg-type]
            "function is 'lower'; give a function that takes the value and returns what to send",
        ),
        (lambda: Using("m", later), "function is later, a coroutine function; give one without async"),
    ],
    ids=["algorithm", "normalize", "region", "country", "code", "text", "coroutine"],
)
def test_a_wrong_argument_is_an_error_of_the_dag(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=" is ") as raised:
        make()
    assert str(raised.value) == sentence


def test_a_country_that_is_none_is_an_error_of_the_dag_too() -> None:
    with pytest.raises(ValueError, match="region is 'UK', which is no country's ISO code"):
        KahunaSetAttributesOperator(task_id="push", users=[], target=["u"], attributes={"x": Phone("m", "UK")})


@pytest.mark.parametrize("source", [Hashed("m"), Phone("m"), Using("m", str.title)], ids=repr)
def test_one_in_a_list_of_columns_has_no_name(source: Any) -> None:
    with pytest.raises(ValueError, match="an element of attributes is") as raised:
        KahunaSetAttributesOperator(task_id="push", users=[], target=["u"], attributes=["a", source])
    assert str(raised.value).endswith(f"; name its attribute, as in attributes={{'attribute': {source!r}}}")


class Titled:
    def __call__(self, value: str) -> str:
        return value.title()


@pytest.mark.parametrize(
    ("source", "shown", "in_words"),
    [
        (Hashed("m"), "Hashed('m')", "m, hashed"),
        (Hashed("m", "md5", None), "Hashed('m', algorithm='md5', normalize=None)", "m, hashed (md5)"),
        (
            Hashed("m", normalize="phone", region="de"),
            "Hashed('m', normalize='phone', region='DE')",
            "m, hashed",
        ),
        (Phone("m"), "Phone('m')", "m, as a phone number"),
        (Phone("m", region="DE"), "Phone('m', region='DE')", "m, as a phone number"),
        (Using("m", str.title), "Using('m', title)", "m, by title"),
        (Using("m", lambda value: value), "Using('m', <lambda>)", "m, by <lambda>"),
        (Using("m", partial(round, ndigits=2)), "Using('m', partial)", "m, by partial"),
        (Using("m", Titled()), "Using('m', Titled)", "m, by Titled"),
    ],
    ids=["hashed", "md5", "phone-hash", "phone", "region", "method", "lambda", "partial", "object"],
)
def test_shows_itself_as_the_same_in_every_process(source: Any, shown: str, in_words: str) -> None:
    assert (repr(source), source.in_words) == (shown, in_words)
    other = source.reading("n")
    assert (repr(other), repr(source)) == (shown.replace("'m'", "'n'"), shown)


@pytest.mark.usefixtures("connections", "clock")
def test_contacts_as_a_push_sends_them(airflow: Any, control: Any) -> None:
    """With a template for a column, a number that is none, and a converter that fails for one user."""
    control.seed("engagelab", [1, 2, 3])
    rows = [
        {"euid": 1, "mobile": "0151 23456789", "mail": "Ada@Example.com"},
        {"euid": 2, "mobile": "zanzibar", "mail": "bob@example.com"},
        {"euid": 3, "mobile": "+44 7400 123456", "mail": "@zanzibar"},
    ]

    def address(value: str) -> str:
        name, domain = value.lower().split("@")
        if not name:
            raise ValueError(f"{value} has no name")
        return f"{name}@{domain}"

    run = airflow.run(
        lambda: EngageLabSetContactsOperator(
            task_id="push",
            users=rows,
            contacts={"mobile_phone": Phone("{{ params.column }}", region="DE"), "email": Using("mail", address)},
            params={"column": "mobile"},
        )
    )
    assert run.counts == {"accepted": 1, "invalid": 2}
    assert control.user("engagelab", 1)["contacts"] == {"mobile_phone": "+4915123456789", "email": "ada@example.com"}
    assert "1 x value is no phone number on mobile_phone" in run.report["warning"]
    assert "1 x address raised ValueError on email" in run.report["warning"]
    assert run.report["configuration"]["contacts"] == [
        "mobile_phone \u2190 {{ params.column }}, as a phone number",
        "email \u2190 mail, by address",
    ]
    assert "zanzibar" not in run.log.everything() + json.dumps(run.report)
