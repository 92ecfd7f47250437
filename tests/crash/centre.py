"""The besieged centre, made and recounted inside the installation's own surroundings.

`python -m tests.crash.centre make` founds it and prints what the clients need; `recount` finishes what killed workers
left and prints what a fresh reconcile still had to post; `probe` founds one with a canary in every text.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import django

LESSON_PRICE = 8_000_000
STUDENTS, GROUPS, DAYS = 30, 3, 75
RECOUNT_TIMES = 2


def make() -> dict:
    """Three groups of thirteen, nine students in two of them, on the days of eleven weeks."""
    from daftar.attendance.queries import expected_students, reasons
    from daftar.courses.models import Lesson
    from daftar.courses.rules import PlanKind
    from daftar.finance.models import Desk
    from daftar.lib.tenancy import tenant_transaction
    from daftar.tuition.services import enrol_active
    from tests.cast import PASSWORD, a_centre, a_course, a_group, a_student

    by = a_centre(at=datetime.now(UTC))
    with tenant_transaction(by.org_id):
        begins = by.today - timedelta(days=DAYS)
        courses = [
            a_course(by, "Lessons", plan=PlanKind.PER_LESSON, price=LESSON_PRICE),
            a_course(by, "Packets", plan=PlanKind.PER_LESSON, price=10_000_000, lessons_count=3),
            a_course(by, "Months", price=30_000_000),
        ]
        span = {"starts_on": begins.isoformat(), "last_on": (by.today + timedelta(days=30)).isoformat()}
        groups = [a_group(by, course, course.name, weekdays=(1, 2, 3, 4, 5, 6, 7), **span) for course in courses]
        for place in range(STUDENTS):
            student = a_student(by, f"Student {place:02}")
            chosen = [groups[place % GROUPS]] + ([groups[(place + 1) % GROUPS]] if place % 10 < 3 else [])
            for group in chosen:
                enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=begins)
        rows = Lesson.objects.visible_to(by).filter(held_on__lte=by.today).order_by("held_on", "group_id")
        members = {group.pk: _members(by, group.pk) for group in groups}
        return {
            "slug": by.org_slug,
            "login": f"aziza@{by.org_slug}.example",
            "password": PASSWORD,
            "branch": groups[0].branch_id,
            "today": by.today.isoformat(),
            "begins": begins.isoformat(),
            "lessons_group": groups[0].pk,
            "students": sorted(set().union(*members.values())),
            "desks": list(Desk.objects.visible_to(by).order_by("id").values_list("id", flat=True)),
            "reasons": [reason.pk for reason in reasons(by)],
            "lessons": {row.pk: sorted(expected_students(by, row.pk)) for row in rows},
        }


def _members(by, group_id: int) -> set[int]:
    from daftar.courses.models import Enrolment

    return set(Enrolment.objects.visible_to(by).filter(group_id=group_id).values_list("student_id", flat=True))


def recount() -> dict:
    """How many jobs had been left and given up, and what each of two fresh reconciles posted."""
    from asgiref.sync import async_to_sync
    from django.core.management import call_command
    from django.db import connection
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    async def give_back() -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as ours:
            async with ours.open_async():
                for job in await ours.job_manager.get_stalled_jobs(seconds_since_heartbeat=0):
                    await ours.job_manager.retry_job(job)

    jobs = ProcrastinateJob.objects.exclude(task_name__startswith="builtin:")
    left = jobs.filter(status__in=["todo", "doing"]).count()
    async_to_sync(give_back)()
    with connection.cursor() as cursor:  # those that wait for another try need not wait any longer
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    call_command("procrastinate", "worker", "--one-shot")
    undone = jobs.exclude(status="succeeded").count()
    return {"jobs left": left, "jobs not done": undone, "posted": _reconcile_twice()}


def _reconcile_twice() -> list[int]:
    from daftar.lib.tenancy import tenant_transaction
    from daftar.orgs.models import Organization
    from daftar.orgs.queries import system_actor
    from daftar.people.models import Student
    from daftar.tuition.services import reconcile

    posted = []
    org = Organization.objects.get()
    for _ in range(RECOUNT_TIMES):
        with tenant_transaction(org.pk):
            by = system_actor(org.pk)
            ids = list(Student.objects.visible_to(by).values_list("id", flat=True))
            posted.append(reconcile(by, student_ids=ids))
    return posted


def probe() -> dict:
    """The centre of `tests/probe.py`: every name in it carries a canary."""
    from daftar.config.probe import make_probe
    from tests.cast import PASSWORD

    made = make_probe("lingua", at=datetime.now(UTC), password=PASSWORD)
    return {
        "slug": made.slug, "canary": made.canary, "ids": made.ids, "login": made.logins["owner"], "password": PASSWORD,
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"make": make, "recount": recount, "probe": probe}[sys.argv[1]]()))
