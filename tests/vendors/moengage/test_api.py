# SPDX-License-Identifier: Apache-2.0
"""MoEngage's bodies, by its pages: written down from them again, and not taken from the package."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.batching import Batcher
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.vendors.moengage import api as moengage


class TestBodies:
    """The seed's sample bodies, without the blanks."""

    USER = "john@example.com"

    def send(self, become: Any, row: dict[str, Any], **more: Any) -> Any:
        row = {"customer_id": self.USER, **row}
        return become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row, **more)

    def test_the_first_sample(self, become: Any) -> None:
        row = {"name": "John", "platforms": [{"platform": "ANDROID", "active": "true"}]}
        assert self.send(become, row) == (
            b'{"type":"customer","customer_id":"john@example.com",'
            b'"attributes":{"name":"John","platforms":[{"platform":"ANDROID","active":"true"}]}}'
        )

    def test_the_sample_of_types(self, become: Any) -> None:
        row = {
            "points": 20,
            "expiry_date": datetime(2020, 5, 31, 3, 47, 35),
            "super_user": True,
            "user_persona": "browsers",
            "platforms": [{"platform": "ANDROID", "active": True}],
        }
        assert self.send(become, row) == (
            b'{"type":"customer","customer_id":"john@example.com","attributes":{"points":20,'
            b'"expiry_date":"2020-05-31T03:47:35Z","super_user":true,"user_persona":"browsers",'
            b'"platforms":[{"platform":"ANDROID","active":"true"}]}}'
        )

    def test_the_sample_of_unset(self, become: Any) -> None:
        operation = moengage.unset_attributes(case_sensitive=False)
        names = ("my_int", "my_string", "my_custom_date")
        body = become(
            operation,
            {"customer_id": "id"},
            {"id": self.USER, "x": 1},
            unset=names,
        )
        assert body == (
            b'{"type":"customer","customer_id":"john@example.com","unset_attributes":['
            b'{"type":"equals","attr":"my_int","case_sensitive":false},'
            b'{"type":"equals","attr":"my_string","case_sensitive":false},'
            b'{"type":"equals","attr":"my_custom_date","case_sensitive":false}]}'
        )

    @pytest.mark.parametrize("match", ["equals", "prefix", "suffix", "contains"])
    def test_matches(self, become: Any, match: str) -> None:
        operation = moengage.unset_attributes(match=match)
        body = json.loads(become(operation, {"customer_id": "id"}, {"id": self.USER}, unset=("abc",)))
        assert body["unset_attributes"] == [{"type": match, "attr": "abc", "case_sensitive": True}]
        assert match in moengage.MATCHES

    def test_nulls_are_unset_beside_what_is_set(self, become: Any) -> None:
        assert self.send(become, {"a": 1, "b": None}, unset_nulls=True) == (
            b'{"type":"customer","customer_id":"john@example.com","attributes":{"a":1},'
            b'"unset_attributes":[{"type":"equals","attr":"b","case_sensitive":true}]}'
        )

    def test_existing_users_only(self, become: Any) -> None:
        operation = moengage.set_attributes(update_existing_only=True)
        body = json.loads(become(operation, {"customer_id": "id"}, {"id": self.USER, "a": 1}))
        assert body["update_existing_only"] is True
        assert body["attributes"] == {"a": 1}


texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = (
    st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | texts | st.lists(texts, max_size=3)
)


@settings(max_examples=200)
@given(
    rows=st.lists(
        st.tuples(texts, st.dictionaries(texts, values, max_size=4), st.lists(texts, max_size=3)), max_size=5
    ),
    operation=st.sampled_from(["set", "add", "remove", "unset"]),
    match=st.sampled_from(moengage.MATCHES),
    case_sensitive=st.booleans(),
    update_existing_only=st.booleans(),
)
def test_every_element_is_that_of_the_pages_alone_and_in_bulk(
    rows: Any, operation: str, match: str, case_sensitive: bool, update_existing_only: bool
) -> None:
    if operation == "unset":
        found = moengage.unset_attributes(match=match, case_sensitive=case_sensitive, bulk=True)
        update_existing_only = False
    else:
        found = moengage.set_attributes(operation, update_existing_only=update_existing_only, bulk=True)
        match, case_sensitive = "equals", True
    field = {"add": "addValueToArrayField", "remove": "removeValueFromArrayField"}.get(operation)
    expected: list[dict[str, Any]] = []
    for user, attributes, unset in rows:
        element: dict[str, Any] = {"type": "customer", "customer_id": user}
        if update_existing_only:
            element["update_existing_only"] = True
        if attributes:
            element["attributes"] = {field: attributes} if field else attributes
        if unset:
            named = [{"type": match, "attr": name, "case_sensitive": case_sensitive} for name in unset]
            element["unset_attributes"] = named
        expected.append(element)
    updates = [UserUpdate(0, user, (), attributes, unset, {}) for user, attributes, unset in rows]
    assert list(map(found.encode, updates)) == list(map(orjson.dumps, expected))
    if updates:
        assert found.encode_all is not None
        assert b"[%b]" % found.encode_all(Updates.of(updates)) == orjson.dumps(expected)


class TestOperation:
    def test_is_the_pages(self) -> None:
        operation = moengage.OPERATIONS["set"]
        assert (operation.vendor, operation.path, operation.max_users) == ("MoEngage", "/v1/customer", 1)
        assert operation.idempotent
        assert "queued" in operation.accepted_means
        assert operation.rate_unit == "users"
        assert operation.max_rate is not None
        assert operation.max_rate * 60 == pytest.approx(10_000)
        assert operation.max_rate * 60 <= 10_000 + 1e-6
        assert operation.name == "set attributes"
        assert moengage.OPERATIONS["unset"].name == "unset attributes"

    @pytest.mark.parametrize(
        ("data_center", "url"),
        [
            ("01", "https://api-01.moengage.com"),
            ("06", "https://api-06.moengage.com"),
            ("101", "https://api-101.moengage.com"),
        ],
    )
    def test_addresses(self, data_center: str, url: str) -> None:
        assert moengage.base_url(data_center) == url

    def test_data_centers_are_those_of_the_page(self) -> None:
        assert set(moengage.DATA_CENTERS) == {"01", "02", "03", "04", "05", "06", "101"}

    @pytest.mark.parametrize("letter", ["a", "é", "🦔"])
    def test_no_body_is_over_128_kb(self, letter: str) -> None:
        operation = moengage.OPERATIONS["set"]
        batcher = Batcher(operation)
        assert operation.max_bytes is not None
        assert operation.max_bytes <= 128 * 1024

        def row(size: int) -> UserUpdate:
            return UserUpdate(0, "john", ("john",), {"x": letter * size}, (), {})

        frame = len(operation.encode(row(0)))
        most = (operation.max_bytes - frame) // len(letter.encode())
        assert len(batcher.encode(row(most))) <= operation.max_bytes
        with pytest.raises(InvalidRow) as raised:
            batcher.encode(row(most + 1))
        assert raised.value.verdict.status is Status.INVALID
