# SPDX-License-Identifier: Apache-2.0
"""Users that were read back, in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.report.verified import sentence_on_verified

NONE = {"equal": 0, "not_yet": 0, "different": 0, "unknown_user": 0, "unread": 0, "why": None}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"sampled": 0}, "No user was accepted whom MoEngage could be asked about"),
        ({"sampled": 1, "equal": 1}, "Of 1 user read back from MoEngage: 1 as sent"),
        (
            {"sampled": 1_000, "equal": 990, "not_yet": 6, "different": 3, "unknown_user": 1},
            "Of 1,000 users read back from MoEngage: 990 as sent, 6 not yet stored, or not stored, 3 different from "
            "what was sent, 1 unknown to MoEngage",
        ),
        ({"sampled": 5, "unread": 5, "why": "no right"}, "Of 5 users read back from MoEngage: 5 not read (no right)"),
    ],
    ids=["nobody", "one", "each kind", "why"],
)
def test_sentences(found: dict[str, Any], sentence: str) -> None:
    verified: Any = {**NONE, **found}
    assert sentence_on_verified("MoEngage", verified) == sentence
