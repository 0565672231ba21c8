# SPDX-License-Identifier: Apache-2.0
"""The three vendors, imitated on loopback from their documents alone, so that they can judge the rest of the package.

Start it with ``python -m airflow_provider_userattrs.sandbox --port 8765``, or within a process with
``airflow_provider_userattrs.sandbox.server.serve``. It needs ``airflow-provider-userattrs[sandbox]``.

========= ============== ====================== ==================== ===============================================
vendor    base URL       login                  password             users known at the start
========= ============== ====================== ==================== ===============================================
EngageLab ``/engagelab`` ``sandbox-key``        ``sandbox-secret``   euid ``10360000`` to ``10361999``
Kahuna    ``/kahuna``    ``sandbox-secret-key`` ``sandbox-api-key``  ``user0000``, ``user0000@example.com`` to ``1999``
MoEngage  ``/moengage``  ``SANDBOXWORKSPACE``   ``sandbox-data-key`` ``C-00000`` to ``C-01999``
========= ============== ====================== ==================== ===============================================

They are the same people at each vendor. The command adds them unless ``--empty`` is given; ``serve`` adds them for a
``World(populated=True)``.
Further logins stand for accounts in a bad state: see ``ACCOUNTS`` in each vendor's ``errors`` module.
Behaviour that a vendor does not document is a named switch: see its ``switches`` module. Faults: see ``faults``.
The API under ``/_sandbox``: see ``control``.
"""
