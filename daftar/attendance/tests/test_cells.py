"""The journal of a group: cells are set one by one, the lesson and the charges follow."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.cells import Wish, mark_cells
from daftar.attendance.journal import cells_of, journal
from daftar.attendance.makeups import add_guest, make_ups_of
from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.rules import EMPTY, Cell, Detail
from daftar.attendance.services import (
    CellIsWrong,
    LessonAhead,
    NothingToUndo,
    NotInLesson,
    WhyCorrected,
    conduct_lesson,
    undo_marks,
)
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.orgs.models import AuditEntry
from daftar.tuition.pauses import suspend
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_member, a_student, at, enrolled

HERE, AWAY = Cell(is_present=True), Cell(is_present=False)
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


def lesson_on(by, day: int) -> Lesson:
    return Lesson.objects.visible_to(by).get(held_on=date(2025, 5, day))


def mark(by, group, lesson, student, now, was=EMPTY, because=""):
    return mark_cells(by, group_id=group.pk, wishes=[Wish(lesson.pk, student, was, now)], because=because)


def test_who_is_not_marked_in_a_conducted_lesson_is_not_charged(by, group, students):
    lesson = lesson_on(by, 12)
    assert mark(by, group, lesson, students[0], HERE) == []
    lesson.refresh_from_db()
    assert (lesson.status, lesson.conducted_at) == ("conducted", by.at)
    assert [balances(by, students).get(pk, 0) for pk in students] == [-PRICE, 0, 0]
    mark(by, group, lesson, students[1], AWAY)
    assert [balances(by, students).get(pk, 0) for pk in students] == [-PRICE, -PRICE, 0]


def test_clearing_the_last_mark_makes_the_lesson_planned_and_takes_the_charge_back(by, group, students):
    lesson = lesson_on(by, 12)
    mark(by, group, lesson, students[0], HERE)
    mark(by, group, lesson, students[1], AWAY)
    mark(by, group, lesson, students[0], EMPTY, was=HERE)
    lesson.refresh_from_db()
    assert lesson.status == "conducted"
    mark(by, group, lesson, students[1], EMPTY, was=AWAY)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.conducted_at) == ("planned", None)
    assert [balances(by, students).get(pk, 0) for pk in students] == [0, 0, 0]


def test_cells_of_several_lessons_are_one_deed_told_in_the_history(by, group, students):
    days, before = [lesson_on(by, day) for day in (7, 9, 12)], AuditEntry.objects.visible_to(by).count()
    mark_cells(by, group_id=group.pk, wishes=[Wish(row.pk, pk, EMPTY, HERE) for row in days for pk in students])
    told = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert AuditEntry.objects.visible_to(by).count() == before + 1
    assert told.verb == "attendance.mark_cells"
    assert {change["id"] for change in told.changes if "attendance" in change["now"]} == {row.pk for row in days}


def test_a_cell_that_somebody_set_meanwhile_stays_and_the_later_one_is_told(by, group, students):
    lesson = lesson_on(by, 12)
    mark(by, group, lesson, students[0], AWAY)
    wishes = [Wish(lesson.pk, students[0], EMPTY, HERE), Wish(lesson.pk, students[1], EMPTY, HERE)]
    found = mark_cells(by, group_id=group.pk, wishes=wishes)
    assert [(row.student_id, row.cell, row.at) for row in found] == [(students[0], AWAY, by.at)]
    cells = cells_of(by, [lesson.pk])
    assert (cells[lesson.pk, students[0]], cells[lesson.pk, students[1]]) == (AWAY, HERE)


def test_a_request_that_comes_twice_does_what_it_does_once(by, group, students):
    lesson = lesson_on(by, 12)
    mark(by, group, lesson, students[0], HERE)
    before = AuditEntry.objects.visible_to(by).count()
    assert mark(by, group, lesson, students[0], HERE) == []
    assert AuditEntry.objects.visible_to(by).count() == before


def test_an_old_mark_is_corrected_with_a_reason_that_is_asked_for_once(by, group, students):
    lesson = lesson_on(by, 5)
    mark(by, group, lesson, students[0], HERE)  # written down late: nothing is corrected
    with pytest.raises(WhyCorrected):
        mark(by, group, lesson, students[0], AWAY, was=HERE)
    mark(by, group, lesson, students[0], AWAY, was=HERE, because="Paper journal")
    mark(by, group, lesson, students[0], HERE, was=AWAY)
    first = AuditEntry.objects.visible_to(by).filter(verb="attendance.mark_cells").order_by("-id")[1]
    assert first.changes[0]["now"] == {"corrected_because": "Paper journal"}
    mark(by, group, lesson_on(by, 7), students[0], HERE)
    assert mark(by, group, lesson_on(by, 7), students[0], AWAY, was=HERE) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Cell(is_present=False, late_minutes=5), Cell(is_present=True, late_minutes=0),
        Cell(is_present=True, grade=101), Cell(is_present=None, grade=5), Cell(is_present=None, comment="?"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(by, group, students, wrong):
    with pytest.raises(CellIsWrong):
        mark(by, group, lesson_on(by, 12), students[0], wrong)


def test_lessons_ahead_strangers_and_foreign_lessons_are_refused(by, group, students):
    lesson, stranger = lesson_on(by, 12), a_student(by, "Not here")
    with pytest.raises(LessonAhead):
        mark(by, group, lesson_on(by, 16), students[0], HERE)
    with pytest.raises(NotInLesson):
        mark(by, group, lesson, stranger.pk, HERE)
    with pytest.raises(NotFound):
        mark(by, a_group(by, group.course, "Other"), lesson, students[0], HERE)
    with pytest.raises(NotFound):
        mark(a_member(by, "Jasur", "teacher"), group, lesson, students[0], HERE)
    with pytest.raises(NotFound):
        mark(by, group, lesson, students[0], AWAY._replace(reason_id=10**9))


def test_all_that_a_cell_holds_is_kept_and_a_lesson_conducted_again_drops_only_what_cannot_be(by, group, students):
    lesson, excused = lesson_on(by, 12), reasons(by)[0].pk
    late = Cell(is_present=True, late_minutes=7, grade=95, homework_grade=4, comment="Good")
    mark(by, group, lesson, students[0], late)
    mark(by, group, lesson, students[1], AWAY._replace(reason_id=excused))
    assert balances(by, students).get(students[1], 0) == 0
    assert cells_of(by, [lesson.pk])[lesson.pk, students[0]] == late
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0]: None})
    assert cells_of(by, [lesson.pk])[lesson.pk, students[0]] == late._replace(is_present=False, late_minutes=None)


def test_what_the_journal_said_since_is_not_undone_with_the_lesson(by, group, students):
    first, second = lesson_on(by, 9), lesson_on(by, 12)
    conduct_lesson(by, lesson_id=second.pk, absent={})
    later = at(by, by.today, by.at.hour + 1)
    mark_cells(later, group_id=group.pk, wishes=[
        Wish(first.pk, students[0], EMPTY, HERE), Wish(second.pk, students[0], HERE, AWAY),
    ])  # fmt: skip
    with pytest.raises(NothingToUndo):
        undo_marks(by, lesson_id=second.pk)


def test_the_journal_says_of_each_lesson_who_belongs_to_it_as_the_lesson_does(by, group, students):
    enrolled(by, a_student(by, "Sardor"), group, "2025-05-12")
    suspend(by, student_ids=[students[0]], group_id=group.pk, starts_on=date(2025, 5, 7), last_on=date(2025, 5, 9))
    found = journal(by, group.pk, since=date(2025, 5, 1), until=date(2025, 6, 1))
    assert [row.held_on.day for row in found.lessons][:4] == [2, 5, 7, 9]
    for lesson in found.lessons:
        assert found.members[lesson.pk] == expected_students(by, lesson.pk), lesson


def test_a_miss_marked_in_the_journal_is_owed_until_it_is_corrected_or_cleared(by, group, students):
    lesson, excused = lesson_on(by, 12), AWAY._replace(reason_id=reasons(by)[0].pk)
    mark(by, group, lesson, students[0], excused)
    mark(by, group, lesson, students[1], excused)
    assert [row.missed_id for pk in students[:2] for row in make_ups_of(by, pk)] == [lesson.pk, lesson.pk]
    mark(by, group, lesson, students[0], HERE, was=excused)
    mark(by, group, lesson, students[1], EMPTY, was=excused)
    assert [make_ups_of(by, pk) for pk in students] == [[], [], []]


def test_a_guest_of_a_lesson_is_marked_in_its_journal(by, group, students):
    lesson, guest = lesson_on(by, 12), a_student(by, "Guest")
    add_guest(by, lesson_id=lesson.pk, student_id=guest.pk)
    found = journal(by, group.pk, since=date(2025, 5, 1), until=date(2025, 6, 1))
    assert found.guests == {(lesson.pk, guest.pk)}
    assert mark(by, group, lesson, guest.pk, HERE) == []
    assert cells_of(by, [lesson.pk])[lesson.pk, guest.pk] == HERE


def test_the_page_of_a_lesson_notes_minutes_grades_and_a_comment_and_undo_brings_back_what_was(by, group, students):
    lesson = lesson_on(by, 12)
    first = Detail(late_minutes=5, grade=80, comment="Early")
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, details={students[0]: first})
    later = at(by, by.today, by.at.hour + 1)
    second = Detail(grade=90, homework_grade=3)
    conduct_lesson(later, lesson_id=lesson.pk, absent={students[0]: None}, details={students[0]: second})
    assert cells_of(by, [lesson.pk])[lesson.pk, students[0]] == Cell(
        is_present=False, reason_id=None, **second._asdict()
    )
    undo_marks(later, lesson_id=lesson.pk)
    assert cells_of(by, [lesson.pk])[lesson.pk, students[0]] == HERE._replace(**first._asdict())


def test_what_is_not_said_of_a_student_stays_and_what_cannot_be_is_refused(by, group, students):
    lesson = lesson_on(by, 12)
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, details={students[0]: Detail(grade=80)})
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, details={students[1]: Detail(comment="Well")})
    cells = cells_of(by, [lesson.pk])
    assert [cells[lesson.pk, pk].grade for pk in students] == [80, None, None]
    assert cells[lesson.pk, students[1]].comment == "Well"
    for wrong in (Detail(grade=101), Detail(late_minutes=0), Detail(homework_grade=-1)):
        with pytest.raises(CellIsWrong):
            conduct_lesson(by, lesson_id=lesson.pk, absent={}, details={students[0]: wrong})
    with pytest.raises(CellIsWrong):
        conduct_lesson(by, lesson_id=lesson.pk, absent={students[0]: None}, details={students[0]: Detail(5)})


def test_marks_of_many_lessons_ask_as_many_statements_as_those_of_one(by, group, students):
    days = [lesson_on(by, day) for day in (5, 7, 9, 12)]
    for lesson in days:
        conduct_lesson(by, lesson_id=lesson.pk, absent={})
    excused = AWAY._replace(reason_id=reasons(by)[0].pk)

    def statements(lessons: list[Lesson], student: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            mark_cells(
                by, group_id=group.pk, because="?", wishes=[Wish(row.pk, student, HERE, excused) for row in lessons]
            )
        return len(asked)

    assert statements(days[2:3], students[0]) == statements(days[2:], students[1])
