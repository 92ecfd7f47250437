"""What it costs to plan the lessons of a group for years ahead."""

from __future__ import annotations

import time
from datetime import time as clock
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from daftar.bench.measure import Figure, checked_at_once, cpu_of
from daftar.courses.models import Course, Lesson, Room
from daftar.courses.schedules import Schedule
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


def planning_all(bench: Bench) -> Figure:
    """A thousand of them one after another, undone; where little is asked of the bench fewer, told as a thousand."""
    count = MANY if bench.times >= ENOUGH else bench.times
    (cost,), (wall,), made = _planned(bench, count, 1)
    told = f"{count:,} groups, {made * count:,} lessons, {cost / made:.3f} ms each, wall {wall * count / 1000:.1f} s"
    return Figure(cost * MANY, [cost * MANY], wall * MANY, wall * MANY, count, [told])


def _planned(bench: Bench, count: int, repeats: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of processor and of time for each group, and the lessons of one."""
    by, first = bench.centre.by, bench.centre.by.today
    last_on = add_months(first, 12 * YEARS) - timedelta(days=1)
    cost, walls = [], []
    for _ in range(repeats):
        with tenant_transaction(by.org_id), transaction.atomic():
            checked_at_once()
            course, branch = Course.objects.visible_to(by)[0], Branch.objects.visible_to(by).order_by("id")[0]
            values = {
                "branch_id": branch.pk, "course_id": course.pk, "starts_on": first, "last_on": last_on,
                "schedule": Schedule(WEEKDAYS, clock(9)), "teacher_id": Member.objects.visible_to(by)[0].pk,
                "room_id": Room.objects.visible_to(by).filter(branch=branch)[0].pk,
            }  # fmt: skip
            before, began = cpu_of(bench.database) + time.process_time(), time.perf_counter()
            for number in range(count):
                group = add_group(by, name=f"Five years {number}", **values)
            cost.append((cpu_of(bench.database) + time.process_time() - before) * 1000 / count)
            walls.append((time.perf_counter() - began) * 1000 / count)
            made = Lesson.objects.visible_to(by).filter(group=group).count()
            transaction.set_rollback(True)
    return cost, walls, made
