# SPDX-License-Identifier: Apache-2.0
"""Push what a company knows about its users from Airflow to EngageLab MA, Kahuna and MoEngage."""

__version__ = "0.1.0"
