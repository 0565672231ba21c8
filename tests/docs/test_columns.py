# SPDX-License-Identifier: Apache-2.0
"""docs/columns.md: with each line's parameters, what is sent of the row is what the page says."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from pages import blocks, section

from airflow_provider_userattrs import Constant, Hashed, Phone, Using
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator
from airflow_provider_userattrs.push.mapping.phones import phone_text
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

PAGE = "docs/columns.md"
ROW = blocks(PAGE, "Columns", "python")[0].text
LINES = re.findall(r"^\| (none|`.*?`) \| `(\{.*?\})`.* \|$", section(PAGE, "Columns"), re.MULTILINE)


def test_every_line_is_read() -> None:
    assert len(LINES) == section(PAGE, "Columns").count("\n| ") - 1


@pytest.mark.parametrize("number", range(len(LINES)))
def test_what_is_sent(number: int) -> None:
    parameters, said = LINES[number]
    given = "" if parameters == "none" else parameters.strip("`")
    options: dict[str, Any] = eval(
        f"dict({given})", {"Constant": Constant, "Hashed": Hashed, "Phone": Phone, "Using": Using}
    )
    row = eval(ROW)
    operator = KahunaSetAttributesOperator(task_id="push", users=[row], target=["username"], **options)
    update: Any = operator.make_mapper(operator.attributes)(0, row)
    sent = json.loads(kahuna.encode(update))["attributes"]
    digest = hashlib.sha256(b"ada@example.com").hexdigest()
    assert sent == json.loads(said.replace(f"{digest[:8]}...", digest))


PHONES = "Of a column's value"


def test_the_phone_numbers_of_the_page() -> None:
    lines = re.findall(
        r"^\| (?!the column)(.*?) \| (.*?) \|$", section(PAGE, PHONES).split("is sent, with")[1], re.MULTILINE
    )
    tried = 0
    for given, sent in lines:
        values = [int(number) if number else text for text, number in re.findall(r"`([+\d][^`]{5,})`|(\d{9,})", given)]
        if "invalid" in sent:
            for value in values:
                with pytest.raises(InvalidRow) as raised:
                    phone_text(value, "DE")
                assert f"(`{raised.value.verdict.code}`)" in sent
        else:
            assert [phone_text(value, "DE") for value in values] == re.findall(r"`(\+\d+)`", sent)
        tried += len(values)
    assert tried == 5
