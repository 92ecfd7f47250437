"""Background work by a real worker: what is deferred is done, in its organization, and a dead worker's jobs return."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import change_settings
from daftar.tuition.jobs import ANEW_AT, begin_hour
from daftar.tuition.services import enrol_active
from tests.cast import a_centre, a_group, a_student

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    """The queue's tables are the library's own and are not emptied between tests."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def work() -> None:
    """A worker that does what waits and ends."""
    call_command("procrastinate", "worker", "--one-shot", "--concurrency=1")


def jobs() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, status::text FROM procrastinate_jobs WHERE task_name LIKE 'tuition.%' ORDER BY id"
        )
        return cursor.fetchall()


def pupil_of(by):
    with tenant_transaction(by.org_id):
        student = a_student(by)
        group = a_group(by, weekdays=(2, 4, 6))
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))
        return student


def test_a_changed_rule_is_worked_into_every_charge_of_its_centre_and_of_no_other():
    ours, other = a_centre("lingua"), a_centre("other")
    mine, theirs = pupil_of(ours), pupil_of(other)
    with tenant_transaction(ours.org_id):
        change_settings(ours, name="Lingua", activation_day_counts=False)

    work()

    assert ("tuition.reconcile_everyone", "succeeded") in jobs()
    with tenant_transaction(ours.org_id):
        first = sum_of_may(ours)
        assert balances(ours, [mine.pk])[mine.pk] < -21_428_600, "and every month since has been charged"
    assert first == 21_428_600
    with tenant_transaction(other.org_id):
        # The hourly run may come along and charge the months since; the first charge is as it was.
        assert sum_of_may(other) == 23_571_400
        assert balances(other, [theirs.pk])[theirs.pk] <= -23_571_400


def sum_of_may(by) -> int:
    from daftar.ledger.models import Transfer

    rows = Transfer.objects.visible_to(by).filter(effective_on=date(2025, 5, 8), kind="charge").order_by("-id")
    return rows[0].amount


def test_each_hour_asks_every_centre_once():
    for slug in ("lingua", "other"):
        a_centre(slug)
    begin_hour(timestamp=0)
    begin_hour(timestamp=3600)
    assert [name for name, _status in jobs()] == ["tuition.charge_everyone"] * 2
    work()
    assert {status for name, status in jobs() if name == "tuition.charge_everyone"} == {"succeeded"}


def test_once_a_day_everything_is_charged_from_the_beginning():
    a_centre("lingua")
    begin_hour(timestamp=ANEW_AT * 3600)
    assert [name for name, _status in jobs()] == ["tuition.reconcile_everyone"]


def test_a_rolled_back_verb_leaves_no_job():
    by = a_centre()
    with pytest.raises(RuntimeError), tenant_transaction(by.org_id):
        change_settings(by, name="Lingua", activation_day_counts=False)
        raise RuntimeError
    assert jobs() == []
