# SPDX-License-Identifier: Apache-2.0
"""What a value is, for a sentence and without the value: "an int", "a DataFrame", "None"."""

from __future__ import annotations

from typing import Any

#: The characters of a setting that are shown.
_MAX_LENGTH = 40

#: Letters whose names begin with a vowel, for words that are spelled out.
_VOWELS_SPELLED = "AEFHILMNORSX"

#: How words in lower case begin that are spelled out all the same: "an http connection".
_SPELLED = ("ftp", "hdfs", "http", "mssql", "s3", "sftp", "smtp", "ssh")


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    :param noun: the noun; the letters of "SQL", "http" and the like are read one by one.
    """
    is_spelled = noun[:2].isupper() or noun.startswith(_SPELLED)
    return f"{'an' if noun[:1].upper() in (_VOWELS_SPELLED if is_spelled else 'AEIO') else 'a'} {noun}"


def kind_of(value: Any) -> str:
    """Return what a value is, such as "an int"; the value itself is never repeated.

    :param value: the value.
    """
    return "None" if value is None else with_article(type(value).__name__)


def setting_of(value: Any) -> str:
    """Return what a setting is: a number, True, False, None or a short text as it is, "empty", or its kind.

    :param value: the value of a setting, which its author wrote; never a user's data.
    """
    if isinstance(value, str) and not value.strip():
        return "empty"
    if isinstance(value, str) and len(value) <= _MAX_LENGTH:
        return f"the text {value!r}"
    if isinstance(value, (list, tuple, dict, set)) and not value:
        return with_article(f"empty {type(value).__name__}")
    if isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**_MAX_LENGTH):
        return repr(value)
    return kind_of(value)
