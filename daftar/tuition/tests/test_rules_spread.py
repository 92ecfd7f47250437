"""Prices spread over the lessons of a month or week, and charged day by day: the worked examples by their ids."""

import pytest

from daftar.courses.rules import lesson_dates
from daftar.tuition.tests.quote_cast import a_situation, alone, amounts, answered, charges
from daftar.tuition.tests.rules_cast import day

MON_AND_THU = [{"date": on.isoformat()} for on in lesson_dates([1, 4], day("2024-04-01"), day("2024-05-01"))]


def month(*lessons, **changes):
    return alone({"plan": "month_spread", "price": [{"from": "2024-01-01", "amount": "8000"}], **changes}, *lessons)


def daily(price="299000", **changes):
    return a_situation(subscription={"plan": "daily", "price": price}, **changes)


def test_at_33_a_month_of_nine_lessons_adds_up_to_its_price():
    charged = amounts(month(*MON_AND_THU))

    assert sorted(charged) == ["888.88", *["888.89"] * 8]
    assert sum(int(amount.replace(".", "")) for amount in charged) == 8_000_00


def test_an_excused_miss_leaves_the_prices_of_the_others():
    missed = {**MON_AND_THU[2], "present": False, "reason": "excused"}
    charged = amounts(month(*MON_AND_THU[:2], missed, *MON_AND_THU[3:]))

    whole = amounts(month(*MON_AND_THU))
    assert charged == [*whole[:2], *whole[3:]]


def test_a_cancelled_lesson_leaves_the_count_and_a_planned_one_is_not_charged():
    cancelled, planned = {**MON_AND_THU[0], "status": "cancelled"}, {**MON_AND_THU[1], "status": "planned"}

    assert amounts(month(cancelled, planned, *MON_AND_THU[2:])) == ["1000.00"] * 7


def test_who_joins_late_pays_the_own_share_only():
    late = a_situation(subscription={"plan": "month_spread"}, enrolment={"activated": "2025-05-26"})

    assert amounts(late) == ["23077"] * 3


def test_d10_a_moved_lesson_is_counted_in_its_first_month():
    moved = {"date": "2024-05-02", "moved_from": "2024-04-04"}
    charged = answered(month(*MON_AND_THU[:1], moved))["charges"]

    assert [(charge["date"], charge["amount"]) for charge in charged] == [
        ("2024-04-01", "4000.00"),
        ("2024-05-02", "4000.00"),
    ]


def test_a_week_adds_up_to_its_price_from_monday_on():
    week = {"plan": "week_spread", "price": [{"from": "2024-01-01", "amount": "1000"}]}
    lessons = [{"date": f"2024-04-{number:02}"} for number in (1, 4, 7, 8)]

    assert charges(alone(week, *lessons)) == [
        ("2024-04-01", "333.33"),
        ("2024-04-04", "333.34"),
        ("2024-04-07", "333.33"),
        ("2024-04-08", "1000.00"),
    ]


def test_d13_pattern_days_before_the_group_began_take_places():
    begun = a_situation(
        group={"starts": "2025-05-26"}, enrolment={"joined": "2025-05-26", "activated": "2025-05-26"},
        subscription={"plan": "month_spread", "price": "1300"},
    )  # fmt: skip

    assert amounts(begun) == ["100"] * 3


def test_e13_a_month_of_days_costs_its_price():
    assert amounts(daily()) == ["23000"] * 13


def test_e14_the_seventh_day_bears_the_rounding():
    assert amounts(daily("300000")) == ["23077"] * 6 + ["23076"] + ["23077"] * 6


def test_e15_days_before_the_activation_are_free():
    assert answered(daily(enrolment={"activated": "2025-05-08"}))["balance"] == "-230000"


def test_e16_frozen_days_are_free():
    frozen = daily(suspensions=[{"from": "2025-05-12", "to": "2025-05-20"}])

    assert answered(frozen)["balance"] == "-207000"


def test_e17_who_moves_away_owes_no_more():
    moved = daily(enrolment={"left": "2025-05-16"})

    assert answered(moved)["balance"] == "-161000"


@pytest.mark.parametrize("state", [{"status": "planned"}, {"present": False, "reason": "excused"}])
def test_days_are_charged_whatever_came_of_them(state):
    listed = [{"id": "l1", "date": "2025-05-02", "group": "g1", **state}]

    assert charges(daily(lessons=listed)) == [("2025-05-02", "299000")]


@pytest.mark.parametrize(
    ("plan", "affects", "expected"),
    [
        ("daily", True, ["25000"] * 12),
        ("daily", False, ["23077"] * 6 + ["23076"] + ["23077"] * 6),
        ("month_spread", True, ["25000"] * 12),
        ("month_spread", False, ["25000"] * 12),
    ],
)
def test_9_15_days_off(plan, affects, expected):
    off = [{"date": "2025-05-09", "affects_payment": affects}]

    assert amounts(a_situation(subscription={"plan": plan}, holidays=off)) == expected


@pytest.mark.parametrize("plan", ["daily", "month_spread"])
def test_d9a_a_credited_day_off_keeps_its_place_and_costs_nothing(plan):
    off = [{"date": "2025-05-09", "affects_payment": True}]
    said = a_situation(subscription={"plan": plan}, holidays=off, settings={"holiday": "credit"})

    assert amounts(said) == ["23077"] * 5 + ["23076"] + ["23077"] * 6
