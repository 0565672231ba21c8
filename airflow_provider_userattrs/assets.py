# SPDX-License-Identifier: Apache-2.0
"""The destinations as assets.

::

    engagelab://<region>/users
    kahuna://<environment>/users
    moengage://<workspace id>/users
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset

__all__ = ["convert_asset_to_openlineage", "sanitize_uri"]

_PATH = "/users"


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Return the URI of a destination in its one form.

    :param uri: an asset's URI, split.
    :raises ValueError: if it has another form.
    """
    if not uri.hostname or uri.netloc.lower() != uri.hostname or uri.path.rstrip("/") != _PATH:
        raise ValueError(f"URI format {uri.scheme}:// must be {uri.scheme}://<where>{_PATH}, without keys and port")
    if uri.query or uri.fragment:
        raise ValueError(f"URI format {uri.scheme}:// takes neither a query nor a fragment")
    return uri._replace(path=_PATH)


def convert_asset_to_openlineage(asset: Any, lineage_context: Any) -> Dataset:
    """Return a destination as OpenLineage names it.

    :param asset: the asset.
    :param lineage_context: what asks.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset

    parts = urlsplit(asset.uri)
    return Dataset(namespace=f"{parts.scheme}://{parts.netloc}", name=parts.path.lstrip("/"))
