"""Background work by a real worker: what is deferred is done, in its organization, and a dead worker's jobs return."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection

from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import add_group
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import work as background
from daftar.orgs.models import Branch
from daftar.orgs.queries import system_actor
from daftar.orgs.services import add_branch, change_settings
from daftar.people.services import add_student
from daftar.tuition.jobs import ANEW_AT, begin_hour
from daftar.tuition.services import enrol_active
from tests.cast import a_centre, a_course, a_group, a_student

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


# --- each branch's own day -----------------------------------------------------------------------------------------

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
# What is due by the calendar and what is due on a day of the student's own; both were active from the 8th of May.
DUE = [(PlanKind.CALENDAR_MONTH, date(2025, 6, 1)), (PlanKind.STUDENT_MONTH, date(2025, 6, 8))]


@pytest.fixture
def an_hour(monkeypatch):
    """Does what the clock asks for at a moment, and what was asked for, by a worker at that moment."""

    def run(on: date, hour: int, minute: int = 7) -> None:
        moment = datetime.combine(on, time(hour, minute), tzinfo=UTC)
        monkeypatch.setattr(background, "system_actor", partial(system_actor, at=moment))
        begin_hour(timestamp=int(moment.timestamp()))
        work()

    return run


@pytest.fixture
def two_zones():
    """A centre in Tashkent, five hours ahead, with a branch in Warsaw, two hours ahead in summer; since the 8th."""
    by = a_centre()
    with tenant_transaction(by.org_id):
        add_branch(by, name="Warsaw", timezone="Europe/Warsaw", currency="UZS", language="pl")
    return replace(by, at=datetime(2025, 5, 8, 7, tzinfo=UTC))


def active_in_each(by, plan: PlanKind) -> None:
    """A student in each branch, named after it."""
    with tenant_transaction(by.org_id):
        course = a_course(by, plan=plan)
        for branch in Branch.objects.visible_to(by).order_by("id"):
            group = add_group(
                by, branch_id=branch.pk, name=f"In {branch.name}", course_id=course.pk, starts_on=date(2025, 3, 1),
                last_on=date(2026, 3, 1), schedule=Schedule(EVERY_DAY, time(14)),
            )  # fmt: skip
            student = add_student(by, full_name=branch.name, branch_id=branch.pk)
            enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))


def charged_since(by, on: date) -> list[tuple[str, date, str]]:
    """In which branch, dated when and of what kind: every move of money for lessons, reversals too."""
    with tenant_transaction(by.org_id):
        rows = Transfer.objects.visible_to(by).exclude(charge_key=None).filter(effective_on__gte=on)
        return sorted((row.debit.student.full_name, row.effective_on, row.kind) for row in rows)


def before(on: date) -> date:
    return on - timedelta(days=1)


@pytest.mark.parametrize(("plan", "due"), DUE)
def test_what_is_due_is_charged_once_when_the_day_begins_in_the_students_own_branch(an_hour, two_zones, plan, due):
    by = two_zones
    active_in_each(by, plan)
    in_tashkent, in_warsaw = ("Main", due, "charge"), ("Warsaw", due, "charge")
    instants = [
        (18, 0, []),  # 23:00 and 20:00 of the day before
        (18, 59, []),  # 23:59
        (19, 0, [in_tashkent]),  # 00:00 of the day
        (20, 0, [in_tashkent]),
        (21, 59, [in_tashkent]),  # 23:59 in Warsaw
        (22, 30, [in_tashkent, in_warsaw]),  # the hour in which everything is looked at anew
        (23, 30, [in_tashkent, in_warsaw]),
    ]
    for hour, minute, expected in instants:
        for _again in range(2):
            an_hour(before(due), hour, minute)
            assert charged_since(by, date(2025, 5, 9)) == expected, (hour, minute)


@pytest.mark.parametrize(("plan", "due"), DUE)
@pytest.mark.parametrize("hour", [9, ANEW_AT])
def test_after_ten_days_without_a_run_everything_is_charged_once_and_dated_when_it_was_due(
    an_hour, two_zones, plan, due, hour
):
    by = two_zones
    active_in_each(by, plan)
    an_hour(before(due), 9)
    assert charged_since(by, date(2025, 5, 9)) == []
    for _again in range(2):
        an_hour(due + timedelta(days=9), hour)
        assert charged_since(by, date(2025, 5, 9)) == [("Main", due, "charge"), ("Warsaw", due, "charge")]
