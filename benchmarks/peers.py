# SPDX-License-Identifier: Apache-2.0
"""What a user would take instead: drt's REST destination, dlt's custom destination, Airflow's HttpOperator.

Called like sides.py, by the Python of the benchmark's own environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

from shapes import row
from sides import measure


def drt(url: str, rows: int) -> Callable[[], None]:
    """Load through drt-core's `rest_api` destination, without its own pacing."""
    from drt.config.models import RateLimitConfig, RestApiDestinationConfig, SyncOptions
    from drt.destinations.rest_api import RestApiDestination

    template = (
        '{"euid": {{ row.euid }}, "type": "set", "properties": {"plan": "{{ row.plan }}", "age": {{ row.age }}, '
        '"city": "{{ row.city }}", "vip": {{ row.vip | lower }}, "orders": {{ row.orders }}}}'
    )
    config = RestApiDestinationConfig(type="rest_api", url=f"{url}/engagelab", body_template=template)
    options = SyncOptions(rate_limit=RateLimitConfig(requests_per_second=0))
    records = [row(number) for number in range(1, rows + 1)]

    def run() -> None:
        result = RestApiDestination().load(records, config, options)
        assert result.success == rows, result

    return run


def dlt(url: str, rows: int) -> Callable[[], None]:
    """Load through dlt's `@dlt.destination`, which posts each item over a Session."""
    os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", DLT_DATA_DIR=tempfile.mkdtemp(), RUNTIME__LOG_LEVEL="ERROR")
    import dlt as library
    import requests

    session = requests.Session()
    session.auth = ("key", "secret")

    @library.destination(batch_size=100, loader_file_format="typed-jsonl", name="vendor", naming_convention="direct")
    def vendor(items, table):  # type: ignore[no-untyped-def]
        for item in items:
            data = {"euid": item.pop("euid"), "type": "set", "properties": item}
            answer = session.post(f"{url}/engagelab", data=json.dumps(data), timeout=30)
            assert answer.json()["code"] == 0

    pipeline = library.pipeline("bench", destination=vendor, pipelines_dir=tempfile.mkdtemp())
    records = [row(number) for number in range(1, rows + 1)]

    def run() -> None:
        pipeline.run(records, table_name="users")

    return run


def http_operator(url: str, rows: int) -> Callable[[], None]:
    """Map Airflow's HttpOperator over users, in `dag.test()`."""
    home = tempfile.mkdtemp()
    os.environ.update(
        AIRFLOW_HOME=home,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
        AIRFLOW_CONN_VENDOR=json.dumps({"conn_type": "http", "host": url, "login": "key", "password": "secret"}),
    )
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.providers.http.operators.http import HttpOperator
    from airflow.sdk import DAG
    from airflow.utils.session import create_session

    data = [json.dumps(row(number)) for number in range(rows)]
    with DAG("bench") as dag:
        HttpOperator.partial(task_id="push", http_conn_id="vendor", endpoint="/engagelab").expand(data=data)
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    with create_session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
    sync_bag_to_db(bag, "dags-folder", None)

    def run() -> None:
        with open(os.devnull, "w") as nowhere:
            standard, sys.stdout = sys.stdout, nowhere
            try:
                assert dag.test().state == "success"
            finally:
                sys.stdout = standard

    return run


SIDES: dict[str, Callable[..., Callable[[], None]]] = {"drt": drt, "dlt": dlt, "http_operator": http_operator}

if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    measure(SIDES[sys.argv[1]](**options), options["rows"])
