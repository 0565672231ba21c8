# SPDX-License-Identifier: Apache-2.0
"""Look-ups of users by other ids than the vendor's, counted and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.model.phrases import counted

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Lookups


@dataclass
class LookupTraffic:
    """What look-ups one try sends, counted apart from the updates.

    :param requests: requests sent.
    :param retries: how many of them were sent again.
    :param bytes: bytes of their bodies.
    :param found: ids whose user was found.
    :param not_found: ids that the vendor gave no user for.
    :param known: rows whose user was known from an earlier look-up.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    found: int = 0
    not_found: int = 0
    known: int = 0

    def as_dict(self, earlier: Lookups | None = None) -> Lookups:
        """Return what a report says of it.

        :param earlier: the same of the tries before.
        """
        return add_up([cast("Lookups", asdict(self)), *([earlier] if earlier else [])])


def add_up(parts: Iterable[Lookups]) -> Lookups:
    """Return the sums of what several tries or shards looked up."""
    total: dict[str, int] = asdict(LookupTraffic())
    for part in parts:
        counts: Mapping[str, Any] = part
        for name in total:
            total[name] += counts[name]
    return cast("Lookups", total)


def sentence_on_lookups(lookups: Lookups, vendor: str, *, dry_run: bool) -> str:
    """Return how many ids were looked up, and what that does.

    :param lookups: the counts.
    :param vendor: the vendor's name.
    :param dry_run: whether nobody was looked up.
    """
    known = f"the users of {counted(lookups['known'], 'row')} were known from earlier look-ups"
    if dry_run:
        return f"Dry run: nobody was looked up{f'; {known}' if lookups['known'] else ''}"
    asked = lookups["found"] + lookups["not_found"]
    if not asked:
        failed = f", {counted(lookups['requests'], 'request')} failed" if lookups["requests"] else ""
        return f"No id was looked up{failed}{f'; {known}' if lookups['known'] else ''}"
    return (
        f"{counted(asked, 'id')} looked up in {counted(lookups['requests'], 'request')}, {lookups['not_found']:,} not "
        f"resolved{f'; {known}' if lookups['known'] else ''}. {vendor} most likely creates users for ids that it does "
        "not know"
    )
