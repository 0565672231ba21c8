# SPDX-License-Identifier: Apache-2.0
"""What a report says about its push besides the rows' verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.report.details import Details


@pytest.mark.parametrize(("paths", "said"), [([], None), (["/a"], "/a"), (["/a", "/b"], ["/a", "/b"])])
def test_one_rejects_file_is_a_text_and_several_are_a_list(paths: list[str], said: Any) -> None:
    assert Details(rejects_path="/b").as_dict(paths)["rejects_path"] == said


def test_what_is_not_known_is_said_to_be_so() -> None:
    said = Details().as_dict([])
    assert said == {"rejects_path": None, "of": None, "destination": None, "configuration": {}, "shard": None}


def test_a_shard_and_a_destination_are_said() -> None:
    shard = Shard(2, 8, 4)
    details = Details(of=9, destination="kahuna://production", configuration={"nulls": "skip"}, shard=shard)
    assert details.as_dict([]) == {
        "rejects_path": None,
        "of": 9,
        "destination": "kahuna://production",
        "configuration": {"nulls": "skip"},
        "shard": shard.as_dict(),
    }
