# SPDX-License-Identifier: Apache-2.0
"""Shards: whatever the source, together they hold every row once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow_names import ObjectStoragePath
from hypothesis import given, settings
from hypothesis import strategies as st
from versions import AIRFLOW

from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.database.key_query import KeyHash, KeyRange
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import HandedOver, hand_over, is_source_spec, source_from, take_over
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.shards import shards, split
from airflow_provider_userattrs.sources.sql import SqlRows

FEW = settings(max_examples=25)


def people(**arguments: Any) -> SqlRows:
    return SqlRows("SELECT id, name FROM people", conn_id="warehouse", **{"key": "id", **arguments})


def through_an_xcom(source: Any) -> Any:
    """Hand a source over as Airflow keeps it, as another task gets it."""
    return take_over(kept(hand_over(source)))


serde: Any = import_module("airflow.sdk.serde" if AIRFLOW.release >= (3, 2) else "airflow.serialization.serde")


def kept(value: Any) -> Any:
    return serde.deserialize(json.loads(json.dumps(serde.serialize(value))))


def read(source: Any, after: Any = None) -> list[Any]:
    return [row for row in source.rows(after) if not isinstance(row, (Cursor, Keys))]


def sizes_of(source: Any, n: int, key: str = "id", **arguments: Any) -> list[int]:
    """Split a source, check that its shards hold every row once, and each from any place on; return their sizes."""
    parts = [through_an_xcom(part) for part in split(source, n, **arguments)]
    found = [read(part) for part in parts]
    assert Counter(str(row[key]) for rows in found for row in rows) == Counter(str(row[key]) for row in read(source))
    for part in parts:
        items = list(part.rows())
        seen = 0
        for number, item in enumerate(items):
            if isinstance(item, Cursor):
                rest = [
                    row for row in part.rows(after=json.loads(json.dumps(item.value))) if not isinstance(row, Cursor)
                ]
                assert rest == [row for row in items if not isinstance(row, Cursor)][seen:]
            elif isinstance(item, Keys):
                assert number + len(item.keys) < len(items)
                behind = Unfinished().after_try([Gap((item.keys[0],), ())]).as_dict()
                assert read(part, after=json.loads(json.dumps(behind))) == read(part)[seen + 1 :]
            else:
                seen += 1
    return [len(rows) for rows in found]


# SQL


@FEW
@given(
    keys=st.sets(st.integers(-(10**12), 10**12), max_size=60),
    n=st.integers(1, 9),
    by=st.sampled_from(["range", "hash"]),
)
def test_integers_of_sqlite(sqlite: Callable[..., None], keys: set[int], n: int, by: str) -> None:
    sqlite("DROP TABLE IF EXISTS people", "CREATE TABLE people (id INTEGER, name TEXT)")
    if keys:
        sqlite(f"INSERT INTO people VALUES {', '.join(f'({key}, NULL)' for key in keys)}")
    sizes = sizes_of(people(), n, by=by)
    if by == "range":
        assert len(sizes) == max(1, min(n, len(keys)))
        assert max(sizes) - min(sizes) <= 1
    else:
        assert len(sizes) == n


@FEW
@given(
    keys=st.sets(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1), max_size=30),
    n=st.integers(1, 5),
)
def test_texts_of_sqlite(sqlite: Callable[..., None], keys: set[str], n: int) -> None:
    sqlite("DROP TABLE IF EXISTS people", "CREATE TABLE people (id TEXT, name TEXT)")
    for key in keys:
        quoted = key.replace("'", "''")
        sqlite(f"INSERT INTO people VALUES ('{quoted}', NULL)")
    assert max(sizes_of(people(), n, by="range")) <= -(-len(keys) // n) or not keys
    assert len(sizes_of(people(), n)) == n or not keys


@pytest.mark.parametrize("text", ["user{}", "{}@example.com", "Ada{:05}X@example.com"])
def test_texts_are_split_by_hash_by_default(sqlite: Callable[..., None], text: str) -> None:
    sqlite("CREATE TABLE people (id TEXT, name TEXT)")
    sqlite(*(f"INSERT INTO people VALUES ('{text.format(n)}', NULL)" for n in range(400)))
    parts = split(people(), 4)
    word = text.partition("{")[0] or "example"
    assert word not in json.dumps([hand_over(part).serialize() for part in parts])
    assert min(sizes_of(people(), 4)) > 40
    assert word in json.dumps([hand_over(part).serialize() for part in split(people(), 4, "range")])


def test_texts_where_there_is_no_hash_are_refused(sqlite: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite("CREATE TABLE people (id TEXT, name TEXT)", "INSERT INTO people VALUES ('ada@example.com', 'a')")
    monkeypatch.setattr("airflow_provider_userattrs.sources.database.key_query._HASHES", {})
    with pytest.raises(RefusedConfiguration, match=r"cannot be hashed .* use by='range', .* in clear text"):
        split(people(), 2)


KEYS = {
    "bigint": "n * 7 - 900",
    "uuid": "md5(n::text)::uuid",
    "text": "'Ada ' || n * 37 % 1000",
    "timestamptz": "timestamptz '2026-01-01 00:00+02' + n * interval '1 microsecond'",
    "date": "date '1970-01-01' + n",
    "numeric": "n / 8.0",
    "bytea": "decode(md5(n::text), 'hex')",
}


@pytest.mark.parametrize("by", ["range", "hash"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_of_postgresql(postgres: Any, key: str, by: str) -> None:
    postgres.execute(f"CREATE TABLE people AS SELECT {key} AS id, n::text AS name FROM generate_series(0, 999) n")
    sizes = sizes_of(people(), 7, by=by)
    assert isinstance(split(people(), 7)[0].key_filter, KeyHash if key in (KEYS["text"], KEYS["bytea"]) else KeyRange)
    assert sum(sizes) == 1_000
    assert sizes == [143, 143, 143, 143, 143, 143, 142] if by == "range" else min(sizes) > 90


@pytest.mark.parametrize("by", ["range", "hash"])
@pytest.mark.parametrize("parameters", [None, (5,), {"least": 5}], ids=["none", "by place", "by name"])
def test_a_query_with_parameters_and_percent_signs(postgres: Any, by: str, parameters: Any) -> None:
    least = "5" if parameters is None else "%s" if isinstance(parameters, tuple) else "%(least)s"
    percent = "%%" if parameters else "%"
    sql = f"SELECT n AS id FROM generate_series(1, 100) n WHERE n >= {least} AND 'a%' LIKE 'a{percent}'".replace(
        "'a%'", f"'a{percent}'"
    )
    assert sum(sizes_of(SqlRows(sql, conn_id="warehouse", parameters=parameters, key="id"), 3, by=by)) == 96


def test_rows_that_come_after_the_split_are_in_a_shard_too(sqlite: Callable[..., None]) -> None:
    sqlite("CREATE TABLE people (id INTEGER, name TEXT)", "INSERT INTO people VALUES (10, 'a'), (20, 'b'), (30, 'c')")
    parts = split(people(), 3)
    sqlite("INSERT INTO people VALUES (-5, 'x'), (15, 'y'), (99, 'z')")
    assert sorted(row["id"] for part in parts for row in read(part)) == [-5, 10, 15, 20, 30, 99]


@pytest.mark.parametrize("by", ["range", "hash"])
def test_a_key_that_is_null_is_refused_by_the_first_shard(sqlite: Callable[..., None], by: str) -> None:
    sqlite("CREATE TABLE people (id INTEGER, name TEXT)", "INSERT INTO people VALUES (1, 'a'), (2, 'b'), (NULL, 'c')")
    first, second = split(people(), 2, by)
    with pytest.raises(RefusedConfiguration, match="NULL"):
        read(first)
    assert len(read(second)) == 1


def test_a_database_without_a_hash(sqlite: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite("CREATE TABLE people (id INTEGER, name TEXT)")
    monkeypatch.setattr("airflow_provider_userattrs.sources.sql.drivers.driver", lambda connection: "oracledb")
    with pytest.raises(RefusedConfiguration, match="by='range'"):
        read(split(people(), 2, "hash")[0])


def test_each_shard_has_its_own_identity(sqlite: Callable[..., None]) -> None:
    sqlite("CREATE TABLE people (id INTEGER, name TEXT)", "INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    for by in ("range", "hash"):
        assert len({json.dumps(part.identity()) for part in split(people(), 3, by)}) == 3


# Files


def test_files_by_size(tmp_path: Path) -> None:
    for number, lines in enumerate((50, 10, 10, 10, 10, 8)):
        rows = [json.dumps({"id": f"{number}-{line}"}) + "\n" for line in range(lines)]
        (tmp_path / f"{number}.jsonl").write_text("".join(rows))
    source = FileRows(f"{tmp_path}/*.jsonl")
    assert sorted(sizes_of(source, 2)) == [48, 50]
    assert sorted(sizes_of(source, 3)) == [20, 28, 50]
    assert len(sizes_of(source, 50)) == 6


@settings(max_examples=15)
@given(files=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=4), n=st.integers(1, 8))
def test_parquet_by_row_group(tmp_path_factory: pytest.TempPathFactory, files: list[tuple[int, int]], n: int) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("parquet")
    for number, (rows, group) in enumerate(files):
        table = pa.table({"id": [f"{number}-{row}" for row in range(rows)]})
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=group)
    groups = sum(-(-rows // group) for rows, group in files)
    assert len(sizes_of(FileRows(f"{folder}/*.parquet"), n)) == min(n, groups)


def test_a_file_that_changed_since_the_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n')
    [part] = split(FileRows(str(tmp_path / "a.jsonl")), 2)
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    with pytest.raises(RefusedConfiguration, match="run the task that calls shards again"):
        read(part)


def test_a_file_that_came_after_the_split_is_in_no_shard(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n')
    [part] = split(FileRows(f"{tmp_path}/*.jsonl"), 2)
    (tmp_path / "b.jsonl").write_text('{"id": 2}\n')
    assert read(part) == [{"id": 1}]


# What is given


HASHED = {"by": "hash"}


@pytest.mark.parametrize(
    ("source", "n", "arguments", "words"),
    [
        (people(), 0, HASHED, "n is 0; give a number of shards"),
        (people(), True, HASHED, "n is True"),
        (people(), "8", HASHED, "n is the text .8."),
        (people(), 1_025, HASHED, "from 1 to 1,024"),
        (people(), 8, {**HASHED, "at_once": 0}, "at_once is 0"),
        (people(), 8, {"by": "size"}, "by is the text .size.; use 'range' or 'hash'"),
        (people(key=None), 8, HASHED, "source has no key"),
        ([{"id": 1}], 8, HASHED, "source is a list; give SqlRows with a key, or FileRows"),
        (Rejects("a.jsonl"), 8, HASHED, "source is a Rejects"),
        (people(), 8, {}, "call it in a @task"),
        (FileRows("a.jsonl"), 8, HASHED, "call it in a @task"),
    ],
)
def test_what_cannot_work(source: Any, n: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        shards(source, n, **arguments)


def test_the_kwargs_of_a_mapped_operator() -> None:
    kwargs = shards(people(), 3, by="hash", at_once=2)
    assert [each["shard"] for each in kwargs] == [{"number": number, "of": 3, "at_once": 2} for number in (1, 2, 3)]
    assert all(isinstance(each["users"], HandedOver) for each in kwargs)
    assert kept(kwargs) == kwargs
    assert shards(people(), 3, by="hash", at_once=5)[0]["shard"]["at_once"] == 3


@pytest.mark.parametrize(
    "source",
    [
        SqlRows("SELECT 1 AS id", conn_id="warehouse", parameters=[1], key="id", types={"id": "text"}),
        FileRows(["a.csv", "b.csv"], "csv", types={"id": "integer"}, null="", delimiter=";"),
        Rejects("a.jsonl", in_doubt=True),
    ],
    ids=lambda source: type(source).__name__,
)
def test_a_source_comes_back_as_it_was(source: Any) -> None:
    back = through_an_xcom(source)
    assert type(back) is type(source)
    assert vars(back) == vars(source)


@pytest.mark.parametrize(
    "value",
    [
        {"source": "excel", "rendered": True, "path": "a"},
        {"source": "files", "rendered": True, "path": "a.csv"},
        {"source": "rejects", "rendered": True, "path": "a", "colour": "red"},
        {
            "source": "files",
            "rendered": True,
            "path": "",
            "format": None,
            "types": {},
            "null": None,
            "delimiter": ",",
            "pieces": None,
        },
    ],
)
def test_what_describes_no_source(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"users is a source|path is empty"):
        take_over(HandedOver(value))


def test_only_sources_are_handed_over() -> None:
    with pytest.raises(TypeError, match="source is a list; give SqlRows"):
        hand_over([{"id": 1}])


def test_nothing_but_what_was_handed_over_passes_for_it() -> None:
    described = hand_over(people()).serialize()
    assert isinstance(kept(described), dict)
    assert not is_source_spec(kept(described))
    forged = {"__classname__": "airflow_provider_userattrs.sources.handover.HandedOver", "__version__": 1}
    for value in ({**forged, "__data__": described}, [{"rows": [{**forged, "__data__": described}]}]):
        with pytest.raises(AttributeError, match="reserved key"):
            serde.serialize(value)


def test_a_handed_over_source_shows_no_sql_in_a_log() -> None:
    handed = hand_over(SqlRows("SELECT secret", conn_id="warehouse", parameters=["ada@example.com"]))
    assert repr(handed) == str(handed) == "HandedOver('sql')"


def test_a_later_version_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="later version"):
        HandedOver.deserialize(hand_over(people()).serialize(), 2)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("users.jsonl", True),
        (Path("users.csv.gz"), True),
        (ObjectStoragePath("file:///data/users.parquet"), True),
        (hand_over(Rejects("a.jsonl")), True),
        ("ada", False),
        (Path("users"), False),
        ({"source": "sql", "rendered": True}, False),
        ([], False),
        (None, False),
    ],
    ids=repr,
)
def test_specs_of_sources(value: Any, is_one: bool) -> None:
    assert is_source_spec(value) is is_one


def test_several_sources_are_read_one_after_the_other(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_text(f'{{"id": "{name}"}}\n')
    handed = [hand_over(FileRows(f"{tmp_path}/{name}.jsonl")) for name in "ab"]
    chain = source_from([*handed, f"{tmp_path}/c.jsonl"])
    assert [row["id"] for row in chain.rows()] == ["a", "b", "c"]
    assert chain.check_resume() is None
    before = chain.identity()
    assert chain.reads(f"file://{tmp_path}/b.jsonl")
    assert not chain.reads(f"{tmp_path}/d.jsonl")
    (tmp_path / "b.jsonl").write_text("")
    assert chain.identity() != before
    mixed = source_from([*handed, hand_over(people())])
    assert mixed.check_resume()
    assert mixed.identity() is None
    assert isinstance(source_from([f"{tmp_path}/a.jsonl", tmp_path / "b.jsonl"]), FileRows)
