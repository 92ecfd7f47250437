"""The month of one student by hand: what is posted is what the handbook's tables say."""

from dataclasses import replace
from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson, undo_marks
from daftar.courses.days import add_holiday
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import edit_group
from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, drift, statement
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch, change_settings
from daftar.people.services import edit_student
from daftar.tuition.credits import students_to_price
from daftar.tuition.facts import facts_of
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.models import Subscription
from daftar.tuition.queries import reach
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.rules import affordable_lessons, as_json, due
from daftar.tuition.services import PriceMissing, activate, enrol_active, reconcile
from tests.cast import a_centre, a_course, a_group, a_student, at, enrolled


def rehearsed(by, student, deed):
    """What the deed would do to one student."""
    return rehearse(by, [student.pk], deed)[0]


@pytest.fixture
def in_roubles(db):
    """The tables of bundles are in roubles, which are counted to the kopeck."""
    by = a_centre(currency="RUB", timezone="Europe/Moscow")
    with tenant_transaction(by.org_id):
        yield by


def test_activation_posts_what_its_preview_said_e1(by):
    student, group = a_student(by), a_group(by)
    enrolment = enrolled(by, student, group, "2025-05-05")
    preview = rehearsed(by, student, lambda: activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8)))

    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))

    lines = statement(by, student.pk)
    assert [(line.on, line.amount, line.balance) for line in lines] == [(date(2025, 5, 8), -23_076_900, -23_076_900)]
    assert [(line.on, line.amount.amount) for line in preview.lines] == [(line.on, line.amount) for line in lines]
    assert preview.after.amount == lines[-1].balance
    assert drift(by) == []


def test_the_monthly_run_posts_once_dated_the_first_e2_e34(by):
    student = a_student(by)
    enrolment = enrolled(by, student, a_group(by), "2025-05-05")
    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))
    late = at(by, "2025-06-03")

    posted = [reconcile(late, student_ids=[student.pk]) for _ in range(2)]

    assert posted == [1, 0]
    assert balances(by, [student.pk]) == {student.pk: -53_076_900}
    assert [line.on for line in statement(by, student.pk)] == [date(2025, 5, 8), date(2025, 6, 1)]


def test_leaving_is_credited_once_and_taken_back_when_it_was_a_mistake_e28(by):
    student = a_student(by)
    enrolment = enrolled(by, student, a_group(by, weekdays=(2, 4, 6)), "2025-05-01")
    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 1))
    late = at(by, "2025-05-31")

    Enrolment.objects.visible_to(by).filter(pk=enrolment.pk).update(ends_on=date(2025, 5, 21))
    assert [reconcile(late, student_ids=[student.pk]) for _ in range(2)] == [1, 0]
    lines = statement(by, student.pk)
    assert [(line.on, line.amount) for line in lines] == [
        (date(2025, 5, 1), -30_000_000), (date(2025, 5, 20), 10_714_300),
    ]  # fmt: skip

    Enrolment.objects.visible_to(by).filter(pk=enrolment.pk).update(ends_on=None)
    assert [reconcile(late, student_ids=[student.pk]) for _ in range(2)] == [1, 0]
    assert balances(by, [student.pk]) == {student.pk: -30_000_000}
    assert drift(by) == []


def test_lessons_are_charged_as_they_are_conducted_at_01(in_roubles):
    by = in_roubles
    student, lessons = pupil(by, price=26_400, count=8, lessons=1)

    teach(by, lessons)

    assert balances(by, [student.pk]) == {student.pk: -3_300}


def test_a_bundle_of_four_at_02(in_roubles):
    by = in_roubles
    student, lessons = pupil(by, price=295_000, count=4, lessons=1)

    teach(by, lessons)

    assert balances(by, [student.pk]) == {student.pk: -73_750}


def test_income_then_three_lessons_leave_five_affordable_at_03(in_roubles):
    by = in_roubles
    student, lessons = pupil(by, price=26_400, count=8, lessons=3)
    take_payment(by, student_id=student.pk, desk_id=first_desk(by).pk, amount=26_400, paid_on=by.today, key="at-03")

    teach(by, lessons)

    assert balances(by, [student.pk]) == {student.pk: 16_500}
    assert affordable_lessons(26_400, 8, 16_500, step=1) == 5


def test_a_bundle_of_three_adds_up_at_39(in_roubles):
    by = in_roubles
    student, lessons = pupil(by, price=100_000, count=3, lessons=3)

    teach(by, lessons)

    assert [-line.amount for line in statement(by, student.pk)] == [33_333, 33_334, 33_333]
    assert balances(by, [student.pk]) == {student.pk: -100_000}


def test_a_correction_reverses_and_charges_anew(by):
    """An excused absence entered later takes the charge off; the history keeps both turns."""
    student, lessons = pupil(by, price=10_000, count=1, lessons=1)
    teach(by, lessons)
    excused = reasons(by)[0]

    conduct_lesson(by, lesson_id=lessons[0].pk, absent={student.pk: excused.pk}, because="Her mother called")
    assert balances(by, [student.pk]) == {student.pk: 0}
    conduct_lesson(by, lesson_id=lessons[0].pk, absent={}, because="She was there")

    assert balances(by, [student.pk]) == {student.pk: -10_000}
    kinds = [(line.kind, line.amount) for line in statement(by, student.pk, with_reversed=True)]
    assert kinds == [("charge", -10_000), ("reversal", 10_000), ("charge", -10_000)]
    assert [line.kind for line in statement(by, student.pk)] == ["charge"]


def test_an_unexcused_absence_is_charged(by):
    student, lessons = pupil(by, price=10_000, count=1, lessons=1)

    conduct_lesson(by, lesson_id=lessons[0].pk, absent={student.pk: None})

    assert balances(by, [student.pk]) == {student.pk: -10_000}
    assert any(step["code"] == "absence_charged" for step in statement(by, student.pk)[0].why)


def test_a_trial_costs_nothing_e10(by):
    student = a_student(by)
    enrolled(by, student, a_group(by), "2025-05-05")

    assert reconcile(at(by, "2025-05-31"), student_ids=[student.pk]) == 0
    assert balances(by, [student.pk]) == {student.pk: 0}


def test_the_activation_day_can_be_left_out_and_everything_follows_d1(by):
    student = a_student(by)
    enrolment = enrolled(by, student, a_group(by, weekdays=(2, 4, 6)), "2025-05-05")
    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))
    assert balances(by, [student.pk]) == {student.pk: -23_571_400}

    change_settings(by, name="Lingua", activation_day_counts=False)
    reconcile_all(by)

    assert balances(by, [student.pk]) == {student.pk: -21_428_600}


def test_the_price_of_the_group_comes_before_the_courses_e5(by):
    student, group = a_student(by), a_group(by, price=24_000_000, weekdays=(2, 4, 6))
    enrolment = enrolled(by, student, group, "2025-05-08")

    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))

    assert balances(by, [student.pk]) == {student.pk: -18_857_100}


def test_without_a_price_nobody_is_activated(by):
    group = a_group(by, a_course(by, price=None))
    enrolment = enrolled(by, a_student(by), group, "2025-05-08")

    with pytest.raises(PriceMissing):
        activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))


def test_enrolling_at_once_posts_what_its_preview_said(by):
    student, group = a_student(by), a_group(by)
    values = {"student_id": student.pk, "group_id": group.pk, "starts_on": date(2025, 5, 8)}
    preview = rehearsed(by, student, lambda: enrol_active(by, **values))
    assert not Enrolment.objects.visible_to(by).exists(), "a rehearsal leaves nothing"

    enrol_active(by, **values)

    assert preview.after.amount == balances(by, [student.pk])[student.pk] == -23_076_900


def test_money_reaches_as_far_as_the_handbook_says(by):
    """The worked pair of the pricing page: 300 000 paid, 230 769 charged, covered until 30 May."""
    student, group = a_student(by), a_group(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))
    take_payment(by, student_id=student.pk, desk_id=first_desk(by).pk, amount=30_000_000, paid_on=by.today, key="k")

    today = Lesson.objects.visible_to(by).get(group=group, held_on=by.today)
    assert reach(by, [student.pk])[student.pk].coverage.lessons_left == 8, "today's lesson is still to come"

    conduct_lesson(by, lesson_id=today.pk, absent={})
    known = reach(by, [student.pk])[student.pk]

    assert (known.balance, known.coverage.paid_until, known.coverage.lessons_left) == (6_923_100, date(2025, 5, 30), 7)
    assert known.coverage.next_charge.on == date(2025, 6, 1)


def test_reconciling_asks_as_often_for_many_as_for_one(by):
    group = a_group(by)
    students = [a_student(by, f"Student {number}") for number in range(6)]
    for student in students:
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))
    june = at(by, "2025-06-01")

    with CaptureQueriesContext(connection) as one:
        assert reconcile(june, student_ids=[students[0].pk]) == 1
    with CaptureQueriesContext(connection) as many:
        assert reconcile(june, student_ids=[student.pk for student in students]) == 5

    assert len(many) == len(one)


def pupil(by, *, price: int, count: int, lessons: int):
    """A student active in a group charged per lesson, and the group's first lessons."""
    course = a_course(by, plan=PlanKind.PER_LESSON, price=price, lessons_count=count)
    group, student = a_group(by, course, starts_on="2025-05-01"), a_student(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 2))
    return student, list(Lesson.objects.visible_to(by).filter(group=group).order_by("starts_at")[:lessons])


def teach(by, lessons) -> None:
    for lesson in lessons:
        conduct_lesson(by, lesson_id=lesson.pk, absent={})


def first_desk(by):
    return Desk.objects.visible_to(by).order_by("id")[0]


def test_a_changed_schedule_leaves_the_months_before_it_as_they_were(by):
    """The denominator of the first month (D13) is made of the days the group met on then, not of today's."""
    student, group = a_student(by), a_group(by, starts_on="2025-05-14")
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 14))
    assert balances(by, [student.pk]) == {student.pk: -18_461_500}
    june = at(by, "2025-06-20")
    reconcile(june, student_ids=[student.pk])

    edit_group(
        june, group_id=group.pk, name=group.name, starts_on=group.starts_on, last_on=date(2026, 3, 1),
        schedule=Schedule((2, 4, 6), time(10)), teacher_id=None, room_id=None, capacity=None,
    )  # fmt: skip

    lines = statement(june, student.pk, with_reversed=True)
    assert [(line.on, line.amount) for line in lines] == [
        (date(2025, 5, 14), -18_461_500),
        (date(2025, 6, 1), -30_000_000),
    ]


def test_a_payment_before_the_charge_leaves_the_rest_on_account_e9(by):
    student, group = a_student(by), a_group(by)
    enrolment = enrolled(by, student, group, "2025-05-05")
    paid = at(by, "2025-05-08")
    take_payment(
        paid, student_id=student.pk, desk_id=first_desk(by).pk, amount=30_000_000, paid_on=paid.today, key="e9"
    )

    activate(paid, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 8))
    assert balances(by, [student.pk]) == {student.pk: 6_923_100}
    reconcile(at(by, "2025-06-01"), student_ids=[student.pk])

    assert balances(by, [student.pk]) == {student.pk: -23_076_900}


def test_one_who_moved_to_another_branch_is_priced_on_everything_that_was(by):
    """A member of the new branch sees no group of the old one; the charges made there stay."""
    student, lessons = pupil(by, price=10_000, count=1, lessons=2)
    teach(by, lessons)
    second = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    edit_student(
        by, student_id=student.pk, full_name="Farhod", branch_id=second.pk, born_on=None, payer_name="", phone="",
        email="", source="", note="",
    )  # fmt: skip
    there = replace(by, branch_ids=frozenset({second.pk}))

    assert reconcile(there, student_ids=[student.pk]) == 0
    assert reach(there, [student.pk])[student.pk].balance == -20_000


def test_an_earlier_clock_does_not_judge_what_a_later_one_charged(by):
    student = a_student(by)
    enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 8))
    reconcile(at(by, "2025-06-01"), student_ids=[student.pk])
    assert reconcile(at(by, "2025-05-31"), student_ids=[student.pk]) == 0
    assert len(statement(by, student.pk, with_reversed=True)) == 2


@pytest.mark.parametrize("is_of_one_branch", [False, True])
def test_a_lesson_taught_on_a_day_off_after_all_counts_for_who_joined_after_it_too(by, is_of_one_branch):
    """A day off of the whole centre also for someone who works in one of its branches only."""
    add_holiday(by, name="Victory day", starts_on=date(2025, 5, 9), is_credited=False)
    group, earlier, joined = a_group(by), a_student(by, "Earlier"), a_student(by, "Joined")
    enrol_active(by, student_id=earlier.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    enrol_active(by, student_id=joined.pk, group_id=group.pk, starts_on=date(2025, 5, 14))
    assert balances(by, [joined.pk]) == {joined.pk: -20_000_000}, "8 of 12"
    marks = replace(by, branch_ids=frozenset({group.branch_id})) if is_of_one_branch else by
    conduct_lesson(marks, lesson_id=Lesson.objects.visible_to(by).get(held_on="2025-05-09").pk, absent={})
    assert balances(by, [joined.pk]) == {joined.pk: -18_461_500}, "8 of 13"
    undo_marks(marks, lesson_id=Lesson.objects.visible_to(by).get(held_on="2025-05-09").pk)
    assert balances(by, [joined.pk]) == {joined.pk: -20_000_000}
    assert drift(by) == []


def test_students_charged_together_each_get_their_own_explanation(by):
    """Lines that many share are written once: those of one group are not told to another with as many lines."""
    students = []
    for name, price in (("One", 26_000_000), ("Two", 39_000_000)):
        course = a_course(by, f"Course {name}", price=price)
        group = a_group(by, course, name, weekdays=(1, 3, 5), starts_on="2025-05-01")
        students += [a_student(by, f"{given} {name}") for given in ("Aziz", "Bek")]
        for student in students[-2:]:
            enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    june = at(by, "2025-06-02")
    reconcile(june, student_ids=[row.pk for row in students])

    facts = facts_of(june, students_to_price(june, [row.pk for row in students]))
    for student in students:
        posted = Transfer.objects.visible_to(by).filter(debit__student=student, effective_on=date(2025, 6, 1)).get()
        (draft,) = [each for each in due(facts[student.pk], june.today) if each.on == date(2025, 6, 1)]
        assert (posted.amount, posted.why) == (draft.amount, as_json(draft.why))
        own = Subscription.objects.visible_to(by).get(student=student).pk
        assert posted.why[0]["values"]["id"] == str(own) == str(posted.charge_key).split(":")[0]
