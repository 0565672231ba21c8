# SPDX-License-Identifier: Apache-2.0
"""Names under which a push stores its progress in Airflow: written by the task, read by the Push report tab."""

#: The checkpoint's name in the task state store, or its prefix: a task may run several pushes.
CHECKPOINT_KEY = "userattrs_push"

#: The XCom with the report so far, for a push without a checkpoint in the task state store.
PROGRESS_KEY = "userattrs_progress"

#: The XCom with the figures of a push, with which the task's next push is compared.
LAST_PUSH_KEY = "userattrs_last_push"

#: The report's name in the context of a task that has pushed.
REPORT_IN_CONTEXT = "push_report"
