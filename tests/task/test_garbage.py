# SPDX-License-Identifier: Apache-2.0
"""What was there before a push is out of the collector's sight for its length, and no longer."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from airflow_provider_userattrs.task.garbage import frozen_heap


@pytest.fixture(autouse=True)
def nothing_frozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_was_there_is_frozen_until_the_end() -> None:
    before = [[]]  # type: ignore[var-annotated]
    with frozen_heap():
        assert gc.get_freeze_count() > 0
        assert not any(each is before for each in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(each is before for each in gc.get_objects())


def test_it_ends_with_an_error_too() -> None:
    with pytest.raises(KeyError), frozen_heap():
        raise KeyError
    assert gc.get_freeze_count() == 0


def test_what_someone_else_has_frozen_stays_so() -> None:
    gc.freeze()
    since = [[]]  # type: ignore[var-annotated]
    with frozen_heap():
        assert any(each is since for each in gc.get_objects())
    assert gc.get_freeze_count() > 0
