# SPDX-License-Identifier: Apache-2.0
"""A hook called with other shapes is an error that shows the right call; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

EUID = 10362473
ADA = {"username": "ada"}

#: Vendor, method, arguments -> what the error says.
CALLS: dict[str, tuple[str, str, tuple[Any, ...], str]] = {
    "euid is a dict": ("engagelab", "set_attributes", ({"euid": EUID}, {"plan": "gold"}), "euid is a dict, not one"),
    "euid is a list": ("engagelab", "set_contacts", ([EUID], {"email": "ada@example.com"}), "euid is a list, not one"),
    "attributes is a list": ("engagelab", "set_attributes", (EUID, ["plan"]), "attributes is a list, not a dict"),
    "contacts is a str": ("engagelab", "set_contacts", (EUID, "ada@example.com"), "contacts is a str, not a dict"),
    "attributes is a str": ("engagelab", "unset_attributes", (EUID, "plan"), "attributes is a str, not a list"),
    "customer id is a dict": ("moengage", "set_attributes", ({"customer_id": "ada"}, {}), "customer_id is a dict, not"),
    "attributes is None": ("moengage", "set_attributes", ("ada", None), "attributes is None, not a dict"),
    "attributes is a dict": (
        "moengage",
        "unset_attributes",
        ("ada", {"plan": None}),
        "attributes is a dict, not a list",
    ),
    "names are ints": ("moengage", "unset_attributes", ("ada", [1]), "attributes holds an int, not names alone"),
    "users is a dict": (
        "kahuna",
        "set_attributes",
        ({"target": ADA, "attributes": {}},),
        "users is a dict, not a list",
    ),
    "users are tuples": (
        "kahuna",
        "set_attributes",
        ([(ADA, {"plan": "gold"})],),
        r"users\[0\] is a tuple, not a dict",
    ),
    "users are flat": ("kahuna", "set_attributes", ([{"username": "ada", "plan": 1}],), r"users\[0\] has no 'target'"),
    "target is a str": (
        "kahuna",
        "set_attributes",
        ([{"target": "ada", "attributes": {}}],),
        r"users\[0\]\['target'\] is a str, not a dict",
    ),
    "a key too many": (
        "kahuna",
        "set_attributes",
        ([{"target": ADA, "attributes": {}, "plan": "gold"}],),
        r"users\[0\] has other keys than 'target' and 'attributes'",
    ),
    "targets are strs": ("kahuna", "unset_attributes", (["ada"], ["plan"]), r"targets\[0\] is a str, not a dict"),
    "targets is a dict": ("kahuna", "unset_attributes", (ADA, ["plan"]), "targets is a dict, not a list"),
}


@pytest.mark.parametrize("call", CALLS)
def test_another_shape_is_an_error_that_shows_the_right_one(
    sandbox_hook: Callable[..., Any], control: Any, call: str
) -> None:
    vendor, method, arguments, says = CALLS[call]
    with pytest.raises(TypeError, match=rf"^{says}.*; call {method}\(") as raised:
        getattr(sandbox_hook(vendor), method)(*arguments)
    assert "ada@example.com" not in str(raised.value).partition("; call")[0]
    assert control.journal() == []


@pytest.mark.parametrize("value", ["False", "no", 1, None])
@pytest.mark.parametrize(
    ("vendor", "method", "arguments", "name"),
    [
        ("engagelab", "set_contacts", (EUID, {"email": "ada@example.com"}), "check"),
        ("moengage", "set_attributes", ("ada", {"plan": "gold"}), "update_existing_only"),
        ("moengage", "unset_attributes", ("ada", ["plan"]), "case_sensitive"),
    ],
)
def test_a_text_is_not_taken_for_true(
    sandbox_hook: Callable[..., Any], control: Any, vendor: str, method: str, arguments: Any, name: str, value: Any
) -> None:
    with pytest.raises(TypeError, match=rf"^{name} is .*, not True or False; call {method}\("):
        getattr(sandbox_hook(vendor), method)(*arguments, **{name: value})
    assert control.journal() == []


def test_a_flag_of_numpy_is_one(sandbox_hook: Callable[..., Any], control: Any) -> None:
    numpy = pytest.importorskip("numpy")
    hook = sandbox_hook("moengage")
    assert str(hook.set_attributes("ada", {"plan": 1}, update_existing_only=numpy.bool_(True)).status) == "accepted"
    assert control.user("moengage", "ada") is None
    assert str(hook.set_attributes("ada", {"plan": 1}, update_existing_only=numpy.bool_(False)).status) == "accepted"
    assert str(hook.unset_attributes("ada", ["PLAN"], case_sensitive=numpy.bool_(False)).status) == "accepted"
    assert control.user("moengage", "ada")["attributes"] == {}


@pytest.mark.parametrize(
    ("vendor", "method"),
    [
        ("engagelab", "set_attributes"),
        ("engagelab", "set_contacts"),
        ("engagelab", "unset_attributes"),
        ("kahuna", "set_attributes"),
        ("kahuna", "unset_attributes"),
        ("moengage", "set_attributes"),
        ("moengage", "unset_attributes"),
    ],
)
def test_the_call_that_an_error_shows_is_accepted(
    sandbox_hook: Callable[..., Any], control: Any, vendor: str, method: str
) -> None:
    control.seed("engagelab", [EUID])
    control.seed("kahuna", [ADA])
    hook = sandbox_hook(vendor)
    wrong = (None,) if (vendor, method) == ("kahuna", "set_attributes") else ("ada", 1)
    with pytest.raises(TypeError) as raised:
        getattr(hook, method)(*wrong)
    _, _, shown = str(raised.value).partition("; call ")
    verdicts = eval(f"hook.{shown}", {"hook": hook})
    for verdict in verdicts if isinstance(verdicts, list) else [verdicts]:
        assert str(verdict.status) == "accepted"
