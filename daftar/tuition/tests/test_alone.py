"""What lessons without a group cost."""

from datetime import date, time

import pytest

from daftar.attendance.makeups import LessonOfOneStudent, add_guest
from daftar.attendance.queries import expected_students, get_lesson, recent_lessons
from daftar.attendance.services import conduct_lesson, undo_marks
from daftar.courses.alone import plan_single_lesson
from daftar.courses.catalogue import add_lesson_type
from daftar.courses.feeds import calendar_behind, open_feed
from daftar.courses.kinds import LessonKind
from daftar.courses.moves import Staffing
from daftar.courses.queries import get_lesson as planned_lesson
from daftar.courses.queries import lessons_on
from daftar.courses.refusals import LessonWasMarked
from daftar.courses.rules import PlanKind
from daftar.courses.services import change_type
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.orgs.doors import secret_of
from daftar.reports.charges import attended_without_subscription, charges
from daftar.reports.today import must_pay_today
from daftar.tuition.pauses import suspend
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_branch, a_course, a_member, a_student, at

PRICE = 50_000
TENTH = date(2025, 5, 10)


@pytest.fixture
def course(by):
    return a_course(by, plan=PlanKind.PER_LESSON, price=PRICE * 8, lessons_count=8)


@pytest.fixture
def student(by):
    return a_student(by)


def bound(by, student, *codes, plan=PlanKind.PER_LESSON, starts_on=date(2025, 5, 1), last_on=None):
    terms = TariffTerms("Eight", plan, "UZS", lessons_count=8, lesson_types=codes)
    tariff = add_tariff(by, terms=terms, price=PRICE * 8, from_on=date(2025, 5, 1))
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(starts_on, last_on))


def planned(by, course, student=None, hour=10, on=TENTH, **values):
    kind = LessonKind.TRIAL if student is None else LessonKind.INDIVIDUAL
    return plan_single_lesson(
        by, kind=kind, course_id=course.pk, branch_id=a_branch(by).pk, held_on=on, starts_time=time(hour),
        student_id=student and student.pk, **values,
    )  # fmt: skip


def held(by, lesson, absent=None):
    return conduct_lesson(by, lesson_id=lesson.pk, absent=absent or {}).lesson


def charged(by, student) -> int:
    return -balances(by, [student.pk])[student.pk]


@pytest.mark.parametrize(("codes", "cost"), [((), PRICE), (("individual",), PRICE), (("group",), 0)])
def test_an_individual_lesson_is_paid_by_a_subscription_that_ticks_it(by, course, student, codes, cost):
    bound(by, student, *codes)
    lesson = held(by, planned(by, course, student))
    assert charged(by, student) == cost
    held(by, lesson)
    assert charged(by, student) == cost
    undo_marks(by, lesson_id=lesson.pk)
    assert charged(by, student) == 0


def test_without_a_subscription_it_costs_nothing_and_is_listed(by, course, student):
    lesson = held(by, planned(by, course, student))
    assert charged(by, student) == 0
    rows, _more = attended_without_subscription(by, since=TENTH, until=TENTH)
    assert [(row.lesson_id, row.group) for row in rows] == [(lesson.pk, student.full_name)]


def test_a_type_of_ones_own_is_ticked_by_itself(by, course, student):
    online = add_lesson_type(by, name="Online", kind=LessonKind.INDIVIDUAL)
    bound(by, student, "individual")
    lesson = held(by, planned(by, course, student, type_id=online.pk))
    assert charged(by, student) == 0
    change_type(by, lesson_id=lesson.pk, type_id=None)
    assert charged(by, student) == PRICE


def test_its_one_student_is_expected_and_nobody_else_is_taken_in(by, course, student):
    lesson = planned(by, course, student)
    assert expected_students(by, lesson.pk) == {student.pk: False}
    with pytest.raises(LessonOfOneStudent):
        add_guest(by, lesson_id=lesson.pk, student_id=a_student(by, "Else").pk)
    assert [(row.id, row.group_name) for row in recent_lessons(by, student.pk)] == [(lesson.pk, student.full_name)]


def test_who_pauses_is_not_expected(by, course, student):
    lesson = planned(by, course, student)
    suspend(by, student_ids=[student.pk], starts_on=TENTH, last_on=TENTH)
    assert expected_students(by, lesson.pk) == {}


@pytest.mark.parametrize(("codes", "cost"), [((), 0), (("group", "individual"), 0), (("trial",), PRICE)])
def test_a_trial_is_free_unless_a_subscription_ticks_trials(by, course, student, codes, cost):
    bound(by, student, *codes)
    lesson = planned(by, course)
    assert expected_students(by, lesson.pk) == {}
    add_guest(by, lesson_id=lesson.pk, student_id=student.pk)
    held(by, lesson)
    assert charged(by, student) == cost


def test_a_trial_is_paid_in_the_days_by_which_a_pause_moves_the_end(by, course, student):
    bound(by, student, "trial", last_on=date(2025, 5, 8))
    suspend(by, student_ids=[student.pk], starts_on=date(2025, 5, 5), last_on=date(2025, 5, 7), extends=True)
    lesson = planned(by, course)
    add_guest(by, lesson_id=lesson.pk, student_id=student.pk)
    held(by, lesson)
    assert charged(by, student) == PRICE


def test_a_trial_before_the_subscription_is_one_of_the_months_lessons_and_lacks_no_price(by, course, student):
    bound(by, student, "trial", "individual", plan=PlanKind.MONTH_SPREAD, starts_on=date(2025, 5, 11))
    lesson = planned(by, course)
    add_guest(by, lesson_id=lesson.pk, student_id=student.pk)
    held(by, lesson)
    assert charged(by, student) == 0
    held(by, planned(by, course, student, on=date(2025, 5, 12)))
    assert charged(by, student) == PRICE * 4, "half of the price"
    assert attended_without_subscription(by, since=TENTH, until=TENTH)[0] == []


@pytest.mark.parametrize(("ticked", "cost"), [(False, 0), (True, PRICE)])
def test_a_trial_of_the_centres_own_type_costs_as_it_is_ticked(by, course, student, ticked, cost):
    paid = add_lesson_type(by, name="Open class", kind=LessonKind.TRIAL)
    bound(by, student, "group", *([str(paid.pk)] if ticked else []))
    lesson = planned(by, course, type_id=paid.pk)
    add_guest(by, lesson_id=lesson.pk, student_id=student.pk)
    held(by, lesson)
    assert charged(by, student) == cost


def test_a_trial_that_was_held_keeps_its_type(by, course, student):
    lesson = held(by, planned(by, course))
    with pytest.raises(LessonWasMarked):
        change_type(by, lesson_id=lesson.pk, type_id=None)


def test_who_has_a_lesson_alone_today_and_no_money_must_pay(by, course, student):
    today = at(by, TENTH)
    planned(today, course, student)
    assert must_pay_today(today) == ([], False)
    bound(by, student)
    rows, _more = must_pay_today(today)
    assert [(row.student_id, row.group, row.missing.amount) for row in rows] == [(student.pk, course.name, PRICE)]


def test_a_month_spread_over_its_lessons_is_spread_over_those_of_ones_own(by, course, student):
    terms = TariffTerms("Month", PlanKind.MONTH_SPREAD, "UZS", lesson_types=("individual",))
    tariff = add_tariff(by, terms=terms, price=PRICE * 2, from_on=date(2025, 5, 1))
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(date(2025, 5, 1)))
    lesson = planned(by, course, student)
    planned(by, course, student, hour=12)
    held(by, lesson)
    assert charged(by, student) == PRICE


def test_its_teacher_conducts_it_and_another_finds_nothing(by, course, student):
    malika, other = a_member(by, "Malika", "teacher"), a_member(by, "Timur", "teacher")
    lesson = planned(by, course, student, staffing=Staffing(None, malika.member_id))
    assert get_lesson(malika, lesson.pk) == lesson
    assert [row.pk for row in lessons_on(malika, TENTH).lessons] == [lesson.pk]
    for ask in (get_lesson, planned_lesson):
        with pytest.raises(NotFound):
            ask(other, lesson.pk)
    with pytest.raises(NotFound):
        held(other, lesson)
    held(malika, lesson)


def test_a_familys_calendar_has_it_without_a_name_of_a_child(by, course, student):
    planned(at(by, TENTH), course, student)
    feed = open_feed(by, of="student", row_id=student.pk)
    lessons = calendar_behind(secret_of(feed.nonce), at(by, TENTH).at).lessons
    assert [row.student_id for row in lessons] == [student.pk]


def test_the_charge_says_why(by, course, student):
    bound(by, student, "individual")
    held(by, planned(by, course, student))
    rows, _page, _sums = charges(by, since=TENTH, until=TENTH)
    assert [(row.student_id, row.amount.amount) for row in rows] == [(student.pk, PRICE)]
    assert {"subscription", "picked_because", "price"} <= {line["code"] for line in rows[0].why}
