# SPDX-License-Identifier: Apache-2.0
"""Phone numbers as people write them, in the form of ITU-T E.164."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from airflow_provider_userattrs.push.mapping.ids import id_text
from airflow_provider_userattrs.push.mapping.values import unsupported_type
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

NOT_A_PHONE = Verdict(
    Status.INVALID,
    "phone",
    "value is no phone number",
    'Correct it, or send NULL; a number without + and its country code needs the region, as in Phone(column, "DE").',
)
AMBIGUOUS = Verdict(
    Status.INVALID,
    "phone-ambiguous",
    "phone number that may begin with its country code, or with an area code of the same digits",
    "Write it with + before the country code, or as it is dialled within the country.",
)

#: What a number is written with; of a sentence the library would take the number within it. Not the text of a float.
_WRITTEN = re.compile(r"(?!.*\.0$)[+\uff0b]?[\d\s().\-\u2010-\u2015\u2212/]+")


def check_region(region: str | None) -> None:
    """Check that a region has phone numbers.

    :raises RefusedConfiguration: if it has none.
    """
    if region is None:
        return
    from phonenumbers import SUPPORTED_REGIONS  # not on top: it takes 0.1 s

    if region not in SUPPORTED_REGIONS:
        hint = " (that of the United Kingdom is 'GB')" if region == "UK" else ""
        raise RefusedConfiguration(
            f"region is {region!r}, which is no country's ISO code{hint}; give one such as 'DE', or None"
        )


def phone_text(value: Any, region: str | None) -> str:
    """Return a phone number as E.164 has it; an empty text if there is nothing but blanks.

    :param value: text, or a whole number.
    :param region: the country of numbers without a country code; None if there is to be none.
    :raises InvalidRow: if it is no phone number.
    """
    text = id_text(value)
    if text is None:
        unsupported_type(type(value))(value)
    # Telephone books on phones put invisible characters around numbers that are copied.
    text = "".join(letter for letter in str(text) if unicodedata.category(letter) != "Cf").strip()
    return _e164(text, region) if text else ""


def _e164(text: str, region: str | None) -> str:
    from phonenumbers import (
        NumberParseException,
        PhoneNumberFormat,
        ValidationResult,
        format_number,
        is_possible_number_with_reason,
        is_valid_number,
        parse,
    )

    if not _WRITTEN.fullmatch(text):
        raise InvalidRow(NOT_A_PHONE)
    has_code = text[0] in "+\uff0b"
    try:
        number = parse(text, None if has_code else region)
        if has_code:
            is_number = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
        else:  # what is guessed must be right
            is_number = is_valid_number(number)
            if is_number and _may_have_code(text, number):
                raise InvalidRow(AMBIGUOUS)
    except NumberParseException:  # its text repeats the number
        raise InvalidRow(NOT_A_PHONE) from None
    if not is_number:
        raise InvalidRow(NOT_A_PHONE)
    return str(format_number(number, PhoneNumberFormat.E164))


def _may_have_code(text: str, number: Any) -> bool:
    """Return whether a number that was read as one without a country code is valid as one with it, too."""
    from phonenumbers import is_valid_number, normalize_digits_only, parse

    digits = normalize_digits_only(text)
    code = str(number.country_code)
    return digits == f"{number.national_number}" and digits.startswith(code) and is_valid_number(parse(f"+{digits}"))
