# SPDX-License-Identifier: Apache-2.0
"""What MoEngage damages or loses silently, imitated."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.moengage_users import JOHN, attributes, refused, user


class TestSilentDamage:
    def test_reserved_names_are_lost(self, client: Any, control: Any) -> None:
        assert client.track(JOHN, {"id": 1, "_id": 2, "": 3, "ID": 4}).status_code == 200
        assert attributes(control) == {"ID": 4}

    def test_keywords_and_the_prefix_are_lost_but_for_what_may_be_sent(self, client: Any, control: Any) -> None:
        sent = {"status": 1, "user_id": 2, "USER_ATTRIBUTE_OLD_ID": 3, "moe_tier": 4}
        kept = {"source": "ads", "moe_unsubscribe": True, "moe_spam": False}
        client.track(JOHN, {**sent, **kept})
        assert attributes(control) == kept
        control.switch(moengage__moe_names="kept")
        client.track(JOHN, {"moe_tier": 4})
        assert attributes(control) == {**kept, "moe_tier": 4}

    def test_lists_of_booleans_are_lost(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": [True, False], "b": [1, 0], "c": True})
        assert attributes(control) == {"b": [1, 0], "c": True}

    def test_names_and_values_are_cut(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"n" * 201: "v" * 513, "list": ["w" * 513, 1, *(["x"] * 60)]})
        assert attributes(control) == {"n" * 200: "v" * 512, "list": ["w" * 512, 1, *(["x"] * 48)]}

    def test_the_limits_themselves(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"n" * 200: "v" * 512})
        assert attributes(control) == {"n" * 200: "v" * 512}

    def test_a_long_url_is_lost(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"long": "https://example.com/" + "x" * 500, "short": "https://example.com/"})
        assert attributes(control) == {"short": "https://example.com/"}

    @pytest.mark.parametrize(
        ("text", "stored_as"),
        [
            ("2019-05-21T03:47:35Z", "date"),
            ("2019-05-21T03:47:35.123Z", "date"),
            ("2019-05-21", "date"),
            ("2019-05-21 03:47:35", "string"),
            ("2019-05-21T03:47:35+00:00", "string"),
            ("2019-02-30", "string"),
            ("2019-05-21T25:00:00Z", "string"),
            ("21/05/2019", "string"),
        ],
    )
    def test_a_malformed_date_is_text(self, client: Any, control: Any, text: str, stored_as: str) -> None:
        client.track(JOHN, {"created_time": text})
        assert user(control)["types"] == {"created_time": stored_as}

    @pytest.mark.parametrize("customer_id", ["guest", "unknown", "null", "n/a", "0", "-1", "dummy_seller_code", "x"])
    def test_a_blocked_customer_id_is_lost(self, client: Any, control: Any, customer_id: str) -> None:
        assert client.track(customer_id, {"a": 1}).status_code == 200
        assert control.get("users/moengage")["count"] == 0
        assert control.last()["applied"] is False

    def test_blocked_in_any_case(self, client: Any, control: Any) -> None:
        client.track("Guest", {"a": 1})
        assert user(control, "Guest")["updates"] == 1
        control.switch(moengage__blocked_ids_ignore_case=True)
        client.track("Guest", {"a": 1})
        assert user(control, "Guest")["updates"] == 1

    def test_an_id_of_one_character(self, client: Any, control: Any) -> None:
        control.switch(moengage__short_id="refuse")
        refused(client.track("x", {"a": 1}), 400, "MissingAttributeError")
        control.switch(moengage__short_id="accept")
        client.track("x", {"a": 1})
        assert user(control, "x")["updates"] == 1

    def test_objects_are_lost_unless_enabled(self, client: Any, control: Any) -> None:
        position = {"lat": 12.11, "lon": 123.122}
        sent = {"moe_geo_location": position, "object": {"a": 1}, "objects": [{"a": 1}]}
        client.track(JOHN, sent)
        assert attributes(control) == {"moe_geo_location": position}
        control.switch(moengage__objects=True)
        client.track(JOHN, sent)
        assert attributes(control) == sent
        assert user(control)["types"]["object"] == "object"

    def test_attributes_past_the_workspaces_limit_are_lost(self, client: Any, control: Any) -> None:
        control.switch(moengage__attribute_limit=2)
        client.track(JOHN, {"a": 1, "b": 1, "c": 1, "name": "standard names do not count"})
        client.track(JOHN, {"b": 2, "d": 2})
        assert attributes(control) == {"a": 1, "b": 2, "name": "standard names do not count"}

    def test_reserved_names_are_a_switch(self, client: Any, control: Any) -> None:
        control.switch(moengage__reserved_names=["source"])
        client.track(JOHN, {"source": 1, "id": 2})
        assert attributes(control) == {"id": 2}
