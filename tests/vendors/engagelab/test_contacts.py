# SPDX-License-Identifier: Apache-2.0
"""EngageLab's contacts: the channels that are documented, and what looks like an address or a number."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.vendors.engagelab.contacts import CHANNELS, PHONES, contact_rules

#: As the vendor's page has it: without a country code.
SEEDS_OWN = "18023456879"


def become(contacts: dict[str, Any], **options: Any) -> Any:
    """Return what a row with these contacts is sent as, or its reason and the channel that it names."""
    mapper = Mapper(contact_rules(timezone.utc, **options), {"euid": "euid"}, attributes=list(contacts))
    made = mapper(0, {"euid": 1, **contacts})
    if isinstance(made, UserUpdate):
        return made.attributes
    shown = (made.verdict.meaning, made.verdict.remedy, made.verdict.detail)
    assert not any(value in text for value in contacts.values() if len(value) > 2 for text in shown)
    return made.verdict.code, made.verdict.attribute


@pytest.mark.parametrize(
    "value", ["12@gmail.com", "ada+news@example.com", "ada@münchen.example", "o'brien@example.com"]
)
def test_an_email_address_is_sent_as_it_is(value: str) -> None:
    assert become({"email": value}) == {"email": value}


@pytest.mark.parametrize("value", ["abc", "@example.com", "ada@", "ada@example", "a b@example.com"])
def test_what_is_no_email_address(value: str) -> None:
    assert become({"email": value}) == ("contact-email", "email")
    assert become({"email": value}, check=False) == {"email": value}


@pytest.mark.parametrize("channel", PHONES)
@pytest.mark.parametrize(
    "value", ["18023456879", "+49 170 1234567", "+49 (170) 123-4567", "030/1234567", "+8618023456879"]
)
def test_a_phone_number_is_sent_as_it_is(channel: str, value: str) -> None:
    assert become({channel: value}) == {channel: value}


@pytest.mark.parametrize("channel", PHONES)
@pytest.mark.parametrize(
    "value",
    [
        "abc",
        "+",
        "1234",
        "+1",
        "+999123456789",
        "+49",
        "1234567890123456",
        "12@gmail.com",
        "call 18023456879",
        "1-800-AIRFLOW",
    ],
)
def test_what_is_no_phone_number(channel: str, value: str) -> None:
    assert become({channel: value}) == ("contact-phone", channel)
    assert become({channel: value}, check=False) == {channel: value}


@pytest.mark.parametrize(
    ("channel", "value"),
    [("email", " ada@example.com"), ("email", "ada@example.com\n"), ("whatsapp_phone", "\t+491701234567")],
)
def test_blanks_around_a_contact_are_called_so(channel: str, value: str) -> None:
    """Whoever reads the file sees a right address."""
    assert become({channel: value}) == ("contact-whitespace", channel)
    assert become({channel: value}, check=False) == {channel: value}


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_empty_contact_is_refused_in_any_case(channel: str) -> None:
    for check in (True, False):
        assert become({channel: ""}, check=check) == ("empty-value", channel)


@pytest.mark.parametrize("name", ["first_name", "Email", "phone"])
def test_a_channel_that_is_not_documented(name: str) -> None:
    with pytest.raises(InvalidRow) as raised:
        become({name: "Ada"})
    assert (raised.value.verdict.code, raised.value.verdict.attribute) == ("contact-channel", name)
    assert become({name: "Ada"}, channels="any") == {name: "Ada"}


def test_a_channel_without_a_name_is_refused_in_any_case() -> None:
    for channels in ("known", "any"):
        with pytest.raises(InvalidRow) as raised:
            become({"": "Ada"}, channels=channels)
        assert raised.value.verdict.code == "attribute-name"
