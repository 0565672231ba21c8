# SPDX-License-Identifier: Apache-2.0
"""Judges the number of a source's rows before any is sent: ``expect_rows`` and ``max_change``."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_userattrs.push.model.phrases import counted


@dataclass(frozen=True)
class RowGuard:
    """What an author expects of the number of rows.

    :param least: how many there must be at least, or None.
    :param most: how many there may be at most, or None.
    :param max_change: the share (float) or the number (int) of rows by which the source must differ from that of the
        last push to be refused, or None.
    """

    least: int | None = None
    most: int | None = None
    max_change: int | float | None = None

    def __bool__(self) -> bool:
        return (self.least, self.most, self.max_change) != (None, None, None)

    def judge(self, rows: int, last: int | None = None) -> str | None:
        """Return what is wrong with a number of rows, as a clause with both numbers; or None.

        :param rows: how many rows the source has.
        :param last: how many it had at the last push; None if that is not known.
        """
        has = f"the source has {counted(rows, 'row')}"
        if self.least is not None and rows < self.least:
            return f"{has}, and expect_rows asks for at least {self.least:,}"
        if self.most is not None and rows > self.most:
            return f"{has}, and expect_rows allows at most {self.most:,}"
        if last is None or self.max_change is None:
            return None
        change = abs(rows - last)
        if isinstance(self.max_change, float):
            if not last or change / last < self.max_change:  # there is no share of nothing
                return None
            allowed = f"{self.max_change * 100:.4g}%"
        elif change < self.max_change:
            return None
        else:
            allowed = f"{self.max_change:,}"
        share = f" ({change / last * 100:.3g}%)" if last else ""
        differs = f"{change:,}{share} {'fewer' if rows < last else 'more'} than the {last:,} of the last push"
        return f"{has}, {differs}, and max_change is {allowed}"
