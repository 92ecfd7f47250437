"""What is looked at and saved all day: the journal of a large class, and the timetable of a full day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as clock
from itertools import islice
from typing import TYPE_CHECKING

from daftar.attendance.models import Guest
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.bench.measure import Figure, measured
from daftar.courses.alone import plan_single_lesson
from daftar.courses.catalogue import add_course, add_room
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Course, Lesson, Room
from daftar.courses.moves import Staffing
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import add_group
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch, Member
from daftar.people.models import Student
from daftar.people.services import add_student
from daftar.tuition.services import enrol_active

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.bench.lines import Bench
    from daftar.orgs.access import Actor

REPEATS = 3
SIZE, DAYS, PRICE = 30, 31, 5_000_000
ROOMS, HOURS, PLACES = 20, range(9, 19), 10
FAR = timedelta(days=400)  # where nothing else is planned


@dataclass(frozen=True)
class Class:
    """A group whose every lesson of a month is marked."""

    group: int
    month: date
    lessons: list[int]
    students: list[int]
    excused: int


@dataclass(frozen=True)
class Day:
    """A day in a branch with two hundred lessons: twenty rooms and teachers, ten hours, ten students in each."""

    branch: int
    on: date


def a_class(bench: Bench) -> Class:
    """Thirty students who meet every day of the last month that has 31, charged lesson by lesson."""
    by = bench.centre.by
    month = add_months(by.today.replace(day=1), -1)
    while (add_months(month, 1) - month).days < DAYS:
        month = add_months(month, -1)
    last_on = add_months(month, 1) - timedelta(days=1)
    with tenant_transaction(by.org_id):
        branch = Branch.objects.visible_to(by).order_by("id")[0]
        course = add_course(
            by, name="Every day", plan=PlanKind.PER_LESSON, currency=branch.currency, price=PRICE, lessons_count=1
        )
        group = add_group(
            by, branch_id=branch.pk, name="Every day", course_id=course.pk, starts_on=month, last_on=last_on,
            schedule=Schedule(tuple(range(1, 8)), clock(9)),
        )  # fmt: skip
        students = [add_student(by, full_name=f"Daily {n:02}", branch_id=branch.pk).pk for n in range(SIZE)]
        for pk in students:
            enrol_active(by, student_id=pk, group_id=group.pk, starts_on=month)
        lessons = list(Lesson.objects.visible_to(by).filter(group=group).order_by("id").values_list("id", flat=True))
        excused = next(row.pk for row in reasons(by) if not row.charges)
    for pk in lessons:
        with tenant_transaction(by.org_id):
            conduct_lesson(by, lesson_id=pk, absent={})
    return Class(group.pk, month, lessons, students, excused)


def a_full_day(bench: Bench) -> Day:
    """Two hundred lessons of no group, each in a room, with a teacher and ten students who may be elsewhere too."""
    by, on = bench.centre.by, bench.centre.by.today + FAR
    with tenant_transaction(by.org_id):
        branch = Branch.objects.visible_to(by).order_by("id")[0]
        course = Course.objects.visible_to(by).order_by("id")[0]
        rooms, teachers = _rooms(by, branch), list(Member.objects.visible_to(by).order_by("id")[:ROOMS])
        students = iter(Student.objects.visible_to(by).order_by("id").values_list("pk", flat=True))
        guests = []
        for place, room in enumerate(rooms):
            staffing = Staffing(room, teachers[place % len(teachers)].pk)
            for hour in HOURS:
                lesson = plan_single_lesson(
                    by, kind=LessonKind.TRIAL, course_id=course.pk, branch_id=branch.pk, held_on=on,
                    starts_time=clock(hour), minutes=60, staffing=staffing,
                )  # fmt: skip
                guests += [Guest(org_id=by.org_id, lesson=lesson, student_id=pk) for pk in islice(students, PLACES)]
        Guest.objects.bulk_create(guests)
    return Day(branch.pk, on)


def _rooms(by: Actor, branch: Branch) -> list[int]:
    found = list(Room.objects.visible_to(by).filter(branch=branch).order_by("id").values_list("id", flat=True)[:ROOMS])
    return found + [add_room(by, branch_id=branch.pk, name=f"Hall {n}").pk for n in range(len(found), ROOMS)]


def journal(bench: Bench) -> Figure:
    """The page of a group with its journal: 930 cells."""
    marked = bench.a_class
    path = f"{bench.root}groups/{marked.group}/?month={marked.month:%Y-%m}"
    figure = bench.pages([path])
    figure.notes.append(f"{len(marked.students)} x {len(marked.lessons)}, wall p50 {figure.p50:.0f} ms")
    return figure


def saved_cell(bench: Bench) -> Figure:
    """One cell of it becomes an excused absence, and its charge is taken back."""
    marked, path = bench.a_class, f"{bench.root}groups/{bench.a_class.group}/cells/"
    pairs = [(lesson, student) for lesson in marked.lessons for student in marked.students]
    count = min(bench.times, len(pairs) // REPEATS)
    batches = [
        [_saving(bench, path, marked, pair) for pair in pairs[turn * count : (turn + 1) * count]]
        for turn in range(REPEATS)
    ]
    return measured(batches, bench.web, bench.database)


def _saving(bench: Bench, path: str, marked: Class, pair: tuple[int, int]) -> Callable[[], object]:
    was, now = [True, None, None, None, None, ""], [False, marked.excused, None, None, None, ""]
    form = [("cells", json.dumps([[*pair, was, now]])), ("because", "bench")]

    def save() -> None:
        status, text = bench.browser.post(path, form)
        if status != 200 or json.loads(text).get("overtaken") != []:
            raise RuntimeError(f"{path} was answered with {status}: {text[:300]}")

    return save


def timetable(view: str) -> Callable[[Bench], Figure]:
    """A full day by "rooms" or "teachers"."""

    def run(bench: Bench) -> Figure:
        day = bench.full_day
        path = f"{bench.root}timetable/?view={view}&on={day.on}&branch_id={day.branch}"
        shown = bench.open(path).count('data-testid="block-')
        figure = bench.pages([path])
        figure.notes.append(f"{shown} lessons, wall p50 {figure.p50:.0f} ms")
        return figure

    return run
