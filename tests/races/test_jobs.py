"""A job that loses its connection is done later, not given up."""

from __future__ import annotations

import threading
import time
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection, connections

from daftar.ledger.models import Transfer
from daftar.ledger.services import student_accounts
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import change_settings
from daftar.people.models import Student
from daftar.tuition.services import enrol_active
from tests.cast import a_group, a_student
from tests.races.conftest import as_owner
from tests.races.together import PATIENCE

# Not pg_stat_activity, which shows one transaction the same picture for ever.
# For this test only: whoever waits in the database of another process of the tests stands there too.
THOSE_WHO_WAIT = "SELECT pid FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid))"

FIRST = date(2025, 5, 8)


@pytest.fixture
def pupil(by):
    """Activated on the day of a lesson, so that rule D1 changes the first charge."""
    as_owner("DELETE FROM procrastinate_jobs")
    with tenant_transaction(by.org_id):
        student, group = a_student(by), a_group(by, weekdays=(2, 4, 6))
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=FIRST)
    return student.pk


def cut_off_whoever_waits(by, pupil: int, holds: threading.Event) -> None:
    """Keeps the student's account locked until a job waits for it, and ends the connection of that job."""
    with tenant_transaction(by.org_id):
        student_accounts(by, students=Student.objects.visible_to(by).filter(pk=pupil).select_related("branch"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (own,) = cursor.fetchone()
        holds.set()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            waiting = as_owner(THOSE_WHO_WAIT, own)
            if waiting:
                as_owner("SELECT pg_terminate_backend(%s)", waiting[0])
                break
            time.sleep(0.05)
    connections.close_all()


def work() -> None:
    call_command("procrastinate", "worker", "--one-shot", "--concurrency=1")


def jobs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'tuition.reconcile_some'")
        return [status for (status,) in cursor.fetchall()]


def first_charge(by) -> int:
    with tenant_transaction(by.org_id):
        return Transfer.objects.visible_to(by).filter(kind="charge", effective_on=FIRST).order_by("-turn")[0].amount


def test_a_job_that_was_cut_off_is_tried_again(by, pupil):
    before = first_charge(by)
    with tenant_transaction(by.org_id):
        change_settings(by, name="Lingua", activation_day_counts=False)
    holds = threading.Event()
    other = threading.Thread(target=cut_off_whoever_waits, args=(by, pupil, holds), daemon=True)
    other.start()
    holds.wait(PATIENCE)
    work()
    other.join(PATIENCE)
    # (The hourly run may have come along meanwhile and be done.)
    assert "todo" in jobs()
    as_owner("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    work()
    assert set(jobs()) == {"succeeded"}
    assert first_charge(by) < before
