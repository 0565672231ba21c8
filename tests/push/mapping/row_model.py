# SPDX-License-Identifier: Apache-2.0
"""What becomes of a row, said as plainly as it can be: the model that the mapper is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from airflow_provider_userattrs.columns import Constant, Derived
from airflow_provider_userattrs.push.mapping.derived import deriving
from airflow_provider_userattrs.push.mapping.filter import Filter
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow

SKIPPED = [("nothing-to-set", None)]


#: Codes and attributes of the verdicts on a row that is not sent, the first of them the row's.
Faults: TypeAlias = "list[tuple[str, Any]]"


class Sent:
    """An update: the user, its keys, what is set, what is removed, and what is noted."""

    def __init__(self, user: Any, keys: Any, attributes: dict[str, Any], unset: list[str], notes: list[Any]) -> None:
        self.user, self.keys, self.attributes, self.unset, self.notes = user, keys, attributes, unset, notes


class RowModel:
    """Says what becomes of rows, one at a time and with nothing remembered but the notes.

    Values, ids and the filter's column are judged by the package's own tables, which have tests of their own.
    """

    def __init__(
        self,
        rules: Rules,
        user: dict[str, str],
        attributes: Any,
        unset: tuple[str, ...],
        exclude: tuple[str, ...],
        *,
        unset_nulls: bool,
        leave_out: bool,
        where: str | None,
    ) -> None:
        self.rules, self.user, self.unset, self.exclude = rules, user, unset, exclude
        self.unset_nulls, self.leave_out, self.where = unset_nulls, leave_out, where
        self.attributes = {} if unset else attributes
        self.notes: Counter[tuple[str, str]] = Counter()

    def __call__(self, row: Any) -> Sent | Faults:
        result = self.malformed(row) if isinstance(row, MalformedRow) else self.made(row)
        if isinstance(result, Sent):
            self.notes.update(result.notes)
        return result

    def malformed(self, row: MalformedRow) -> Sent | Faults:
        # The values at fault are NULL in `fit`; the only such row of the examples names no attribute.
        code = [(row.verdict.code, row.verdict.attribute)]
        if (held := self.filtered(row.fit)) == [("filtered", self.where)]:
            return held
        made = self.made(row.fit) if self.leave_out else code
        return code if made == SKIPPED else made

    def made(self, row: Any) -> Sent | Faults:
        if not isinstance(row, Mapping):
            return [("row-type", None)]
        if held := self.filtered(row):
            return held
        given = {credential: row[column] for credential, column in self.user.items() if column in row}
        if not given:
            return [("missing-column", next(iter(self.user.values())))]
        notes = [(each, "row without this credential's column") for each in self.user if each not in given]
        try:
            user, keys = judged(self.rules.identify, given)
        except InvalidRow as invalid:
            return [(invalid.verdict.code, invalid.verdict.attribute)]
        if isinstance(user, Noted):
            notes.append((str(user.attribute), user.note))
            user = user.value
        attributes: dict[str, Any] = {}
        unset = list(self.unset)
        faults: Faults = []
        for name, source in self.sources(row).items():
            try:
                value = self.value(name, source, row)
            except InvalidRow as invalid:
                verdict = invalid.verdict
                faults.append((verdict.code, verdict.attribute or name))
                if self.leave_out:
                    notes.append((verdict.attribute or name, f"left out: {verdict.meaning}"))
                continue
            except KeyError:
                column = getattr(source, "column", source)
                faults.append(("missing-column", column))
                notes.append((column, "left out: row has no such column"))
                continue
            if isinstance(value, Noted):
                notes.append((name, value.note))
                value = value.value
            if value is not None:
                attributes[name] = value
            elif self.unset_nulls:
                unset.append(name)
        if faults and not (self.leave_out and (attributes or unset)):
            return faults
        return Sent(user, keys, attributes, unset, notes) if attributes or unset else SKIPPED

    def filtered(self, row: Any) -> Faults:
        verdict = None if self.where is None else Filter(self.where)(row)
        return [] if verdict is None else [(verdict.code, verdict.attribute)]

    def sources(self, row: Any) -> dict[str, Any]:
        """Constants first, as the mapper has them; names are checked before values are."""
        if self.attributes is None:
            others = {*self.user.values(), *self.exclude, self.where}
            own = {name: name for name in row if name not in others}
            return dict(sorted(own.items(), key=lambda pair: self.rules.check_name(pair[0]) is None))
        pairs = self.attributes if isinstance(self.attributes, dict) else {name: name for name in self.attributes}
        return dict(sorted(pairs.items(), key=lambda pair: not isinstance(pair[1], Constant)))

    def value(self, name: str, source: Any, row: Any) -> Any:
        if self.attributes is None and (verdict := self.rules.check_name(name)):
            raise InvalidRow(verdict)
        table = self.rules.named.get(name, self.rules.types)
        if isinstance(source, Derived):
            table = deriving(source, table)
        value = source.value if isinstance(source, Constant) else row[getattr(source, "column", source)]
        return None if value is None else judged(table[type(value)], value)


def judged(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except InvalidRow:
        raise
    except Exception:
        raise InvalidRow(UNCONVERTIBLE) from None
