# SPDX-License-Identifier: Apache-2.0
"""Names of attributes at MoEngage: reserved, too long, or taken."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.vendors.moengage.names import check_name
from airflow_provider_userattrs.vendors.moengage.values import unset_rules

UTC = time_zone("UTC")


#: https://www.moengage.com/docs/api/data/data-overview, "Reserved Keywords for User Attributes"; but `source`, which
#: the seed has as a standard attribute.
RESERVED = [
    *(
        "USER_ATTRIBUTE_UNIQUE_ID",
        "USER_ATTRIBUTE_USER_EMAIL",
        "USER_ATTRIBUTE_USER_MOBILE",
        "USER_ATTRIBUTE_USER_NAME",
    ),
    *("USER_ATTRIBUTE_USER_GENDER", "USER_ATTRIBUTE_USER_FIRST_NAME", "USER_ATTRIBUTE_USER_LAST_NAME"),
    *("USER_ATTRIBUTE_USER_BDAY", "USER_ATTRIBUTE_NOTIFICATION_PREF", "USER_ATTRIBUTE_OLD_ID", "MOE_TIME_FORMAT"),
    *("MOE_TIME_TIMEZONE", "USER_ATTRIBUTE_DND_START_TIME", "USER_ATTRIBUTE_DND_END_TIME", "MOE_GAID", "INSTALL"),
    *("UPDATE", "MOE_ISLAT", "status", "user_id"),
]


#: The same page, "User Attributes": what this API may create or update of moe_*.
SETTABLE = [
    *("moe_wa_subscription", "moe_em_unsub_categories", "moe_gaid", "moe_sub_w", "moe_mweb", "moe_spam"),
    *("moe_hard_bounce", "moe_sms_subscription"),
]


class TestNames:
    @pytest.mark.parametrize("name", ["id", "_id", "", *RESERVED, "moe_tier", "MOE_ip_city", "moe_", "t_rev", "u_s_c"])
    def test_that_are_reserved(self, sent: Any, name: str) -> None:
        assert sent(1, name=name) == "reserved-name"

    def test_that_are_empty_have_their_own_verdict(self) -> None:
        verdict = check_name("")
        assert verdict is not None
        assert "without a name" in verdict.meaning

    @pytest.mark.parametrize(
        "name", ["ID", "_ID", "Id", "idx", " ", "source", "name", "moe", "plan_status", "geo", "u_n", *SETTABLE]
    )
    def test_that_are_not(self, sent: Any, name: str) -> None:
        assert sent("a", name=name) == '"a"'

    @pytest.mark.parametrize("name", [None, 5, b"a"], ids=repr)
    def test_that_are_no_text(self, name: Any) -> None:
        verdict = check_name(name)
        assert verdict is not None
        assert verdict.status is Status.INVALID

    def test_that_are_too_long_are_refused_by_default(self) -> None:
        verdict = check_name("a" * 201)
        assert verdict is not None
        assert (verdict.status, verdict.code) == (Status.INVALID, "name-too-long")
        assert check_name("a" * 201, check_size=False) is None

    @pytest.mark.parametrize("match", ["equals", "prefix", "suffix", "contains"])
    def test_to_remove(self, match: str) -> None:
        check = unset_rules(match).check_name
        assert check("age") is None
        assert check("") is not None
        assert check(5) is not None
        assert (check("id") is None) is (match != "equals")

    def test_to_remove_that_are_too_long_have_a_remedy_of_their_own(self) -> None:
        """The operator that removes has no `oversize`."""
        verdict = unset_rules("equals").check_name("a" * 201)
        assert verdict is not None
        assert "oversize" not in verdict.remedy

    def test_that_are_reserved_have_a_remedy_that_works(self, sent: Any) -> None:
        verdict = check_name("status")
        assert verdict is not None
        assert "attributes={" in verdict.remedy
        removed = unset_rules("equals").check_name("status")
        assert removed is not None
        assert removed.code == "reserved-name"
        assert "attributes={" not in removed.remedy
