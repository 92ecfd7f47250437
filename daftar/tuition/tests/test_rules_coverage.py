"""How far the money reaches: the worked examples by their ids."""

from dataclasses import replace

import pytest

from daftar.courses.rules import lesson_dates
from daftar.tuition.rules import LessonFact, LessonStatus, PaymentFact, affordable_lessons, coverage, due
from daftar.tuition.tests.rules_cast import (
    CONDUCTED,
    EVEN,
    ODD,
    PlanKind,
    a_group,
    a_subscription,
    an_enrolment,
    day,
    lessons_of,
    present,
    rub,
    soum,
    uzs,
)

TODAY = day("2024-04-09")


def mondays_and_thursdays(**subscription):
    """250.00 a lesson, Monday and Thursday, from 2024-03-01 on; today is Tuesday 2024-04-09."""
    group = a_group((1, 4), starts="2024-03-01", last="2025-12-31")
    lessons = lessons_of(group, starts="2024-04-01", last="2025-12-31")
    return rub(
        groups=(group,),
        enrolments=(an_enrolment("2024-03-01", joined="2024-03-01"),),
        subscriptions=(a_subscription(PlanKind.PER_LESSON, 250_00, starts_on=day("2024-03-01"), **subscription),),
        lessons=lessons,
    )


def reach(facts, balance, until=TODAY, **horizon):
    found = coverage(facts, until, balance, **horizon)
    return found.lessons_left, found.paid_until and found.paid_until.isoformat()


@pytest.mark.parametrize(
    ("balance", "expected"),
    [
        pytest.param(1_000_00, (4, "2024-04-22"), id="AT-14"),
        pytest.param(999_99, (3, "2024-04-18"), id="AT-15"),
        pytest.param(249_99, (0, None), id="PU-3"),
        pytest.param(0, (0, None), id="nothing"),
        pytest.param(-1, (0, None), id="debt"),
    ],
)
def test_lessons_are_covered_one_by_one(balance, expected):
    assert reach(mondays_and_thursdays(), balance) == expected


def test_at_16_a_cancelled_lesson_is_passed_over():
    facts = mondays_and_thursdays()
    lessons = tuple(
        replace(lesson, status=LessonStatus.CANCELLED) if lesson.on == day("2024-04-15") else lesson
        for lesson in facts.lessons
    )

    assert reach(replace(facts, lessons=lessons), 1_000_00) == (4, "2024-04-25")


def test_a_planned_lesson_of_the_past_is_not_to_come():
    assert reach(mondays_and_thursdays(), 1_000_00, until=day("2024-04-11")) == (4, "2024-04-25")


def test_a_conducted_lesson_after_today_is_still_to_come():
    facts = mondays_and_thursdays()
    lessons = tuple(replace(lesson, status=CONDUCTED) for lesson in facts.lessons)

    assert reach(replace(facts, lessons=lessons), 1_000_00) == (4, "2024-04-22")


def test_the_walk_ends_with_its_horizon():
    rich = 1_000_000_00

    assert reach(mondays_and_thursdays(), rich, horizon_days=9) == (3, "2024-04-18")
    assert reach(mondays_and_thursdays(), rich, horizon_days=8) == (2, "2024-04-15")
    assert reach(mondays_and_thursdays(), rich) == (104, "2025-04-07")


def test_free_and_trial_lessons_are_passed_over():
    facts = mondays_and_thursdays()
    trial = replace(facts, enrolments=(an_enrolment("2024-04-16", joined="2024-03-01"),))
    later = replace(facts, subscriptions=(replace(facts.subscriptions[0], starts_on=day("2024-04-16")),))

    for situation in (trial, later):
        assert reach(situation, 500_00) == (2, "2024-04-22")


def test_free_lessons_are_no_lessons_left():
    assert reach(mondays_and_thursdays(), 0) == reach(replace(mondays_and_thursdays(), subscriptions=()), 500_00)
    free = replace(mondays_and_thursdays(), subscriptions=(a_subscription(PlanKind.PER_LESSON, 0),))
    assert reach(free, 500_00) == (0, None)


def test_the_next_charge_is_the_next_lesson():
    charge = coverage(mondays_and_thursdays(), TODAY, 0).next_charge

    assert (charge.on, charge.amount) == (day("2024-04-11"), 250_00)
    assert coverage(replace(mondays_and_thursdays(), subscriptions=()), TODAY, 0).next_charge is None


def test_a_guest_has_only_the_lessons_marked():
    facts = replace(mondays_and_thursdays(group_id=None), enrolments=())
    fourth, fifth = facts.lessons[3:5]

    assert reach(facts, 1_000_00) == (0, None)
    assert reach(replace(facts, attendances=present(fourth, fifth)), 1_000_00) == (2, "2024-04-15")

    held = tuple(replace(lesson, status=CONDUCTED) for lesson in facts.lessons)
    month = replace(facts, lessons=held, subscriptions=(a_subscription(group_id=None, starts_on=TODAY),))
    assert reach(replace(month, attendances=present(fourth, fifth)), soum(900_000)) == (2, "2024-04-15")


def test_what_is_charged_today_is_not_to_come():
    facts = mondays_and_thursdays()
    lessons = tuple(replace(lesson, status=CONDUCTED) for lesson in facts.lessons)
    facts = replace(facts, lessons=lessons, attendances=present(*lessons[:4]))

    assert reach(facts, 500_00, until=day("2024-04-11")) == (2, "2024-04-18")
    assert coverage(facts, day("2024-04-11"), 0).next_charge.on == day("2024-04-15")


def calendar_facts(weekdays=ODD):
    group = a_group(weekdays)
    return uzs(
        groups=(group,),
        enrolments=(an_enrolment("2025-05-08", joined="2025-05-05"),),
        subscriptions=(a_subscription(starts_on=day("2025-05-08")),),
        lessons=lessons_of(group),
    )


def test_the_worked_pair_of_the_calendar_month():
    until = day("2025-05-14")
    (charge,) = due(calendar_facts(), until)
    balance = soum(300_000) - charge.amount

    found = coverage(calendar_facts(), until, balance)

    assert (charge.key, charge.on, charge.amount) == ("2025-05", day("2025-05-08"), soum(230_769))
    assert balance == soum(69_231)
    assert (found.paid_until, found.lessons_left) == (day("2025-05-30"), 7)
    assert (found.next_charge.on, found.next_charge.amount) == (day("2025-06-01"), soum(300_000))


def test_a_charged_month_covers_nothing_in_debt_and_everything_at_zero():
    assert reach(calendar_facts(), -1, until=day("2025-05-14")) == (0, None)
    assert reach(calendar_facts(), 0, until=day("2025-05-14")) == (7, "2025-05-30")


def test_the_charge_of_a_day_comes_before_its_lesson():
    assert reach(calendar_facts(EVEN), soum(299_999), until=day("2025-06-20")) == (4, "2025-06-28")
    assert reach(calendar_facts(EVEN), soum(300_000), until=day("2025-06-20")) == (18, "2025-07-31")


def test_a_cancelled_lesson_of_a_charged_month_is_none_left():
    facts = calendar_facts()
    lessons = tuple(
        replace(lesson, status=LessonStatus.CANCELLED) if lesson.on == day("2025-05-21") else lesson
        for lesson in facts.lessons
    )

    assert reach(replace(facts, lessons=lessons), 0, until=day("2025-05-14")) == (6, "2025-05-30")


def test_the_next_month_is_covered_when_it_can_be_paid():
    assert reach(calendar_facts(), soum(300_000), until=day("2025-05-14")) == (20, "2025-06-30")
    assert reach(calendar_facts(), soum(300_000) - 1, until=day("2025-05-14")) == (7, "2025-05-30")


def test_a_lesson_and_a_month_draw_on_the_same_balance():
    facts = calendar_facts()
    saturdays = a_group((6,), group_id=2)
    both = replace(
        facts,
        groups=(*facts.groups, saturdays),
        enrolments=(*facts.enrolments, an_enrolment(group_id=2)),
        subscriptions=(*facts.subscriptions, a_subscription(PlanKind.PER_LESSON, soum(1_000), id=2, group_id=2)),
        lessons=(
            *facts.lessons,
            *(
                LessonFact(id=800 + place, group_id=2, on=on)
                for place, on in enumerate(lesson_dates([6], day("2025-05-01"), day("2025-12-31")))
            ),
        ),
    )

    assert reach(both, soum(1_000), until=day("2025-05-14")) == (5, "2025-05-23")
    assert reach(both, soum(3_000), until=day("2025-05-14")) == (10, "2025-05-31")


@pytest.mark.parametrize(
    ("price", "lessons_count", "balance", "lessons"),
    [
        pytest.param(264_00, 8, 165_00, 5, id="AT-03"),
        pytest.param(264_00, 8, 164_99, 4, id="a kopeck short"),
        pytest.param(264_00, 8, 264_00 * 3 + 33_00, 25, id="several bundles"),
        pytest.param(1_000_00, 3, 666_66, 1, id="rounded sums"),
        pytest.param(1_000_00, 3, 666_67, 2, id="rounded sums reached"),
        pytest.param(250_00, 1, -1, 0, id="debt"),
        pytest.param(0, 1, 100, 0, id="free"),
    ],
)
def test_affordable_lessons(price, lessons_count, balance, lessons):
    assert affordable_lessons(price, lessons_count, balance, step=1) == lessons


def test_an_account_of_its_own_reaches_as_far_as_the_lessons_it_pays_for():
    """Mondays out of the student's balance, Thursdays by their own type out of an account with 850: three of them."""
    facts = mondays_and_thursdays()
    lessons = tuple(replace(each, type="club") if each.on.isoweekday() == 4 else each for each in facts.lessons)
    apart = replace(facts.subscriptions[0], id=2, is_separate=True, lesson_types=("club",))
    paid = PaymentFact(on=day("2024-04-01"), amount=850_00, subscription_id=2)
    facts = replace(facts, lessons=lessons, subscriptions=(*facts.subscriptions, apart), payments=(paid,))
    for base, whole in ((1_000_00, (7, "2024-05-02")), (0, (1, "2024-04-11")), (-1, (1, "2024-04-11"))):
        found = coverage(facts, TODAY, base)
        assert (found.lessons_left, found.paid_until.isoformat()) == whole, base
        assert found.own.keys() == {2}
        assert (found.own[2].lessons_left, found.own[2].paid_until) == (3, day("2024-04-25")), base
    empty = coverage(replace(facts, payments=()), TODAY, 0)
    assert (empty.own[2].lessons_left, empty.own[2].paid_until) == (0, None)
    assert coverage(mondays_and_thursdays(), TODAY, 0).own == {}
