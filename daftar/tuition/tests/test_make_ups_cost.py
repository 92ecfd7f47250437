"""What a lesson costs that makes up for another: what that one would have cost, and nothing where it was paid."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from daftar.attendance.cells import Wish, mark_cells
from daftar.attendance.makeup_lessons import plan_make_up_lesson
from daftar.attendance.makeups import add_guest
from daftar.attendance.models import AbsenceReason, Attendance, MakeUp
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson, undo_marks
from daftar.courses.alone import plan_single_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.tuition.credits import students_to_price
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.facts import facts_of
from daftar.tuition.leaving import leave_group
from daftar.tuition.queries import reach
from daftar.tuition.rules import due
from daftar.tuition.services import reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, set_own_price
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


def made_up(by, row: MakeUp, on=date(2025, 5, 6)) -> None:
    lesson = plan_make_up_lesson(by, make_up_ids=[row.pk], held_on=on, starts_time=time(9))
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


def later(by, text):
    return replace(by, at=datetime.combine(date.fromisoformat(text), time(12), tzinfo=UTC))


@pytest.mark.parametrize(("plan", "share"), [(PlanKind.MONTH_SPREAD, 1_000), (PlanKind.WEEK_SPREAD, 4_333)])
def test_where_a_month_or_week_is_spread_a_make_up_costs_the_share_of_the_missed_one(by, group, student, plan, share):
    bound(by, student, plan, 13_000, group_id=group.pk)
    row = missed(by, group, student)
    assert soums(by, student) == 0
    made_up(by, row)
    assert (soums(by, student), unpriced(by, student)) == (share, 0)


def test_its_price_and_discount_are_those_of_the_missed_lessons_day(by, group, student):
    june = later(by, "2025-06-02")
    price = bound(by, student, PlanKind.MONTH_SPREAD, 13_000, group_id=group.pk)
    set_own_price(by, subscription_id=price.pk, price=99_000_00, from_on=date(2025, 6, 1))
    give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, date(2025, 5, 31), percent=Decimal(50)))
    row = missed(by, group, student)
    made_up(june, row, date(2025, 6, 2))
    assert soums(june, student) == 500


def test_a_month_whose_misses_are_all_made_up_for_costs_its_price(by, group, student):
    june = later(by, "2025-06-02")
    bound(by, student, PlanKind.MONTH_SPREAD, 10_000, group_id=group.pk)
    row = missed(by, group, student)
    for lesson in Lesson.objects.visible_to(by).filter(group=group, held_on__lt="2025-06-01", status="planned"):
        conduct_lesson(june, lesson_id=lesson.pk, absent={})
    assert soums(june, student) == 10_000 - 769
    made_up(june, row, date(2025, 6, 2))
    assert soums(june, student) == 10_000


def test_why_it_costs_that_names_the_missed_lesson(by, group, student):
    bound(by, student, PlanKind.MONTH_SPREAD, 13_000, group_id=group.pk)
    made_up(by, missed(by, group, student))
    (charge,) = due(facts_of(by, students_to_price(by, [student.pk]))[student.pk], by.today)
    assert {each.code: each.values for each in charge.why}["made_up"] == {"on": "2025-05-05"}


def test_one_for_a_charged_miss_of_a_spread_is_free(by, group, student):
    bound(by, student, PlanKind.MONTH_SPREAD, 13_000, group_id=group.pk)
    row = missed(by, group, student, charged=True)
    made_up(by, row)
    assert (soums(by, student), unpriced(by, student)) == (1_000, 0)


def test_one_for_a_miss_in_a_month_charged_at_once_is_free_after_leaving_too(by, group, student):
    june = later(by, "2025-06-02")
    bound(by, student, PlanKind.CALENDAR_MONTH, 13_000, group_id=group.pk)
    bound(by, student, PlanKind.PER_LESSON, 100)
    row = missed(by, group, student)
    leave_group(by, enrolment_id=Enrolment.objects.visible_to(by).get().pk, last_on=date(2025, 5, 31))
    made_up(june, row, date(2025, 6, 2))
    assert (soums(june, student), unpriced(june, student)) == (13_000, 0)


def on_the_page(by, lesson, student, reason):
    conduct_lesson(by, lesson_id=lesson.pk, absent={student.pk: reason.pk}, because="The note came later")


def in_the_journal(by, lesson, student, reason):
    row = Attendance.objects.visible_to(by).get(lesson=lesson, student=student)
    wish = Wish(lesson.pk, student.pk, was=row.cell, now=row.cell._replace(reason_id=reason.pk))
    assert mark_cells(by, group_id=lesson.group_id, wishes=[wish], because="The note came later") == []


@pytest.fixture(params=[PlanKind.PER_LESSON, PlanKind.MONTH_SPREAD])
def before_its_miss(by, group, student, request):
    """On the 14th: who was to miss the 12th came on the 8th instead; the missed lesson."""
    bound(by, student, request.param, 13_000, group_id=group.pk)
    AbsenceReason.objects.visible_to(by).update(gives_credit=True)
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 12))
    conduct_lesson(by, lesson_id=lesson.pk, absent={student.pk: reasons(by)[0].pk})
    made_up(by, MakeUp.objects.visible_to(by).get(student=student, missed=lesson), on=date(2025, 5, 8))
    return lesson


@pytest.mark.parametrize("correct", [on_the_page, in_the_journal])
def test_a_lesson_held_before_the_one_it_makes_up_for_follows_the_marks_of_that(by, before_its_miss, student, correct):
    excused, charged = reasons(by)[:2]
    one = soums(by, student)
    assert one in (13_000, 1_000)
    for reason in (charged, excused, charged):
        correct(by, before_its_miss, student, reason)
        assert soums(by, student) == one
        assert reconcile(by, student_ids=[student.pk]) == 0


def test_undoing_the_mark_of_the_miss_is_followed_by_what_was_held_before_it(by, before_its_miss, student):
    charged, one = reasons(by)[1], soums(by, student)
    on_the_page(by, before_its_miss, student, charged)
    undo_marks(by, lesson_id=before_its_miss.pk)
    assert (soums(by, student), reconcile(by, student_ids=[student.pk])) == (one, 0)


def test_a_make_up_that_forgot_which_lesson_it_stands_for_would_be_noticed(by, group, student, monkeypatch):
    monkeypatch.setattr("daftar.tuition.facts._paying_for", lambda subscriptions, *_made_up: subscriptions)
    bound(by, student, PlanKind.MONTH_SPREAD, 13_000, group_id=group.pk)
    made_up(by, missed(by, group, student))
    assert (soums(by, student), unpriced(by, student)) == (0, 1)
