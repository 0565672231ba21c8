# SPDX-License-Identifier: Apache-2.0
"""The three vendors on loopback, written from their documents alone: the judge of the rest of the package.

Start it with ``python -m airflow_provider_userattrs.sandbox --port 8765``, or within a process with
``airflow_provider_userattrs.sandbox.server.serve``. It needs ``airflow-provider-userattrs[sandbox]``.

======== =================== ====================== ====================
vendor   base URL            login                  password
======== =================== ====================== ====================
EngageLab ``/engagelab``     ``sandbox-key``        ``sandbox-secret``
Kahuna   ``/kahuna``         ``sandbox-secret-key`` ``sandbox-api-key``
MoEngage ``/moengage``       ``SANDBOXWORKSPACE``   ``sandbox-data-key``
======== =================== ====================== ====================

Further logins stand for accounts in trouble: see ``ACCOUNTS`` in each vendor's ``errors`` module.
Whatever a vendor leaves undocumented is a named switch: see its ``switches`` module. Faults: see ``faults``.
What ``/_sandbox`` offers: see ``control``.
"""
