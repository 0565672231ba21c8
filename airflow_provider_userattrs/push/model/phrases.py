# SPDX-License-Identifier: Apache-2.0
"""Numbers and names as they stand in a sentence: "1 row", "41,672 rows", "id, plan, and 12 more"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from airflow_provider_userattrs.push.model.text import printable

#: Characters of a name in a list.
_MAX_NAME_LENGTH = 60

_CUT = " ... "


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, such as "1 row" or "2,000 rows".

    :param count: the number.
    :param one: the noun in the singular.
    :param many: the noun in the plural; None to add an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[object], longest: int = 200, longest_name: int = _MAX_NAME_LENGTH) -> str:
    """Return names with commas between, as many as there is room for, and the number of further ones.

    :param names: the names; they may hold any character.
    :param longest: the characters that they may take; the first name stands there in any case.
    :param longest_name: the characters of a name.
    """
    shown: list[str] = []
    room = longest
    for name in names:
        text = printable(str(name), longest_name)
        room -= len(text) + 2
        if shown and room < -2:  # no comma after the last
            return f"{', '.join(shown)}, and {len(names) - len(shown):,} more"
        shown.append(text)
    return ", ".join(shown)


def shortened(text: str, longest: int) -> str:
    """Return a text that is no longer than so many characters, cut in its middle: a sentence ends with its remedy.

    :param text: the text; it may hold any character.
    :param longest: the maximum length.
    """
    text = printable(text)
    if len(text) <= longest:
        return text
    room = longest - len(_CUT)
    return f"{text[: room - room // 2]}{_CUT}{text[len(text) - room // 2 :]}"


def did_you_mean(name: str, names: Iterable[object], likeness: float = 0.6) -> str:
    """Return which of some names may be meant, in brackets after a blank; empty if none is like it.

    :param name: the wrong name.
    :param names: the names there are.
    :param likeness: from 0 to 1; with 1, names that differ in case and underscores alone.
    """
    by_bare = {_bare(str(known)): str(known) for known in reversed(list(names))}
    close = get_close_matches(_bare(name), by_bare, n=1, cutoff=likeness)
    return f" (did you mean {printable(by_bare[close[0]], _MAX_NAME_LENGTH)!r}?)" if close else ""


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
