# SPDX-License-Identifier: Apache-2.0
"""Phone numbers in the form of E.164: what is one, what may be another one, what is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.mapping.phones import check_region, phone_text
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration

REGIONS = ("DE", "FR", "GB", "IT", "US", "BR", "IN", "JP", "ID", "SE", "EG")


def code_of(value: Any, region: str | None) -> str:
    with pytest.raises(InvalidRow) as raised:
        phone_text(value, region)
    assert len(str(value)) < 4 or str(value) not in raised.value.verdict.meaning + raised.value.verdict.remedy
    return raised.value.verdict.code


@pytest.mark.parametrize(
    ("value", "region", "number"),
    [
        ("+49 (0)30 901820", None, "+4930901820"),
        ("+4930901820", "US", "+4930901820"),
        ("030/90 18-20", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("30901820", "DE", "+4930901820"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("(802) 345-6879", "US", "+18023456879"),
        ("18023456879", "US", "+18023456879"),
        ("5511961234567", "BR", "+5511961234567"),
        ("\u202a+49 151\u00a023456789\u202c", None, "+4915123456789"),
        ("+49 151\u201323456789", None, "+4915123456789"),
        ("\uff0b4915123456789", None, "+4915123456789"),
        ("\u0660\u0661\u0660\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "EG", "+201001234567"),
        (15123456789, "DE", "+4915123456789"),
        (15123456789.0, "DE", "+4915123456789"),
        (Decimal("15123456789"), "DE", "+4915123456789"),
        (" \u200b", "DE", ""),
    ],
    ids=ascii,
)
def test_a_number_as_people_write_it(value: Any, region: str | None, number: str) -> None:
    assert phone_text(value, region) == number


@pytest.mark.parametrize(
    ("value", "region"),
    [
        ("030 901820", None),
        ("4930901820", None),
        ("n/a", "DE"),
        ("call +49 30 901820", "DE"),
        ("+49 30 901820 ext. 5", "DE"),
        ("+4930901820;ext=5", "DE"),
        ("1-800-FLOWERS", "US"),
        ("+49 151 23456789 / 030 901820", "DE"),
        ("901820", "DE"),
        ("110", "DE"),
        ("3456879", "US"),
        ("0", "DE"),
        ("+", "DE"),
        ("+49", "DE"),
        ("+999 12345678", "DE"),
        ("00491512345678", "US"),
        ("15123456789.0", "DE"),
        ("+4915123456789.0", None),
        ("4.915123E+12", "DE"),
        ("1" * 400, "DE"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_number(value: str, region: str | None) -> None:
    assert code_of(value, region) == "phone"


@pytest.mark.parametrize(("value", "region"), [("4915123456789", "DE"), (4915123456789, "DE"), ("62812345678", "ID")])
def test_what_may_be_another_number_is_not_guessed(value: Any, region: str) -> None:
    """Read as a number within the country it would be valid too, and somebody else's."""
    assert code_of(value, region) == "phone-ambiguous"
    assert phone_text(f"+{value}", region) == f"+{value}"


@pytest.mark.parametrize("value", [True, b"1", ["+4930901820"]], ids=lambda value: type(value).__name__)
def test_what_has_no_one_text(value: Any) -> None:
    assert code_of(value, "DE") == "type"


def test_a_region_is_a_country_s_code() -> None:
    for region in (None, *REGIONS):
        check_region(region)
    with pytest.raises(RefusedConfiguration) as raised:
        check_region("UK")
    assert str(raised.value) == (
        "region is 'UK', which is no country's ISO code (that of the United Kingdom is 'GB'); give one such as "
        "'DE', or None"
    )


@given(st.sampled_from(REGIONS), st.text("0123456789 +()-./", max_size=20) | st.integers(0, 10**15).map(str))
def test_what_is_taken_is_one_number_for_ever(region: str, text: str) -> None:
    try:
        number = phone_text(text, region)
    except InvalidRow:
        return
    if number:
        assert number[0] == "+"
        assert number[1:].isdecimal()
        assert phone_text(number, None) == number
        assert text.lstrip().startswith("+") or phonenumbers.is_valid_number(phonenumbers.parse(number))
