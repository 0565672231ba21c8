# SPDX-License-Identifier: Apache-2.0
"""Two statements where one is wanted."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.sources.database.statement import holds_two_statements


@pytest.mark.parametrize(
    ("sql", "two"),
    [
        ("SELECT 1", False),
        ("SELECT 1;", False),
        ("SELECT 1 ;; -- end; of it\n/* ; */ ;", False),
        (";WITH a AS (SELECT 1) SELECT * FROM a", False),
        ("-- one; two\nSELECT ';' AS a, 'it''s; ' AS \"b;\", $$;$$ AS c", False),
        ("SELECT 'it\\'s; so', `a;b` FROM t", False),
        ("SELECT 1; SELECT 2", True),
        ("SELECT 1;\n-- and\nDELETE FROM users", True),
        ("SET @a = 1; SELECT @a;", True),
        ("SELECT 1;(SELECT 2)", True),
    ],
)
def test_a_second_statement(sql: str, two: bool) -> None:
    assert holds_two_statements(sql) is two
