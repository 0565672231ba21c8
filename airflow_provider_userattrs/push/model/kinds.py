# SPDX-License-Identifier: Apache-2.0
"""What a value is, for a sentence and without the value: "an int", "a DataFrame", "None"."""

from __future__ import annotations

from typing import Any


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    :param noun: the noun; the letters of "SQL" and the like are read one by one.
    """
    is_spelled = noun[:2].isupper()
    return f"{'an' if noun[0] in ('AEFHILMNORSX' if is_spelled else 'aeiouAEIO') else 'a'} {noun}"


def kind_of(value: Any) -> str:
    """Return what a value is, such as "an int"; the value itself is never repeated.

    :param value: the value.
    """
    return "None" if value is None else with_article(type(value).__name__)
