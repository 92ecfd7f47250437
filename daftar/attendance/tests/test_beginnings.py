"""How the marks of a lesson begin: as its group says, else as its branch; and what stays unmarked stays so."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from daftar.attendance.beginnings import marks_begin, set_how_marks_begin
from daftar.attendance.outbox import receive_lesson
from daftar.attendance.queries import Mark, get_lesson, marks_in
from daftar.attendance.rules import Detail
from daftar.attendance.services import MarkFirst, NobodyMarked, NotInLesson, conduct_lesson, undo_marks
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import Branch, MarksBegin
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_member, a_student

HERE, AWAY = Mark(is_present=True, reason_id=None), Mark(is_present=False, reason_id=None)
PRICE = 5_000_000


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=PRICE), starts_on="2025-05-01")


@pytest.fixture
def students(by, group):
    rows = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
    for row in rows:
        enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    return [row.pk for row in rows]


@pytest.fixture
def lesson(by, students):
    return Lesson.objects.visible_to(by).get(held_on=date(2025, 5, 12))


@pytest.mark.parametrize(
    ("of_branch", "of_group", "begins"),
    [
        ("present", "", "present"), ("unmarked", "", "unmarked"),
        ("present", "unmarked", "unmarked"), ("unmarked", "present", "present"),
    ],
)  # fmt: skip
def test_a_group_that_says_nothing_begins_as_its_branch(by, group, lesson, of_branch, of_group, begins):
    Branch.objects.visible_to(by).update(marks_begin=of_branch)
    set_how_marks_begin(by, group_id=group.pk, marks_begin=of_group)
    assert marks_begin(by, get_lesson(by, lesson.pk)) is MarksBegin(begins)


def test_only_who_edits_the_group_says_how_its_marks_begin(by, group):
    teacher = a_member(by, "Dilnoza", "teacher")
    with pytest.raises(Forbidden):
        set_how_marks_begin(teacher, group_id=group.pk, marks_begin="unmarked")
    with pytest.raises(NotFound):
        set_how_marks_begin(by, group_id=group.pk + 1, marks_begin="unmarked")


def test_of_whom_nothing_is_said_stays_not_marked_and_is_not_charged(by, lesson, students):
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[1]: None}, seen=students, unmarked=students[2:])
    assert marks_in(by, lesson.pk) == {students[0]: HERE, students[1]: AWAY}
    found = balances(by, students)
    assert [found.get(pk, 0) for pk in students] == [-PRICE, -PRICE, 0]
    # The rest is said later; those marked stay as they are.
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[1]: None}, seen=students)
    assert marks_in(by, lesson.pk)[students[2]] == HERE
    undo_marks(by, lesson_id=lesson.pk)
    assert students[2] not in marks_in(by, lesson.pk)


def test_a_lesson_is_not_conducted_by_leaving_everybody_unmarked(by, lesson, students):
    with pytest.raises(NobodyMarked):
        conduct_lesson(by, lesson_id=lesson.pk, absent={}, seen=students, unmarked=students)
    lesson.refresh_from_db()
    assert lesson.status == "planned"


def test_nothing_else_is_noted_of_whoever_is_not_marked(by, lesson, students):
    with pytest.raises(MarkFirst):
        conduct_lesson(
            by, lesson_id=lesson.pk, absent={}, unmarked=students[2:], details={students[2]: Detail(grade=90)}
        )
    with pytest.raises(NotInLesson):
        conduct_lesson(by, lesson_id=lesson.pk, absent={students[2]: None}, unmarked=students[2:])
    assert marks_in(by, lesson.pk) == {}


def test_who_was_left_unmarked_offline_is_not_told_as_somebody_who_joined_meanwhile(by, group, lesson, students):
    sent = {"lesson_id": lesson.pk, "made_at": by.at - timedelta(minutes=5)}
    marks = {students[0]: HERE, students[1]: AWAY}
    assert receive_lesson(by, key=uuid4(), marks=marks, unmarked=students[2:], **sent).unseen == 0
    assert marks_in(by, lesson.pk) == marks
    joined = a_student(by, "Zafar").pk
    enrol_active(by, student_id=joined, group_id=group.pk, starts_on=date(2025, 5, 5))
    assert receive_lesson(by, key=uuid4(), marks=marks, unmarked=students[2:], **sent).unseen == 1
    with pytest.raises(NobodyMarked):
        receive_lesson(by, key=uuid4(), marks={}, unmarked=students, **sent)
