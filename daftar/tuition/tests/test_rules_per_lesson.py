"""A price per lesson: the worked examples by their ids, who pays, absences and trials."""

from dataclasses import replace

import pytest

from daftar.tuition.rules import AttendanceFact, LessonFact, due, unpriced
from daftar.tuition.tests.rules_cast import (
    CONDUCTED,
    LessonStatus,
    PlanKind,
    a_group,
    a_subscription,
    amounts,
    an_enrolment,
    day,
    lessons_of,
    present,
    rub,
    values_of,
)

UNTIL = day("2025-05-31")


def bundle(price, lessons_count, **changes):
    return a_subscription(PlanKind.PER_LESSON, price, lessons_count=lessons_count, **changes)


def facts_of(*subscriptions, count=3, **changes):
    """The first `count` odd lessons of May, conducted and attended."""
    group = a_group()
    lessons = lessons_of(group, starts="2025-05-01", status=CONDUCTED)[:count]
    values = {
        "groups": (group,),
        "enrolments": (an_enrolment("2025-05-01"),),
        "subscriptions": subscriptions,
        "lessons": lessons,
        "attendances": present(*lessons),
    }
    return rub(**{**values, **changes})


def charged(facts):
    return [charge.amount for charge in due(facts, UNTIL)]


@pytest.mark.parametrize(
    ("price", "lessons_count", "count", "expected"),
    [
        pytest.param(264_00, 8, 1, [33_00], id="AT-01"),
        pytest.param(2_950_00, 4, 1, [737_50], id="AT-02"),
        pytest.param(264_00, 8, 3, [33_00] * 3, id="AT-03"),
        pytest.param(1_000_00, 3, 3, [333_33, 333_34, 333_33], id="AT-39"),
        pytest.param(1_000_00, 3, 5, [333_33, 333_34, 333_33, 333_33, 333_34], id="a second bundle starts again"),
    ],
)
def test_a_lesson_costs_its_place_in_the_bundle(price, lessons_count, count, expected):
    assert charged(facts_of(bundle(price, lessons_count), count=count)) == expected


def test_at_03_balance_after_three_lessons():
    assert 264_00 - sum(charged(facts_of(bundle(264_00, 8)))) == 165_00


def test_a_charge_bears_the_lessons_id_and_day():
    facts = facts_of(bundle(300_00, 3))

    assert amounts(due(facts, UNTIL)) == [
        ("1", "2025-05-02", 100_00),
        ("2", "2025-05-05", 100_00),
        ("3", "2025-05-07", 100_00),
    ]
    assert [charge.lesson_id for charge in due(facts, UNTIL)] == [1, 2, 3]


def test_places_follow_date_time_and_id():
    facts = facts_of(bundle(1_000_00, 3))
    first, second, third = facts.lessons
    same_day = (replace(third, on=first.on, at=None), replace(second, on=first.on), first)

    charges = due(replace(facts, lessons=same_day), UNTIL)

    assert [(charge.lesson_id, charge.amount) for charge in charges] == [(3, 333_33), (1, 333_34), (2, 333_33)]


@pytest.mark.parametrize("status", [LessonStatus.PLANNED, LessonStatus.CANCELLED])
def test_only_conducted_lessons_are_charged(status):
    facts = facts_of(bundle(300_00, 3))
    lessons = (replace(facts.lessons[0], status=status), *facts.lessons[1:])

    assert [charge.lesson_id for charge in due(replace(facts, lessons=lessons), UNTIL)] == [2, 3]


def test_a_lesson_after_until_is_not_charged():
    assert [charge.lesson_id for charge in due(facts_of(bundle(300_00, 3)), day("2025-05-05"))] == [1, 2]


def test_d3_a_miss_is_charged_unless_its_reason_excuses_it():
    facts = facts_of(bundle(1_000_00, 3))
    marks = (
        AttendanceFact(lesson_id=1, present=False),
        AttendanceFact(lesson_id=2, present=False, charges_absence=False),
        AttendanceFact(lesson_id=3, present=True, charges_absence=False),
    )

    charges = due(replace(facts, attendances=marks), UNTIL)

    assert [(charge.lesson_id, charge.amount) for charge in charges] == [(1, 333_33), (3, 333_34)]
    assert values_of(charges[0], "absence_charged") == {"on": "2025-05-02"}
    assert values_of(charges[1], "absence_charged") is None


def test_a_lesson_not_marked_yet_is_neither_charged_nor_unpriced():
    facts = facts_of(bundle(300_00, 3), attendances=())

    assert due(facts, UNTIL) == []
    assert unpriced(replace(facts, subscriptions=()), UNTIL) == []


def test_e10_a_trial_lesson_is_neither_charged_nor_unpriced():
    facts = facts_of(bundle(300_00, 3), enrolments=(an_enrolment("2025-05-07"),))

    assert [charge.lesson_id for charge in due(facts, UNTIL)] == [3]
    assert unpriced(replace(facts, subscriptions=()), UNTIL) == [3]


def test_d1_off_the_lesson_of_the_activation_day_is_a_trial():
    facts = facts_of(bundle(300_00, 3), enrolments=(an_enrolment("2025-05-05"),), activation_day_counts=False)

    assert [charge.lesson_id for charge in due(facts, UNTIL)] == [3]


def test_after_leaving_a_lesson_is_not_the_students():
    facts = facts_of(bundle(300_00, 3), enrolments=(an_enrolment("2025-05-01", last="2025-05-06"),))

    assert [charge.lesson_id for charge in due(facts, UNTIL)] == [1, 2]


def test_a_guest_without_an_enrolment_is_charged():
    facts = facts_of(bundle(300_00, 3, group_id=None), enrolments=())

    assert charged(facts) == [100_00] * 3


def test_unpriced_are_attended_lessons_without_a_subscription():
    late = bundle(300_00, 3, starts_on=day("2025-05-05"), ends_on=day("2025-05-07"))
    facts = facts_of(late, count=4)
    marks = (*present(*facts.lessons[:3]), AttendanceFact(lesson_id=4, present=False))

    assert unpriced(replace(facts, attendances=marks), UNTIL) == [1, 3]
    assert unpriced(replace(facts, attendances=marks), day("2025-05-06")) == [1]


def test_a_price_step_holds_from_its_day():
    facts = facts_of(bundle({"2025-01-01": 800_00, "2025-05-05": 1_000_00}, 2), count=4)

    assert charged(facts) == [400_00, 500_00, 500_00, 500_00]


def test_a_free_lesson_takes_a_place_but_is_no_charge():
    facts = facts_of(bundle(1, 3))

    charges = due(facts, UNTIL)

    assert [(charge.lesson_id, charge.amount) for charge in charges] == [(2, 1)]


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("bound_to_group", {"group_id": None, "starts_on": day("2025-05-01"), "id": 9}),
        ("later_start", {"starts_on": day("2024-12-31"), "id": 9}),
        ("higher_id", {"id": 4}),
    ],
)
def test_the_more_specific_then_the_later_then_the_higher_subscription_pays(rule, other):
    picked = bundle(500_00, 1, id=5)
    for order in ((0, 1), (1, 0)):
        pair = (picked, bundle(100_00, 1, **other))
        charges = due(facts_of(*(pair[place] for place in order), count=1), UNTIL)

        assert [(charge.subscription_id, charge.amount) for charge in charges] == [(5, 500_00)]
        assert values_of(charges[0], "picked_because") == {"rule": rule, "over": [str(other["id"])]}


def test_a_subscription_of_another_group_does_not_pay():
    facts = facts_of(bundle(500_00, 1, group_id=2), groups=(a_group(), a_group(group_id=2)))

    assert due(facts, UNTIL) == []
    assert unpriced(facts, UNTIL) == [1, 2, 3]


def test_a_lesson_of_a_running_month_is_paid_by_the_month():
    month = a_subscription(price=600_00, id=2, group_id=None, starts_on=day("2025-05-05"))
    facts = facts_of(bundle(500_00, 1), month)

    assert [(charge.subscription_id, charge.key) for charge in due(facts, UNTIL)] == [(1, "1"), (2, "2025-05")]
    assert unpriced(replace(facts, subscriptions=(month,)), UNTIL) == [1]


def test_period_charges_stand_before_the_lessons_of_their_day():
    group, other = a_group(), a_group(group_id=2)
    guest = LessonFact(id=900, group_id=2, on=day("2025-05-02"), status=CONDUCTED)
    facts = facts_of(
        a_subscription(PlanKind.PER_LESSON, 100_00, id=1, group_id=2),
        a_subscription(price=600_00, id=2, starts_on=day("2025-05-02")),
        groups=(group, other),
        lessons=(guest,),
        attendances=present(guest),
    )
    facts = replace(facts, lessons=(*facts.lessons, *lessons_of(group, starts="2025-05-01")))

    assert [charge.subscription_id for charge in due(facts, day("2025-05-02"))] == [2, 1]


def test_rounding_is_told_where_it_happened():
    told = [
        [values_of(charge, "rounding") is not None for charge in due(replace(facts_of(each), step=100), UNTIL)]
        for each in (bundle(300_50, 1), bundle(300_00, 4), bundle(400_00, 4))
    ]
    assert told == [[True] * 3, [False] * 3, [False] * 3]


def test_why_names_pick_price_place_and_rounding():
    charge = due(facts_of(bundle(1_000_00, 3)), UNTIL)[1]

    assert [(line.code, line.values) for line in charge.why] == [
        ("subscription", {"id": "1", "plan": "per_lesson", "starts_on": "2025-01-01"}),
        ("picked_because", {"rule": "only", "over": []}),
        ("price", {"amount": 1_000_00, "from_on": "2025-01-01"}),
        ("bundle_place", {"place": 2, "of": 3, "before": 333_33, "after": 666_67}),
        ("rounding", {"step": 1, "numerator": 2_000_00, "denominator": 3, "amount": 666_67}),
    ]
