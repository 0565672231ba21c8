# SPDX-License-Identifier: Apache-2.0
"""The commands: ``airflow userattrs ...`` (Airflow 3.2 and later), ``python -m airflow_provider_userattrs ...``."""
