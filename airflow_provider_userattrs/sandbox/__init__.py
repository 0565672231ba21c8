# SPDX-License-Identifier: Apache-2.0
"""The three vendors on loopback, written from their documents alone: the judge of the rest of the package.

Start it with ``python -m airflow_provider_userattrs.sandbox --port 8765``, or within a process with
``airflow_provider_userattrs.sandbox.server.serve``. It needs ``airflow-provider-userattrs[sandbox]``.

========= ============== ====================== ==================== ===============================================
vendor    base URL       login                  password             users known at the start
========= ============== ====================== ==================== ===============================================
EngageLab ``/engagelab`` ``sandbox-key``        ``sandbox-secret``   euid ``10360000`` to ``10361999``
Kahuna    ``/kahuna``    ``sandbox-secret-key`` ``sandbox-api-key``  ``user0000``, ``user0000@example.com`` to ``1999``
MoEngage  ``/moengage``  ``SANDBOXWORKSPACE``   ``sandbox-data-key`` ``C-00000`` to ``C-01999``
========= ============== ====================== ==================== ===============================================

Those users are the same people at each vendor. The command takes them in unless it is told ``--empty``; ``serve``
does so with a ``World(populated=True)``.
Further logins stand for accounts in trouble: see ``ACCOUNTS`` in each vendor's ``errors`` module.
Whatever a vendor leaves undocumented is a named switch: see its ``switches`` module. Faults: see ``faults``.
What ``/_sandbox`` offers: see ``control``.
"""
