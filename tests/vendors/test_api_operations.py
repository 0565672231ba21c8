# SPDX-License-Identifier: Apache-2.0
"""The operations that the vendors' modules declare: what is common to all of them."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from vendor_cases import VENDOR_CASES

from airflow_provider_userattrs import push, vendors
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.operation import Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates

VENDORS = sorted(module.name for module in iter_modules(vendors.__path__) if module.ispkg)
TABLES: dict[str, dict[str, Operation]] = {
    vendor: import_module(f"{vendors.__name__}.{vendor}.api").OPERATIONS for vendor in VENDORS
}
OPERATIONS = [
    pytest.param(asked_for, operation, id=f"{vendor}-{asked_for}")
    for vendor, table in TABLES.items()
    for asked_for, operation in table.items()
]

#: What a row sets, where it is not "gold".
VALUES: dict[str, Any] = {"increase": 1, "add": ["x"], "remove": ["x"]}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_has_its_own_operator_and_name(vendor: str) -> None:
    assert TABLES[vendor].keys() == VENDOR_CASES[vendor].operations.keys()
    operations = TABLES[vendor].values()
    assert len({operation.name for operation in operations}) == len(operations)
    assert [operation.vendor.lower() for operation in operations] == [vendor] * len(operations)


@pytest.mark.parametrize(("asked_for", "operation"), OPERATIONS)
class TestEach:
    def test_it_is_named_by_what_it_does(self, asked_for: str, operation: Operation) -> None:
        assert operation.name == ("set contacts" if asked_for == "contacts" else f"{asked_for} attributes")
        assert operation.unsets == (asked_for == "unset")

    def test_its_rules_and_its_encoding_belong_together(self, asked_for: str, operation: Operation) -> None:
        user = VENDOR_CASES[operation.vendor.lower()].names(7, 0)
        mapper = Mapper(operation.rules(time_zone("UTC")), {}, unset=("plan",) if operation.unsets else ())
        name, value = (
            ("email", "ada@example.com") if asked_for == "contacts" else ("plan", VALUES.get(asked_for, "gold"))
        )
        update = mapper.map_values(0, user, {} if operation.unsets else {name: value})
        assert isinstance(update, UserUpdate)
        body = operation.encode(update).decode()
        assert f'"{name}"' in body
        assert all(json.dumps(value) in body for value in user.values())

    def test_many_encoded_at_once_are_each_by_itself(self, asked_for: str, operation: Operation) -> None:
        given: list[dict[str, Any]] = [{"a": 1, "ä": "é\U0001f600"}, {}, {"b": None, "c": True}]
        updates = [
            UserUpdate(position, {"user_id": "ada"}, (), attributes, ("gone",) * position, {})
            for position, attributes in enumerate(given)
        ]
        if operation.encode_all is not None:
            for some in (updates, updates[:1]):
                assert operation.encode_all(Updates.of(some)) == b",".join(map(operation.encode, some))

    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [
            (429, {"retry-after": "30"}, 30),
            (503, {"retry-after": "30"}, 30),
            (429, {"x-ratelimit-reset": "42"}, 42),
            (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "42"}, 42),
            (200, {"retry-after": "30"}, None),
            (429, {}, None),
        ],
        ids=["429", "503", "reset", "none-remaining", "200", "nothing-said"],
    )
    def test_it_heeds_what_asks_to_wait(
        self, asked_for: str, operation: Operation, status: int, headers: dict[str, str], seconds: float | None
    ) -> None:
        assert operation.asked_to_wait(Response(status, headers, b""), lambda: 1_700_000_000.0) == seconds


def test_the_engine_names_no_vendor_no_header_of_one_and_nothing_of_airflow_s() -> None:
    words = [*VENDORS, "x-ratelimit", "retry-after", "euid", "customer_id", "xcom", "map_index", "dag_id", "airflow's"]
    found = [
        f"{path.name}: {word}"
        for folder in push.__path__
        for path in sorted(Path(folder).rglob("*.py"))
        for word in words
        if word in path.read_text().lower()
    ]
    assert found == []
