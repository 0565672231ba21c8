# SPDX-License-Identifier: Apache-2.0
"""Where a push keeps in Airflow how far it has come: written by the task, read by the Push report tab."""

#: The checkpoint's name in the task state store, or the beginning of it: a task may make several pushes.
CHECKPOINT_KEY = "userattrs_push"

#: The XCom with the report so far, of a push that keeps no checkpoint in the task state store.
PROGRESS_KEY = "userattrs_progress"
