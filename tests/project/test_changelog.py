# SPDX-License-Identifier: Apache-2.0
"""The changelog is in the form of Keep a Changelog, and its versions are those that the package has had."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.version import Version

from airflow_provider_userattrs import __version__

TEXT = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
#: https://keepachangelog.com/en/1.1.0/, "Types of changes", in this order.
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def versions() -> dict[str, str]:
    """Give heading -> what stands below it."""
    _, *parts = re.split(r"^## (.+)\n", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[0::2], parts[1::2], strict=True))


def released() -> list[Version]:
    found = []
    for heading in list(versions())[1:]:
        match = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d", heading)
        assert match, f"{heading!r} is not [version] - date"
        found.append(Version(match[1]))
    return found


def test_what_is_unreleased_stands_first() -> None:
    assert next(iter(versions())) == "[Unreleased]"


def test_the_newest_version_stands_first_and_none_twice() -> None:
    assert released() == sorted(set(released()), reverse=True)


def test_the_package_has_the_newest_version_or_the_one_that_comes_next() -> None:
    newest = released()[0] if released() else None
    assert newest is None or Version(__version__) >= newest
    if newest != Version(__version__):
        assert versions()["[Unreleased]"].strip(), f"nothing is said of {__version__}"


def test_each_section_is_a_known_one_with_entries() -> None:
    for heading, text in versions().items():
        before, *parts = re.split(r"^### (.+)\n", text, flags=re.MULTILINE)
        assert not before.strip(), f"{heading}: text outside of a section"
        sections = parts[0::2]
        assert sections == [name for name in SECTIONS if name in sections], heading
        for name, entries in zip(sections, parts[1::2], strict=True):
            lines = [line for line in entries.splitlines() if line]
            assert lines, f"{heading}, {name}: empty"
            assert all(re.match(r"- \S|  \S", line) for line in lines), f"{heading}, {name}"
