# SPDX-License-Identifier: Apache-2.0
"""What Airflow is told of the page; and that no process but the API server pays for it."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

from airflow_names import AirflowPlugin
from versions import needs

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.plugins.push_report import PushReportPlugin


def test_it_is_found_by_its_entry_point_alone() -> None:
    distribution = metadata.distribution("airflow-provider-userattrs")
    (entry,) = (entry for entry in distribution.entry_points if entry.group == "airflow.plugins")
    assert entry.load() is PushReportPlugin
    assert issubclass(PushReportPlugin, AirflowPlugin)
    assert "plugins" not in get_provider_info(), "Airflow would load it twice"


def test_it_imports_nothing_where_there_is_no_page() -> None:
    code = (
        "import sys\n"
        "from airflow_provider_userattrs._airflow import AirflowPlugin\n"
        "before = set(sys.modules)\n"
        "import airflow_provider_userattrs.plugins.push_report\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Airflow itself may have asked for the metadata before.
    known = {"airflow_provider_userattrs.get_provider_info"}
    assert set(done.stdout.split()) - known == {
        "airflow_provider_userattrs.plugins",
        "airflow_provider_userattrs.plugins.push_report",
    }


@needs("Push report tab")
def test_airflow_takes_it() -> None:
    from airflow import plugins_manager
    from airflow.api_fastapi.core_api.datamodels.plugins import PluginResponse

    (ours,) = (each for each in plugins_manager.get_plugin_info() if each["name"] == PushReportPlugin.name)
    shown = PluginResponse.model_validate(ours)
    assert [(view.name, view.destination, view.url_route, view.category) for view in shown.external_views] == [
        ("Push report", "task_instance", "push-report", None),
        ("Pushes", "dag", "pushes", None),
        ("Pushes", "nav", "all-pushes", "browse"),
    ]
    (app,) = shown.fastapi_apps
    assert all(view.href.startswith(app.url_prefix.lstrip("/") + "/") for view in shown.external_views)
