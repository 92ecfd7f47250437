"""What it costs to plan the lessons of a group for years ahead."""

from __future__ import annotations

import time
from datetime import time as clock
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from daftar.bench.measure import Figure, checked_at_once, cpu_of
from daftar.courses.models import Course, Lesson, Recurrence, Room
from daftar.courses.schedules import Schedule, plan_lessons, wanted_lessons
from daftar.courses.services import add_group
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch, Member

if TYPE_CHECKING:
    from daftar.bench.lines import Bench

YEARS, WEEKDAYS, REPEATS = 5, (1, 3, 5), 3
MANY, ENOUGH = 1_000, 100


def planning(bench: Bench) -> Figure:
    """A new group with room and teacher, three lessons a week for five years; undone. A thousand take so many s."""
    count = max(1, bench.times // 5)
    cost, _walls, made = _planned(bench, count, REPEATS)
    return Figure(sorted(cost)[1], cost, 0.0, 0.0, count * REPEATS, [f"{made} lessons"])


def adding_all(bench: Bench) -> Figure:
    """A thousand of them one after another, undone; where little is asked of the bench fewer, told as a thousand."""
    count = MANY if bench.times >= ENOUGH else bench.times
    (cost,), (wall,), made = _planned(bench, count, 1)
    return _told(count, made, cost, wall)


def generating_all(bench: Bench) -> Figure:
    """The lessons alone of as many groups that are there already, as an edit of their days makes them; undone."""
    count = MANY if bench.times >= ENOUGH else bench.times
    by = bench.centre.by
    with tenant_transaction(by.org_id), transaction.atomic():
        checked_at_once()
        values = _values(bench)
        days, first = values.pop("schedule"), values["starts_on"]
        groups = [add_group(by, name=f"Five years {number}", **values) for number in range(count)]
        weekly = [
            Recurrence(
                org_id=by.org_id, group=group, weekday=day, starts_time=days.starts_time,
                minutes=group.course.lesson_minutes,
            )
            for group in groups
            for day in days.weekdays
        ]  # fmt: skip
        Recurrence.objects.bulk_create(weekly)
        before, began = cpu_of(bench.database) + time.process_time(), time.perf_counter()
        for place, group in enumerate(groups):
            rows = weekly[place * len(days.weekdays) : (place + 1) * len(days.weekdays)]
            plan_lessons(by, group, group.branch, wanted_lessons(group, rows, first))
        cost = (cpu_of(bench.database) + time.process_time() - before) * 1000 / count
        wall = (time.perf_counter() - began) * 1000 / count
        made = Lesson.objects.visible_to(by).filter(group=groups[-1]).count()
        transaction.set_rollback(True)
    return _told(count, made, cost, wall)


def _told(count: int, made: int, cost: float, wall: float) -> Figure:
    """Of milliseconds a group, what a thousand take."""
    told = f"{count:,} groups, {made * count:,} lessons, {cost / made:.3f} ms each, wall {wall * count / 1000:.1f} s"
    return Figure(cost * MANY, [cost * MANY], wall * MANY, wall * MANY, count, [told])


def _values(bench: Bench) -> dict[str, Any]:
    """A group with room and teacher that meets three times a week for five years."""
    by, first = bench.centre.by, bench.centre.by.today
    course, branch = Course.objects.visible_to(by)[0], Branch.objects.visible_to(by).order_by("id")[0]
    return {
        "branch_id": branch.pk, "course_id": course.pk, "starts_on": first,
        "last_on": add_months(first, 12 * YEARS) - timedelta(days=1), "schedule": Schedule(WEEKDAYS, clock(9)),
        "teacher_id": Member.objects.visible_to(by)[0].pk,
        "room_id": Room.objects.visible_to(by).filter(branch=branch)[0].pk,
    }  # fmt: skip


def _planned(bench: Bench, count: int, repeats: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of processor and of time for each group, and the lessons of one."""
    by = bench.centre.by
    cost, walls = [], []
    for _ in range(repeats):
        with tenant_transaction(by.org_id), transaction.atomic():
            checked_at_once()
            values = _values(bench)
            before, began = cpu_of(bench.database) + time.process_time(), time.perf_counter()
            for number in range(count):
                group = add_group(by, name=f"Five years {number}", **values)
            cost.append((cpu_of(bench.database) + time.process_time() - before) * 1000 / count)
            walls.append((time.perf_counter() - began) * 1000 / count)
            made = Lesson.objects.visible_to(by).filter(group=group).count()
            transaction.set_rollback(True)
    return cost, walls, made
