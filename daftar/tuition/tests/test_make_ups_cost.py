"""What a lesson costs that makes up for one that was a trial, was charged already, or was charged whoever came."""

from datetime import date, time

import pytest

from daftar.attendance.makeup_lessons import plan_make_up_lesson
from daftar.attendance.makeups import add_guest
from daftar.attendance.models import AbsenceReason, MakeUp
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.alone import plan_single_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.tuition.queries import reach
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_branch, a_course, a_group, a_student, enrolled

MAY = date(2025, 5, 1)


@pytest.fixture
def group(by):
    """Thirteen lessons in May."""
    return a_group(by, a_course(by, price=None, plan=PlanKind.PER_LESSON), starts_on="2025-05-01")


@pytest.fixture
def student(by, group):
    row = a_student(by)
    enrolled(by, row, group, "2025-05-01")
    Enrolment.objects.visible_to(by).update(activated_on=MAY)
    return row


def bound(by, student, plan, soums, *, codes=(), **binding):
    terms = TariffTerms(f"{plan} {soums}", plan, "UZS", lessons_count=1, lesson_types=codes)
    tariff = add_tariff(by, terms=terms, price=soums * 100, from_on=MAY)
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY, **binding))


def missed(by, group, student, *, charged=False) -> MakeUp:
    reason = reasons(by)[1 if charged else 0]
    AbsenceReason.objects.visible_to(by).filter(pk=reason.pk).update(gives_credit=True)
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 5))
    conduct_lesson(by, lesson_id=lesson.pk, absent={student.pk: reason.pk})
    return MakeUp.objects.visible_to(by).get(student=student, missed=lesson)


def made_up(by, row: MakeUp) -> None:
    lesson = plan_make_up_lesson(by, make_up_ids=[row.pk], held_on=date(2025, 5, 6), starts_time=time(9))
    conduct_lesson(by, lesson_id=lesson.pk, absent={})


def soums(by, student) -> int:
    return -balances(by, [student.pk])[student.pk] // 100


def unpriced(by, student) -> int:
    return len(reach(by, [student.pk])[student.pk].unpriced)


def test_a_missed_trial_is_made_up_for_without_a_charge(by, group, student):
    bound(by, student, PlanKind.PER_LESSON, 100, group_id=group.pk)
    Enrolment.objects.visible_to(by).update(activated_on=None)
    made_up(by, missed(by, group, student))
    assert (soums(by, student), unpriced(by, student)) == (0, 0)


def test_what_makes_up_for_a_charged_miss_is_not_one_more_lesson_of_the_month(by, group, student):
    bound(by, student, PlanKind.MONTH_SPREAD, 13_000)
    row = missed(by, group, student, charged=True)
    assert soums(by, student) == 1_000
    made_up(by, row)
    assert (soums(by, student), unpriced(by, student)) == (1_000, 0)


@pytest.mark.parametrize("in_one_group", [True, False])
def test_where_whoever_came_is_charged_a_make_up_is_paid_already(by, group, student, in_one_group):
    bound(by, student, PlanKind.DAILY, 13_000, group_id=group.pk if in_one_group else None)
    row = missed(by, group, student)
    before = soums(by, student)
    made_up(by, row)
    assert (soums(by, student), unpriced(by, student)) == (before, 0)


def test_a_trial_that_one_price_names_is_not_paid_by_another(by, group, student):
    bound(by, student, PlanKind.PER_LESSON, 300, codes=("trial",))
    apart = bound(by, student, PlanKind.PER_LESSON, 900, is_separate=True)
    from tests.histories import pay_apart

    pay_apart(by, apart, 1_000_000)
    lesson = plan_single_lesson(
        by, kind=LessonKind.TRIAL, course_id=group.course_id, branch_id=a_branch(by).pk, held_on=date(2025, 5, 6),
        starts_time=time(9),
    )  # fmt: skip
    add_guest(by, lesson_id=lesson.pk, student_id=student.pk)
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    assert soums(by, student) == 300 - 10_000
