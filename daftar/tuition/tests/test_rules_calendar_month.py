"""The calendar month: the worked examples by their ids."""

from dataclasses import replace
from datetime import date

import pytest

from daftar.courses.rules import PlanKind
from daftar.tuition.rules import EnrolmentFact, GroupFact, LessonFact, PriceStep, StudentFacts, SubscriptionFact, due
from daftar.tuition.tests.rules_cast import (
    EVEN,
    EVERY_DAY,
    ODD,
    WEEKEND,
    LessonStatus,
    a_group,
    a_subscription,
    amounts,
    an_enrolment,
    day,
    lessons_of,
    rub,
    soum,
    uzs,
    values_of,
)


def facts_of(weekdays=ODD, activated="2025-05-08", *, price=30_000_000, inclusive=True, **life):
    group = a_group(weekdays, **life)
    return uzs(
        activation_day_counts=inclusive,
        groups=(group,),
        enrolments=(an_enrolment(activated),),
        subscriptions=(a_subscription(price=price),),
        lessons=lessons_of(group),
    )


@pytest.mark.parametrize(
    ("weekdays", "activated", "inclusive", "amount"),
    [
        pytest.param(ODD, "2025-05-08", True, 230_769, id="E1"),
        pytest.param(EVEN, "2025-05-08", True, 235_714, id="E1b"),
        pytest.param(EVEN, "2025-05-08", False, 214_286, id="E1c"),
        pytest.param(EVERY_DAY, "2025-05-08", True, 232_258, id="E1d"),
        pytest.param(WEEKEND, "2025-05-08", True, 233_333, id="E1e"),
        pytest.param(EVEN, "2025-05-01", True, 300_000, id="E3"),
        pytest.param(EVEN, "2025-05-01", False, 278_571, id="the 1st as a trial lesson"),
        pytest.param(ODD, "2025-05-30", True, 23_077, id="E6"),
    ],
)
def test_first_charge_is_for_the_lessons_left(weekdays, activated, inclusive, amount):
    charges = due(facts_of(weekdays, activated, inclusive=inclusive), day("2025-05-31"))

    assert amounts(charges) == [("2025-05", activated, soum(amount))]


def test_e2_the_next_month_is_charged_in_full_on_the_1st():
    charges = due(facts_of(), day("2025-06-01"))

    assert amounts(charges) == [
        ("2025-05", "2025-05-08", soum(230_769)),
        ("2025-06", "2025-06-01", soum(300_000)),
    ]
    assert -sum(charge.amount for charge in charges) == soum(-530_769)


def test_nothing_is_due_before_its_day():
    assert due(facts_of(), day("2025-05-07")) == []
    assert len(due(facts_of(), day("2025-05-31"))) == 1


def test_e4_multiplies_before_dividing():
    (charge,) = due(facts_of(EVEN, "2025-05-17", price=soum(1_000_000)), day("2025-05-31"))

    assert charge.amount == soum(500_000)
    assert values_of(charge, "prorated") == {"part": 7, "of": 14}
    assert values_of(charge, "rounding") is None


def test_e6_exclusive_and_e7_charge_nothing_until_the_1st():
    for facts in (facts_of(ODD, "2025-05-30", inclusive=False), facts_of(ODD, "2025-05-31")):
        assert amounts(due(facts, day("2025-06-01"))) == [("2025-06", "2025-06-01", soum(300_000))]


def test_e8_a_group_starting_in_mid_month_keeps_the_whole_month_as_denominator():
    (charge,) = due(facts_of(activated="2025-05-14", starts="2025-05-14"), day("2025-05-31"))

    assert charge.amount == soum(184_615)
    assert values_of(charge, "prorated") == {"part": 8, "of": 13}


def test_e10_a_trial_is_not_charged():
    facts = replace(facts_of(), enrolments=(an_enrolment(None, joined="2025-05-05"),))

    assert due(facts, day("2025-12-31")) == []


def test_e32_a_group_that_ends_shortens_its_last_month():
    facts = facts_of(activated="2025-05-01", last="2025-05-16")

    (charge,) = due(facts, day("2025-07-01"))

    assert (charge.on, charge.amount) == (day("2025-05-01"), soum(161_538))
    assert values_of(charge, "ends_because") == {"rule": "group_ends", "on": "2025-05-16"}


def test_a_subscription_that_ends_shortens_its_last_month():
    subscription = a_subscription(ends_on=day("2025-05-19"))
    facts = replace(facts_of(activated="2025-05-01"), subscriptions=(subscription,))

    (charge,) = due(facts, day("2025-07-01"))

    assert charge.amount == soum(161_538)
    assert values_of(charge, "ends_because") == {"rule": "subscription_ends", "on": "2025-05-18"}


def test_e33_a_new_price_holds_from_the_next_charge():
    facts = facts_of(price={"2025-01-01": soum(300_000), "2025-05-20": soum(350_000)}, activated="2025-05-01")

    charges = due(facts, day("2025-06-01"))

    assert [charge.amount for charge in charges] == [soum(300_000), soum(350_000)]
    assert values_of(charges[1], "price") == {"amount": soum(350_000), "from_on": "2025-05-20"}


def test_before_the_first_price_step_the_first_one_holds():
    facts = facts_of(price={"2025-09-01": soum(400_000), "2025-06-15": soum(350_000)}, activated="2025-05-01")

    assert [charge.amount for charge in due(facts, day("2025-09-01"))] == [soum(350_000)] * 4 + [soum(400_000)]


def test_d12_activation_dated_back_charges_every_month_begun():
    charges = due(facts_of(activated="2025-03-10"), day("2025-05-02"))

    assert [charge.on.isoformat() for charge in charges] == ["2025-03-10", "2025-04-01", "2025-05-01"]
    assert values_of(charges[0], "prorated") == {"part": 10, "of": 13}


def test_the_later_of_activation_and_subscription_is_the_start():
    subscription = a_subscription(starts_on=day("2025-05-14"))
    facts = replace(facts_of(activated="2025-05-07", inclusive=False), subscriptions=(subscription,))

    (charge,) = due(facts, day("2025-05-31"))

    assert (charge.on, values_of(charge, "prorated")) == (day("2025-05-14"), {"part": 8, "of": 13})
    assert values_of(charge, "starts_because") == {"rule": "subscription_starts", "on": "2025-05-14"}


def test_without_an_enrolment_the_subscription_is_the_start():
    facts = replace(facts_of(), enrolments=(), subscriptions=(a_subscription(starts_on=day("2025-05-08")),))

    assert amounts(due(facts, day("2025-05-31"))) == [("2025-05", "2025-05-08", soum(230_769))]


def test_leaving_is_not_known_ahead_and_is_credited_from_the_day_after():
    facts = replace(facts_of(), enrolments=(an_enrolment("2025-05-01", last="2025-05-20"),))

    assert amounts(due(facts, day("2025-05-19"))) == [("2025-05", "2025-05-01", soum(300_000))]
    assert amounts(due(facts, day("2025-12-31"))) == [
        ("2025-05", "2025-05-01", soum(300_000)),
        ("2025-05", "2025-05-20", soum(-115_385)),
    ]


def test_who_leaves_on_the_due_day_is_not_charged_for_what_is_not_served():
    facts = replace(facts_of(), enrolments=(an_enrolment("2025-05-01", last="2025-06-01"),))

    assert amounts(due(facts, day("2025-12-31"))) == [("2025-05", "2025-05-01", soum(300_000))]


def test_leaving_on_the_last_day_of_a_month_leaves_the_next_uncharged():
    facts = replace(facts_of(), enrolments=(an_enrolment("2025-05-01", last="2025-05-31"),))

    assert [charge.key for charge in due(facts, day("2025-12-31"))] == ["2025-05"]


def test_coming_back_in_a_charged_month_is_a_new_activation():
    stays = (an_enrolment("2025-05-08", last="2025-05-12"), an_enrolment("2025-05-20", joined="2025-05-19"))
    facts = replace(facts_of(), enrolments=stays[::-1])

    assert amounts(due(facts, day("2025-06-01"))) == [
        ("2025-05", "2025-05-08", soum(230_769)),
        ("2025-05", "2025-05-12", soum(-184_615)),
        ("2025-05", "2025-05-20", soum(115_385)),
        ("2025-06", "2025-06-01", soum(300_000)),
    ]


def test_coming_back_later_is_a_new_start():
    stays = (an_enrolment("2025-05-01", last="2025-05-12"), an_enrolment("2025-07-15", joined="2025-07-15"))
    facts = replace(facts_of(), enrolments=stays)

    charges = [charge for charge in due(facts, day("2025-08-31")) if charge.amount > 0]
    assert [charge.on.isoformat() for charge in charges] == ["2025-05-01", "2025-07-15", "2025-08-01"]


def test_a_cancelled_lesson_stays_in_the_count_and_its_share_is_credited_on_its_day():
    facts = facts_of()
    lessons = tuple(
        replace(lesson, status=LessonStatus.CANCELLED) if lesson.on == day("2025-05-21") else lesson
        for lesson in facts.lessons
    )

    assert amounts(due(replace(facts, lessons=lessons), day("2025-05-31"))) == [
        ("2025-05", "2025-05-08", soum(230_769)),
        ("2025-05", "2025-05-21", soum(-23_077)),
    ]


def test_listed_lessons_are_the_complete_list_of_the_groups_life():
    facts = facts_of()
    extra = LessonFact(id=900, group_id=1, on=day("2025-05-10"))
    fewer = tuple(lesson for lesson in facts.lessons if lesson.on != day("2025-05-02"))

    (more,) = due(replace(facts, lessons=(*facts.lessons, extra)), day("2025-05-31"))
    (less,) = due(replace(facts, lessons=fewer), day("2025-05-31"))

    assert values_of(more, "prorated") == {"part": 11, "of": 14}
    assert values_of(less, "prorated") == {"part": 10, "of": 12}


def test_a_lesson_listed_outside_the_groups_life_counts_once():
    facts = facts_of(activated="2025-05-14", starts="2025-05-14")
    early = LessonFact(id=900, group_id=1, on=day("2025-05-12"))

    (charge,) = due(replace(facts, lessons=(*facts.lessons, early)), day("2025-05-31"))

    assert values_of(charge, "prorated") == {"part": 8, "of": 13}


def test_without_weekdays_only_listed_lessons_count():
    group = a_group((), starts="2025-05-14")
    lessons = lessons_of(a_group(ODD, starts="2025-05-14"))
    facts = replace(facts_of(), groups=(group,), lessons=lessons, enrolments=(an_enrolment("2025-05-21"),))

    (charge,) = due(facts, day("2025-05-31"))

    assert values_of(charge, "prorated") == {"part": 5, "of": 8}


def test_a_month_without_a_lesson_charges_nothing():
    facts = facts_of(activated="2025-05-01")
    lessons = tuple(lesson for lesson in facts.lessons if lesson.on.month != 6)

    assert [charge.key for charge in due(replace(facts, lessons=lessons), day("2025-07-31"))] == ["2025-05", "2025-07"]


def test_without_a_group_the_students_own_lessons_count_and_are_charged_once():
    odd, even = a_group(ODD), a_group(EVEN, group_id=2)
    facts = uzs(
        groups=(odd, even),
        enrolments=(
            an_enrolment("2025-05-01"),
            an_enrolment("2025-05-20", joined="2025-05-20", last="2025-05-29", group_id=2),
        ),
        subscriptions=(a_subscription(group_id=None),),
        lessons=(*lessons_of(odd), *lessons_of(even, first_id=500)),
    )

    (charge,) = due(facts, day("2025-05-31"))

    assert (charge.on, charge.amount) == (day("2025-05-01"), soum(300_000))
    assert values_of(charge, "whole_month") == {"lessons": 13 + 5}


def test_without_a_group_the_end_of_the_activated_group_ends_the_charges():
    odd, even = a_group(ODD, last="2025-05-31"), a_group(EVEN, group_id=2)
    facts = uzs(
        groups=(odd, even),
        enrolments=(an_enrolment("2025-05-01"), an_enrolment(None, joined="2025-05-20", group_id=2)),
        subscriptions=(a_subscription(group_id=None),),
        lessons=(*lessons_of(odd), *lessons_of(even, first_id=500)),
    )

    assert [charge.key for charge in due(facts, day("2025-12-31"))] == ["2025-05"]


def test_the_whole_price_is_rounded_like_its_parts():
    facts = facts_of(activated="2025-05-01", price=soum(300_000) + 50)

    (charge,) = due(facts, day("2025-05-31"))

    assert charge.amount == soum(300_001)
    assert values_of(charge, "rounding")["amount"] == soum(300_001)


def test_why_names_subscription_price_lessons_and_rounding():
    (charge,) = due(facts_of(), day("2025-05-31"))

    paid = [f"2025-05-{number:02}" for number in (9, 12, 14, 16, 19, 21, 23, 26, 28, 30)]
    assert [(line.code, line.values) for line in charge.why] == [
        ("subscription", {"id": "1", "plan": "calendar_month", "starts_on": "2025-01-01"}),
        ("picked_because", {"rule": "period", "over": []}),
        ("price", {"amount": 30_000_000, "from_on": "2025-01-01"}),
        ("lessons_counted", {"month": "2025-05", "dates": ["2025-05-02", "2025-05-05", "2025-05-07", *paid]}),
        ("starts_because", {"rule": "activated", "on": "2025-05-08"}),
        ("lessons_paid", {"dates": paid}),
        ("prorated", {"part": 10, "of": 13}),
        ("rounding", {"step": 100, "numerator": 300_000_000, "denominator": 13, "amount": 23_076_900}),
    ]


def test_a_smaller_step_rounds_finer():
    facts = facts_of(price=300_00)

    (charge,) = due(
        rub(groups=facts.groups, enrolments=facts.enrolments, subscriptions=facts.subscriptions, lessons=facts.lessons),
        day("2025-05-31"),
    )

    assert charge.amount == 230_77


def test_a_group_that_begins_later_charges_nothing_before_it_begins():
    """The start of a group may be put off after members were activated."""
    group = GroupFact(id=1, starts_on=date(2025, 10, 15), ends_on=date(2026, 3, 1), weekdays=frozenset({1, 3, 5}))
    facts = StudentFacts(
        currency="UZS", step=100, groups=(group,),
        enrolments=(EnrolmentFact(group_id=1, joined_on=date(2025, 9, 1), activated_on=date(2025, 9, 1)),),
        subscriptions=(
            SubscriptionFact(
                id=1, plan=PlanKind.CALENDAR_MONTH, group_id=1, starts_on=date(2025, 9, 1),
                prices=(PriceStep(date(2025, 9, 1), 30_000_000),),
            ),
        ),
        lessons=tuple(
            LessonFact(id=day, group_id=1, on=date(2025, 10, day)) for day in (15, 17, 20, 22, 24, 27, 29, 31)
        ),
    )  # fmt: skip
    charged = [(draft.on, draft.amount) for draft in due(facts, date(2025, 10, 31))]
    assert charged == [(date(2025, 10, 15), 17_142_900)]  # 8 of the 14 days of October that fall on the pattern
