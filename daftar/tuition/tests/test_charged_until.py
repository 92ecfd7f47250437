"""What was charged up to a day is settled there: looking at what may have changed ends where looking at all does."""

import random
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.models import Account
from daftar.ledger.queries import live_charges, wrong_debt_days
from daftar.people.models import Student
from daftar.tuition import asked, rules
from daftar.tuition.facts import facts_of
from daftar.tuition.services import charge_key, enrol_active, reconcile
from tests.cast import a_course, a_group, a_student, at

NOTHING_CHANGED = date.max
SIZES = {PlanKind.PER_LESSON: {"lessons_count": 3}, PlanKind.MODULE: {"module_lessons": 4}}


def active(by, plan=PlanKind.CALENDAR_MONTH, name="English"):
    student = a_student(by, name)
    group = a_group(by, a_course(by, name, plan=plan, **SIZES.get(plan, {})), name)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))
    return student, group


def is_right(by, student) -> bool:
    """Whether what is posted is what is due when everything is looked at."""
    (known,) = facts_of(by, Student.objects.visible_to(by).filter(pk=student.pk).select_related("branch__org")).values()
    account = Account.objects.visible_to(by).get(student=student)
    posted = {(row.charge_key, row.on, row.amount) for row in live_charges(by, [account.pk])[account.pk]}
    due = {(charge_key(draft), draft.on, draft.amount) for draft in rules.due(known, by.today)}
    return posted == due and wrong_debt_days(by) == 0


def charged_until(by, student):
    return Account.objects.visible_to(by).get(student=student).charged_until


def some_weeks(by, plan, seed):
    """Lessons conducted in any order while the days go by, after the clock's runs; whether all is right each time."""
    student, group = active(by, plan)
    dice, right = random.Random(seed), []
    for on in ("2025-05-14", "2025-05-31", "2025-06-01", "2025-06-13", "2025-07-01"):
        now = at(by, on)
        reconcile(now, student_ids=[student.pk], since=NOTHING_CHANGED)
        right.append(is_right(now, student))
        rows = Lesson.objects.visible_to(by).filter(group=group, held_on__range=("2025-05-08", on))
        for lesson in dice.sample(list(rows), 3):
            absent = {student.pk: None} if dice.random() < 0.3 else {}
            conduct_lesson(now, lesson_id=lesson.pk, absent=absent, because="typed wrong")
            right.append(is_right(now, student))
    return right


@pytest.mark.parametrize("plan", PlanKind)
def test_charged_step_by_step_it_is_what_is_charged_at_once(by, plan):
    assert all(some_weeks(by, plan, seed=7))


def test_a_window_that_is_too_narrow_would_be_noticed(by, monkeypatch):
    monkeypatch.setattr(asked.rules, "is_enough", lambda _facts, _window: True)  # modules are counted from the start

    assert not all(some_weeks(by, PlanKind.MODULE, seed=7))


def test_the_clock_asks_nobody_twice_on_one_day(by):
    student, _group = active(by)
    assert charged_until(by, student) == by.today

    with CaptureQueriesContext(connection) as asked_again:
        assert reconcile(by, student_ids=[student.pk], since=NOTHING_CHANGED) == 0

    assert not any("daftar_lesson" in query["sql"] or "daftar_transfer" in query["sql"] for query in asked_again)


def test_a_fact_that_changed_under_an_earlier_clock_is_followed_by_the_later_one(by):
    student, group = active(by, PlanKind.DAILY)
    reconcile(at(by, "2025-06-20"), student_ids=[student.pk], since=NOTHING_CHANGED)
    assert charged_until(by, student) == date(2025, 6, 20)
    now = at(by, "2025-05-20")
    lesson = Lesson.objects.visible_to(by).filter(group=group, held_on__gte="2025-05-08").order_by("held_on")[0]

    conduct_lesson(now, lesson_id=lesson.pk, absent={}, because="typed wrong")

    assert charged_until(by, student) == date(2025, 5, 20)
    reconcile(at(by, "2025-06-20"), student_ids=[student.pk], since=NOTHING_CHANGED)
    assert is_right(at(by, "2025-06-20"), student)


def test_an_outage_of_months_is_caught_up_exactly(by):
    student, _group = active(by)
    late = at(by, "2025-09-03")

    assert reconcile(late, student_ids=[student.pk], since=NOTHING_CHANGED) == 4
    assert is_right(late, student)


def test_saving_marks_reads_as_much_after_a_year_as_after_a_month(by):
    student, group = active(by, PlanKind.MONTH_SPREAD)
    rows = []
    for on in ("2025-05-30", "2026-02-27"):
        now = at(by, on)
        reconcile(now, student_ids=[student.pk], since=NOTHING_CHANGED)
        lesson = Lesson.objects.visible_to(by).get(group=group, held_on=on)
        conduct_lesson(now, lesson_id=lesson.pk, absent={}, because="typed wrong")
        window = rules.Window(lesson.held_on, lesson.held_on)
        students = Student.objects.visible_to(by).filter(pk=student.pk).select_related("branch__org")
        rows.append(len(facts_of(by, students, window)[student.pk].lessons))

    assert rows[1] <= rows[0] * 1.2
