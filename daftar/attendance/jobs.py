"""Background work of attendance: lessons that nobody marked, what becomes of them and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daftar.attendance.announced import announced_in
from daftar.attendance.nudges import letters_due, nudge_teacher
from daftar.attendance.queries import expected_students, unmarked_in
from daftar.attendance.services import conduct_lesson
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson
from daftar.orgs.models import Branch, Organization, Unmarked
from daftar.orgs.queries import today_in
from daftar.orgs.work import task

if TYPE_CHECKING:
    from daftar.orgs.access import Actor

DAY = timedelta(days=1)
# The rule looks at yesterday and the day before: switched on today, it does not judge the past.
LOOKS_BACK = 2 * DAY


def to_settle(by: Actor) -> list[tuple[int, str]]:
    """Lessons of days that are over and that nobody marked, in branches that say what becomes of them, with that.

    Days off and lessons in which nobody is expected are left alone.
    """
    found = []
    for branch in Branch.objects.visible_to(by).exclude(unmarked_become="").order_by("id"):
        today = today_in(by, branch)
        ids = unmarked_in(by, branch, since=today - LOOKS_BACK, until=today - DAY)
        found += [(lesson_id, branch.unmarked_become) for lesson_id in ids]
    return found


def settle(by: Actor, lesson_id: int, becomes: str) -> None:
    """Conducts one of them, unless somebody marked it meanwhile; an absence told before stands."""
    rows = Lesson.objects.visible_to(by).select_for_update(no_key=True).filter(status=LessonStatus.PLANNED)
    lesson = rows.filter(pk=lesson_id).first()
    if lesson is None:
        return
    expected = expected_students(by, lesson_id)
    told = {pk: reason for pk, reason in announced_in(by, lesson).items() if pk in expected}
    absent = dict.fromkeys(expected) if becomes == Unmarked.ABSENT else {}
    conduct_lesson(by, lesson_id=lesson_id, absent=absent | told)


@task("attendance.settle_unmarked")
def settle_unmarked(by: Actor) -> None:
    """Asks for each of them."""
    for lesson_id, becomes in to_settle(by):
        settle_one.defer(org_id=by.org_id, lesson_id=lesson_id, becomes=becomes)


@task("attendance.settle_one")
def settle_one(by: Actor, lesson_id: int, becomes: str) -> None:
    """One of them, in a transaction of its own: a lesson that cannot be charged stops no other."""
    settle(by, lesson_id, becomes)


@task("attendance.nudge_teachers")
def nudge_teachers(by: Actor) -> None:
    """Wants the letters that are due, unless none can be sent; each teacher gets one a day, however often this runs."""
    if settings.EMAIL_HOST:
        for due in letters_due(by):
            nudge_teacher(by, **due._asdict())


@app.periodic(cron="23 * * * *")
@app.task(name="attendance.begin_hour", queueing_lock="attendance.begin_hour")
def begin_hour(timestamp: int) -> None:  # noqa: ARG001 - given to every periodic task
    """Asks in every organization: each branch's day ends in its own zone."""
    _ask_everywhere(settle_unmarked)


@app.periodic(cron="5,35 * * * *")
@app.task(name="attendance.begin_nudges", queueing_lock="attendance.begin_nudges")
def begin_nudges(timestamp: int) -> None:  # noqa: ARG001 - given to every periodic task
    """Asks in every organization; twice an hour, because there are clocks half an hour apart."""
    _ask_everywhere(nudge_teachers)


def _ask_everywhere(job: Any) -> None:
    for org_id in Organization.objects.values_list("id", flat=True):
        try:
            job.configure(queueing_lock=f"{job.name}:{org_id}").defer(org_id=org_id)
        except AlreadyEnqueued:
            continue  # the last one still waits and will do what this one would
