# SPDX-License-Identifier: Apache-2.0
"""Petrel: a connection; the part of ``hooks/<vendor>.py``."""

from __future__ import annotations

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.model.verdict import Verdict
from fourth_vendor import api as petrel


class PetrelHook(VendorHook):
    """A Petrel connection: login is the account, password the token, extra ``cluster`` where the members are.

    :param petrel_conn_id: the Airflow connection.
    """

    conn_name_attr = "petrel_conn_id"
    default_conn_name = "petrel_default"
    conn_type = "petrel"
    hook_name = petrel.VENDOR
    choice = "cluster"

    def __init__(self, petrel_conn_id: str = default_conn_name) -> None:
        super().__init__(petrel_conn_id)

    def vendor_url(self, settings: Settings) -> str:
        """Return the cluster's base URL."""
        return petrel.CLUSTERS[str(settings.choice)]

    def check_credentials(self) -> Verdict:
        """Send a request that can change nothing, and return the verdict on it."""
        operation = petrel.OPERATIONS["set"]
        return classify(operation, self.sender(operation)(petrel.EMPTY_REQUEST), [""])[0]
