# SPDX-License-Identifier: Apache-2.0
"""Every night on Airflow 3.1 and later: a dry run, a person who approves its numbers, only then a push to Kahuna."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import LEFT_THE_NEWSLETTER, USERS

from airflow_provider_userattrs.operators import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import dag
except Exception:  # before Airflow 3.1 nobody can be asked, and there is no such DAG: it raises one of several errors
    ApprovalOperator = None


def set_attributes(task_id, **how):
    return KahunaSetAttributesOperator(
        task_id=task_id, users=USERS, target=["username"], attributes=["first_name", "plan", "orders"], **how
    )


def remove(task_id, **how):
    return KahunaUnsetAttributesOperator(
        task_id=task_id,
        users=LEFT_THE_NEWSLETTER,
        target=["username"],
        attributes=["newsletter_topic", "newsletter_frequency"],
        **how,
    )


QUESTIONS = {set_attributes: "Send these users to Kahuna?", remove: "Remove what Kahuna has of these users?"}

if ApprovalOperator is not None:

    @dag(
        schedule="0 3 * * *",
        start_date=datetime(2026, 1, 1),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "max_failed": 0.05},
    )
    def nightly_approved():
        # Nothing is sent, and above all nothing removed, in any other way.
        for push, question in QUESTIONS.items():
            name = push.__name__
            rehearsed = f"ti.xcom_pull(task_ids='rehearse_{name}')"
            rehearse = push(f"rehearse_{name}", dry_run=True, sample=1)
            approve = ApprovalOperator(
                task_id=f"approve_{name}",
                subject=question,
                body=f"{{{{ {rehearsed}['warning'] }}}}",  # its numbers, and why some would not be sent
                response_timeout=timedelta(hours=12),
                defaults="Reject",  # if nobody answers
            )
            # More than were approved are not sent.
            rehearse >> approve >> push(name, expect_rows=(None, f"{{{{ {rehearsed}['rows'] }}}}"))

    nightly_approved()
