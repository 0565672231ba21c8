# SPDX-License-Identifier: Apache-2.0
"""Adds the counts of a push to its outlet assets' events, and reports its lineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.model.verdict import Status

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

#: The fields of the report in an asset event.
_CARRIED = ("vendor", "operation", "dry_run", "rows", *(status.value for status in Status), "warning")


def add_counts(outlets: Iterable[Any], events: Any, report: Mapping[str, Any]) -> None:
    """Add the counts to the events of a task's destinations.

    :param outlets: the task's outlets.
    :param events: ``context["outlet_events"]``.
    :param report: the report.
    """
    scheme = f"{report['vendor'].lower()}://"
    for outlet in outlets:
        if str(getattr(outlet, "uri", "")).startswith(scheme):
            events[outlet].extra.update({field: report[field] for field in _CARRIED})


def leave_out_events(ti: Any) -> None:
    """Have a task's outlets get no event: after a dry run nothing changed at the destination.

    Airflow 2.11 to 3.3 make the events once the task has run, of the outlets that ``ti.task``, the copy of the task
    made for this try, has then.

    :param ti: the task instance.
    """
    ti.task.outlets = []


def lineage(report: Mapping[str, Any] | None) -> OperatorLineage[Any, Any]:
    """Return the lineage for OpenLineage: the destination, and how many rows it accepted.

    :param report: the report; None if there is none.
    """
    from airflow.providers.common.compat.openlineage.facet import OutputDataset, OutputStatisticsOutputDatasetFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    if report is None or report["dry_run"] or not report["destination"]:
        return OperatorLineage()
    namespace, _, name = report["destination"].rpartition("/")
    statistics = OutputStatisticsOutputDatasetFacet(rowCount=report[Status.ACCEPTED.value])
    output = OutputDataset(namespace=namespace, name=name, outputFacets={"outputStatistics": statistics})
    return OperatorLineage(outputs=[output])
