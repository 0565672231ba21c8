# SPDX-License-Identifier: Apache-2.0
"""How many statements a text of SQL holds."""

from __future__ import annotations


def holds_two_statements(sql: str) -> bool:
    """Tell whether something follows a semicolon that ends a statement; some drivers run it, others drop it.

    :param sql: the query.
    """
    if ";" not in sql:
        return False
    from sqlparse import lexer, tokens  # common.sql brings it

    began = ended = False
    for kind, text in lexer.tokenize(sql):  # type: ignore[no-untyped-call]
        if text == ";":
            ended = began
        elif kind not in tokens.Whitespace and kind not in tokens.Comment:
            if ended:
                return True
            began = True
    return False
