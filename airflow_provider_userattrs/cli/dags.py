# SPDX-License-Identifier: Apache-2.0
"""Finds a DAG in its file, or in the Dag bundles of this Airflow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_provider_userattrs.cli.definition import CommandFailed
from airflow_provider_userattrs.push.model.phrases import did_you_mean, listed

#: The bundle of Airflow's own examples.
_EXAMPLES = "example_dags"


def find_dag(dag_id: str, file: str | None) -> Any:
    """Return a DAG.

    :param dag_id: its id.
    :param file: the file or the folder that it is in; None to look in all Dag bundles, before Airflow 3 in the folder
        of DAGs.
    :raises CommandFailed: if it is not there, or in more than one file.
    """
    # As Airflow's own commands do that read connections from its database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    bags = {folder: _parse(folder) for folder in ([Path(file)] if file else _folders())}
    found = [bag.dags[dag_id] for bag in bags.values() if dag_id in bag.dags]
    errors = {path: error for bag in bags.values() for path, error in bag.import_errors.items()}
    if not found:
        ids = sorted({each for bag in bags.values() for each in bag.dags})
        broken = "".join(f"\n{path}: {error.strip().splitlines()[-1]}" for path, error in errors.items())
        has, it_has = ("has", "it has") if len(bags) == 1 else ("have", "they have")
        there = f"; {it_has} {listed(ids)}" if ids else ""
        raise CommandFailed(
            f"{', '.join(map(str, bags))} {has} no DAG {dag_id!r}{did_you_mean(dag_id, ids)}{there}"
            f"{broken or '; give its file with --file'}"
        )
    others = [path for path, error in errors.items() if f"Ignoring DAG {dag_id} from" in error]
    if another := next(iter([*others, *(dag.fileloc for dag in found[1:])]), None):
        raise CommandFailed(f"{dag_id} is in {found[0].fileloc} and in {another}; give the one you mean with --file")
    return found[0]


def _folders() -> Iterator[Path]:
    """Yield the folders of this Airflow's bundles, as they are now; what is beside their DAGs can be imported."""
    from airflow.configuration import conf

    if not find_spec("airflow.dag_processing.bundles"):  # before Airflow 3
        yield Path(str(conf.get("core", "dags_folder")))
        return
    for bundle in import_module("airflow.dag_processing.bundles.manager").DagBundlesManager().get_all_dag_bundles():
        if bundle.name == _EXAMPLES:
            continue
        try:
            bundle.initialize()
        except Exception as error:  # whatever a bundle's storage raises
            raise CommandFailed(
                f"the Dag bundle {bundle.name} cannot be read ({type(error).__name__}); give the DAG's file with --file"
            ) from None
        if str(bundle.path) not in sys.path:
            sys.path.append(str(bundle.path))
        yield Path(bundle.path)


def _parse(folder: Path) -> Any:
    if not folder.exists():
        raise CommandFailed(f"{folder} does not exist; give the DAG's file with --file")
    if find_spec("airflow.dag_processing.dagbag"):  # as of Airflow 3.2
        return import_module("airflow.dag_processing.dagbag").DagBag(dag_folder=str(folder))
    return import_module("airflow.models.dagbag").DagBag(dag_folder=str(folder), include_examples=False)
