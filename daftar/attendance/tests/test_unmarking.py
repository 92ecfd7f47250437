"""A lesson marked by mistake is planned again, of a group or of one student, soon or long after."""

from datetime import date, time

import pytest

from daftar.attendance.makeups import make_ups
from daftar.attendance.queries import marks_in, reasons
from daftar.attendance.services import NothingToUndo, WhyCorrected, conduct_lesson, undo_marks
from daftar.attendance.unmarking import NotConducted, take_marks_back
from daftar.courses.alone import plan_single_lesson
from daftar.courses.days import LessonWasHeld, cancel_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances, drift
from daftar.lib.errors import NotFound
from daftar.orgs.models import AuditEntry, Branch
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_course, a_group, a_member, a_student, at

MAY = date(2025, 5, 1)
PRICE = 50_000


@pytest.fixture
def group(by):
    course = a_course(by, plan=PlanKind.PER_LESSON, price=PRICE)
    return a_group(by, course, starts_on="2025-05-01", last_on="2025-06-30")


@pytest.fixture
def student(by, group):
    row = a_student(by)
    enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=MAY)
    return row


def held(by, group, **absent) -> Lesson:
    lesson = Lesson.objects.visible_to(by).filter(group=group, held_on__lte=by.today).order_by("-held_on")[0]
    return conduct_lesson(by, lesson_id=lesson.pk, topic="Past simple", **{"absent": {}} | absent).lesson


def sum_of(by, student) -> int:
    return balances(by, [student.pk])[student.pk]


def test_its_charge_comes_back_its_topic_stays_and_it_may_be_cancelled(by, group, student):
    lesson = held(by, group)
    assert sum_of(by, student) == -PRICE
    with pytest.raises(LessonWasHeld):
        cancel_lesson(by, lesson_id=lesson.pk, reason="no heating")
    take_marks_back(by, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.conducted_at, lesson.topic) == ("planned", None, "Past simple")
    assert (sum_of(by, student), marks_in(by, lesson.pk)) == (0, {})
    cancel_lesson(by, lesson_id=lesson.pk, reason="no heating")
    assert reconcile(by, student_ids=[student.pk]) == 0
    assert drift(by) == []


def test_a_lesson_of_one_student_too(by, group):
    student = a_student(by, "Lola")
    lesson = plan_single_lesson(
        by, kind=LessonKind.INDIVIDUAL, course_id=group.course_id, branch_id=group.branch_id, held_on=by.today,
        starts_time=time(9), student_id=student.pk,
    )  # fmt: skip
    terms = TariffTerms("Alone", PlanKind.PER_LESSON, "UZS", lesson_types=("individual",))
    tariff = add_tariff(by, terms=terms, price=PRICE, from_on=MAY)
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY))
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    assert sum_of(by, student) == -PRICE
    take_marks_back(by, lesson_id=lesson.pk)
    assert sum_of(by, student) == 0
    cancel_lesson(by, lesson_id=lesson.pk, reason="the teacher was ill")


def test_what_was_missed_in_it_is_owed_no_more_and_undo_brings_all_back(by, group, student):
    excused = next(row for row in reasons(by) if row.gives_credit)
    other = a_student(by, "Lola")
    enrol_active(by, student_id=other.pk, group_id=group.pk, starts_on=MAY)
    lesson = held(by, group, absent={student.pk: excused.pk})
    before = marks_in(by, lesson.pk), sum_of(by, student), sum_of(by, other)
    assert [row.student_id for row in make_ups(by)] == [student.pk]
    take_marks_back(by, lesson_id=lesson.pk)
    assert list(make_ups(by)) == []
    undo_marks(by, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert lesson.status == "conducted"
    assert (marks_in(by, lesson.pk), sum_of(by, student), sum_of(by, other)) == before
    assert [row.student_id for row in make_ups(by)] == [student.pk]
    assert drift(by) == []


def test_after_ten_minutes_it_is_marked_again_and_not_undone(by, group, student):
    lesson = held(by, group)
    take_marks_back(by, lesson_id=lesson.pk)
    with pytest.raises(NothingToUndo):
        undo_marks(at(by, f"{by.today}", 23), lesson_id=lesson.pk)


def test_of_a_lesson_long_past_it_is_asked_why_and_the_history_tells(by, group, student):
    lesson = held(by, group)
    Branch.objects.visible_to(by).update(correction_days=3)
    late = at(by, "2025-06-20")
    with pytest.raises(WhyCorrected):
        take_marks_back(late, lesson_id=lesson.pk)
    take_marks_back(late, lesson_id=lesson.pk, because="the wrong group was marked")
    (entry,) = AuditEntry.objects.visible_to(by).filter(verb="attendance.take_marks_back")
    assert "the wrong group was marked" in str(entry.changes)
    assert str(student.pk) in str(entry.changes)


def test_what_nobody_marked_or_somebody_elses_lesson_is_not_taken_back(by, group, student):
    lesson = Lesson.objects.visible_to(by).filter(group=group).order_by("held_on")[0]
    with pytest.raises(NotConducted):
        take_marks_back(by, lesson_id=lesson.pk)
    lesson = held(by, group)
    with pytest.raises(NotFound):
        take_marks_back(a_member(by, "Malika", "teacher"), lesson_id=lesson.pk)
