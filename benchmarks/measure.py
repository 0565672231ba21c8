# SPDX-License-Identifier: Apache-2.0
"""Runs the parts of a benchmark: the mock vendor, wrk, and each side in its own process."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from operations import BULK, VENDORS
from shapes import row

HERE = Path(__file__).resolve().parent
PEERS_PYTHON = HERE / ".venv" / "bin" / "python"
LIMIT = 240

#: How often the sides of a row take turns.
TURNS = 3


def turns(**sides: Callable[[], float]) -> dict[str, float]:
    """Let the sides take turns; return the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, measure in sides.items():
            taken[name].append(measure())
    return {name: median(values) for name, values in taken.items()}


@contextmanager
def vendor(delay_ms: float, certificate: Path | None = None) -> Iterator[str]:
    """Run the mock vendor and give its address."""
    command = [str(PEERS_PYTHON), str(HERE / "vendor.py"), str(delay_ms), *([str(certificate)] if certificate else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        scheme = "https" if certificate else "http"
        try:
            yield f"{scheme}://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def stats(url: str) -> dict[str, Any]:
    """Return what arrived at the vendor since the last time."""
    with urllib.request.urlopen(f"{url}/stats") as answer:
        result: dict[str, Any] = json.load(answer)
    return result


def side(
    name: str,
    rows: int,
    url: str = "http://127.0.0.1:1",
    *,
    check: bool = True,
    tree: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run one side; return what it took, with rows a second and processor seconds a row.

    :param name: a side of sides.py, or of peers.py.
    :param rows: how many users it pushes.
    :param url: the vendor's address.
    :param check: whether all rows must have arrived at the vendor.
    :param tree: where the package is, if it is another version of it.
    """
    is_peer = name in ("drt", "dlt", "http_operator")
    script, python = ("peers.py", str(PEERS_PYTHON)) if is_peer else ("sides.py", sys.executable)
    options = {"url": url, "rows": rows, **options}
    if check:
        stats(url)
    environment = os.environ if tree is None else {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [python, str(HERE / script), name, json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env=environment,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"rows"')]
    if not lines:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(lines[-1])
    if check:
        arrived = stats(url)
        if arrived["rows"] != rows:
            raise SystemExit(f"{name}: {rows} rows pushed, {arrived['rows']} arrived")
        result |= {"arrivals": arrived["arrivals"], "bytes": arrived["bytes"]}
    result["rate"] = rows / result["seconds"]
    result["cpu_a_row"] = result["cpu"] / rows
    return result


def wrk(url: str, path: str, connections: int, seconds: int = 3) -> float:
    """Return how many users a second wrk posts."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: install the package wrk, then run again.")
    known = BULK if path.endswith("/transition") else VENDORS[path.strip("/")]
    content, users = known.request(), known.users
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = [==[{content.decode()}]==]\n')
        script.write('wrk.headers["Content-Type"] = "application/json"\n')
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url + path]
        result = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    stats(url)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", result)
    assert found is not None, result
    return float(found[1]) * users


def import_seconds(module: str) -> float:
    """Return the processor seconds that a module takes a fresh process which has imported BaseOperator."""
    code = (
        "import time, json\nfrom airflow.providers.common.compat.sdk import BaseOperator\n"
        f"started = time.process_time()\nimport {module}\nprint(time.process_time() - started)"
    )
    environment = {**os.environ, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what pip installs is compiled
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.splitlines()[-1])


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1, with its key in one file."""
    path = folder / "vendor.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run([*command, *names], check=True, capture_output=True)
    path.write_text((folder / "key").read_text() + (folder / "cert").read_text())
    return path


def write_files(folder: Path, rows: int) -> None:
    """Write made-up users as Parquet and as gzip JSON lines."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = [{**row(f"user{number}"), "email": f"user{number}@example.com"} for number in range(rows)]
    with gzip.open(folder / f"{rows}.jsonl.gz", "wt", compresslevel=1) as lines:
        lines.writelines(json.dumps(each) + "\n" for each in made)
    pq.write_table(pa.Table.from_pylist(made), folder / f"{rows}.parquet", row_group_size=100_000)


def worst_second(arrivals: Sequence[float]) -> int:
    """Return how many requests arrived in the fullest of all sliding seconds.

    :param arrivals: when each arrived, in seconds, ascending.
    """
    worst = first = 0
    for last, moment in enumerate(arrivals):
        while moment - arrivals[first] >= 1.0:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
