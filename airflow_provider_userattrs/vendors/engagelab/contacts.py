# SPDX-License-Identifier: Apache-2.0
"""EngageLab: which contact channels there are, and what a contact may be.

Contacts are text, ``mobile_phone`` and ``email`` among them: seed 001_ba1b38142f9df95a. The other two channels are in
the vendor's SDK: https://github.com/DevEngageLab/ma-flutter-plugin, documents/APIs.md. EngageLab documents no check of
a contact.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Any

from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.engagelab.values import (
    check_name,
    identify,
    identify_all,
    not_empty,
    value_table,
)

EMAIL = "email"
PHONES = ("mobile_phone", "landline_phone", "whatsapp_phone")

#: The channels that EngageLab documents.
CHANNELS = (EMAIL, *PHONES)

UNKNOWN_CHANNEL = Verdict(
    Status.INVALID,
    "contact-channel",
    f"not a channel that EngageLab documents, which are {', '.join(CHANNELS)}",
    'Name one of them, as in contacts={"mobile_phone": "phone"}, or set channels="any".',
)
BLANKS = Verdict(
    Status.INVALID,
    "contact-whitespace",
    "contact with leading or trailing whitespace",
    "Send it without, as TRIM in SQL gives it; or set check=False to send it as it is.",
)
NOT_AN_EMAIL = Verdict(
    Status.INVALID,
    "contact-email",
    "contact is no e-mail address",
    "Correct the address, or set check=False to send it as it is.",
)
NOT_A_PHONE = Verdict(
    Status.INVALID,
    "contact-phone",
    "contact is no phone number",
    "Correct the number, best with + and its country code, without letters; or set check=False to send it as it is.",
)

#: What a number is written with; of a sentence the library would take the number within it.
_PHONE = re.compile(r"\+?[0-9 \u00a0().\-/]+")

#: Digits of a number without its country code, which the library cannot judge: ITU-T E.164 allows 15 with it.
_MIN_DIGITS, _MAX_DIGITS = 5, 15


def contact_rules(zone: tzinfo, *, channels: str = "known", check: bool = True) -> Rules:
    """Return the rules for contacts.

    :param zone: of no use, for contacts are text.
    :param channels: ``"known"`` for the channels in `CHANNELS` alone, or ``"any"``.
    :param check: whether an e-mail address and a phone number must look like one.
    """
    types = value_table("contacts", zone)
    checked = {EMAIL: _email, **dict.fromkeys(PHONES, _phone)} if check else {}
    named = {channel: ValueTable({**types, str: convert}) for channel, convert in checked.items()}
    return Rules(identify, types, _check_channel if channels == "known" else check_name, named, identify_all)


def _check_channel(name: Any) -> Verdict | None:
    return None if name in CHANNELS else check_name(name) or UNKNOWN_CHANNEL


def _email(value: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # not on top: needed for contacts alone

    try:
        validate_email(not_empty(value), check_deliverability=False)
    except EmailNotValidError:  # its text repeats the address
        raise InvalidRow(_blanks_or(NOT_AN_EMAIL, value)) from None
    return value


def _phone(value: str) -> str:
    if not _is_phone(not_empty(value)):
        raise InvalidRow(_blanks_or(NOT_A_PHONE, value))
    return value


def _blanks_or(verdict: Verdict, value: str) -> Verdict:
    """Return the verdict on a contact, or that there are blanks around it, which nobody sees."""
    return BLANKS if value != value.strip() else verdict


def _is_phone(value: str) -> bool:
    if not _PHONE.fullmatch(value):
        return False
    if not value.startswith("+"):
        return _MIN_DIGITS <= sum(map(str.isdigit, value)) <= _MAX_DIGITS
    from phonenumbers import NumberParseException, is_possible_number, parse  # not on top: it takes 0.1 s

    try:
        return bool(is_possible_number(parse(value)))
    except NumberParseException:
        return False
