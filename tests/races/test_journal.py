"""The journal: sixteen mark different students of one lesson, or the same one, at the same instant."""

from __future__ import annotations

from datetime import date

from daftar.attendance.cells import Wish, mark_cells
from daftar.attendance.models import Attendance
from daftar.attendance.rules import EMPTY, Cell
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student
from tests.races.together import CROWD, at_once, kinds

HERE, AWAY = Cell(is_present=True), Cell(is_present=False)


def a_lesson(by):
    with tenant_transaction(by.org_id):
        group = a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=5_000_000), starts_on="2025-05-01")
        students = [a_student(by, f"Student {place}").pk for place in range(CROWD)]
        for pk in students:
            enrol_active(by, student_id=pk, group_id=group.pk, starts_on=date(2025, 5, 5))
        return group.pk, Lesson.objects.visible_to(by).get(held_on=date(2025, 5, 12)).pk, students


def setting(by, group: int, wish: Wish):
    return lambda: len(mark_cells(by, group_id=group, wishes=[wish]))


def marks(by) -> int:
    with tenant_transaction(by.org_id):
        return Attendance.objects.visible_to(by).count()


def test_sixteen_cells_of_one_lesson_at_once_lose_none(by):
    group, lesson, students = a_lesson(by)
    answers = at_once(by, [setting(by, group, Wish(lesson, pk, EMPTY, HERE)) for pk in students])
    assert kinds(answers) == {"done": CROWD}
    assert marks(by) == CROWD


def test_of_sixteen_who_set_one_cell_differently_one_is_first_and_the_others_are_told(by):
    group, lesson, students = a_lesson(by)
    cells = [Cell(is_present=True, grade=place) for place in range(CROWD)]
    answers = at_once(by, [setting(by, group, Wish(lesson, students[0], EMPTY, cell)) for cell in cells])
    assert kinds(answers) == {"done": CROWD}
    assert sorted(answers) == [0, *[1] * (CROWD - 1)]
    assert marks(by) == 1
