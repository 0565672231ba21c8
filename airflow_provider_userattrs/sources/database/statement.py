# SPDX-License-Identifier: Apache-2.0
"""Counts the statements in a text of SQL."""

from __future__ import annotations


def holds_two_statements(sql: str) -> bool:
    """Return whether a second statement follows a semicolon. Some drivers would run it, others drop it.

    :param sql: the query.
    """
    if ";" not in sql:
        return False
    from sqlparse import lexer, tokens  # required by common.sql

    began = ended = False
    for kind, text in lexer.tokenize(sql):  # type: ignore[no-untyped-call]
        if text == ";":
            ended = began
        elif kind not in tokens.Whitespace and kind not in tokens.Comment:
            if ended:
                return True
            began = True
    return False
