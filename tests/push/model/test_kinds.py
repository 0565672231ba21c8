# SPDX-License-Identifier: Apache-2.0
"""What a value is, with the right article."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.kinds import kind_of, with_article


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "an int"),
        (1.5, "a float"),
        ("ada@example.com", "a str"),
        (None, "None"),
        ({}, "a dict"),
        (OrderedDict(), "an OrderedDict"),
        (Decimal(1), "a Decimal"),
        (object(), "an object"),
    ],
    ids=["int", "float", "str", "none", "dict", "ordered", "decimal", "object"],
)
def test_a_kind(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("noun", "phrase"),
    [
        ("UUID", "a UUID"),
        ("SQL connection", "an SQL connection"),
        ("ndarray", "a ndarray"),
        ("http connection", "an http connection"),
        ("sftp connection", "an sftp connection"),
        ("mysql connection", "a mysql connection"),
        ("uint8", "a uint8"),
        ("DataFrame", "a DataFrame"),
        ("XComArg", "an XComArg"),
    ],
)
def test_an_article(noun: str, phrase: str) -> None:
    assert with_article(noun) == phrase
