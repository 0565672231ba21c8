# SPDX-License-Identifier: Apache-2.0
"""Look-ups, added up over tries and shards, and in words."""

from __future__ import annotations

from airflow_provider_userattrs.push.report.lookups import LookupTraffic, add_up, sentence_on_lookups


def test_tries_and_shards_are_added_up() -> None:
    one = LookupTraffic(requests=2, retries=1, bytes=30, found=150, not_found=3, known=7)
    assert add_up([one.as_dict(one.as_dict()), one.as_dict()]) == {
        "requests": 6,
        "retries": 3,
        "bytes": 90,
        "found": 450,
        "not_found": 9,
        "known": 21,
    }


def test_in_words() -> None:
    some = LookupTraffic(requests=20, found=1_988, not_found=12).as_dict()
    assert sentence_on_lookups(some, "Vendor", dry_run=False) == (
        "2,000 ids looked up in 20 requests, 12 not resolved. Vendor most likely creates users for ids that it does "
        "not know"
    )
    known = LookupTraffic(known=1).as_dict()
    assert sentence_on_lookups(known, "Vendor", dry_run=False) == (
        "No id was looked up; the users of 1 row were known from earlier look-ups"
    )
    assert sentence_on_lookups(known, "Vendor", dry_run=True).startswith("Dry run: nobody was looked up; the users of")


def test_nobody_was_known() -> None:
    none, failed = LookupTraffic().as_dict(), LookupTraffic(requests=5, retries=4).as_dict()
    assert sentence_on_lookups(none, "Vendor", dry_run=False) == "No id was looked up"
    assert sentence_on_lookups(none, "Vendor", dry_run=True) == "Dry run: nobody was looked up"
    assert sentence_on_lookups(failed, "Vendor", dry_run=False) == "No id was looked up, 5 requests failed"
