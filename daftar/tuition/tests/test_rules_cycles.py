"""Months from a day of the group's or the student's own, modules and whole courses: the worked examples by ids."""

import pytest

from daftar.tuition.tests.quote_cast import a_situation, amounts, answered, charges

THIRTEENTH = {"starts": "2025-01-13"}


def cycles(plan, starts, until, *, activated=None, **changes):
    joined = {"joined": starts, "activated": activated or starts, **changes.pop("enrolment", {})}
    return a_situation(
        until=until, group={"starts": starts, **changes.pop("group", {})}, enrolment=joined,
        subscription={"plan": plan, **changes.pop("subscription", {})}, **changes,
    )  # fmt: skip


def modules(activated, until="2025-01-31", **changes):
    size = {"module_lessons": 12, "price": "360000", **changes.pop("subscription", {})}
    return cycles("module", "2025-01-13", until, activated=activated, subscription=size, **changes)


def test_e20_the_groups_own_day_of_the_month():
    assert charges(cycles("group_month", "2025-03-14", "2025-05-31")) == [
        (f"2025-0{month}-14", "300000") for month in (3, 4, 5)
    ]


def test_e21_d14_the_last_day_of_a_short_month_and_the_31st_again():
    charged = charges(cycles("group_month", "2025-01-31", "2025-04-30"))

    assert [on for on, _amount in charged] == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]


def test_who_joins_within_a_cycle_of_the_group_pays_for_the_lessons_left():
    joined = cycles("group_month", "2025-03-14", "2025-04-30", activated="2025-04-07")

    # 14 March to 13 April: 13 lessons, of which the 7th, 9th and 11th are left.
    assert charges(joined) == [("2025-04-07", "69231"), ("2025-04-14", "300000")]


def test_e22_the_students_own_day_of_the_month():
    mine = cycles("student_month", "2025-03-01", "2025-07-31", activated="2025-05-15")
    theirs = cycles("student_month", "2025-03-01", "2025-06-30", activated="2025-05-20")

    assert charges(mine) == [(f"2025-0{month}-15", "300000") for month in (5, 6, 7)]
    assert charges(theirs) == [("2025-05-20", "300000"), ("2025-06-20", "300000")]


def test_the_students_first_month_is_full_even_if_its_first_lesson_is_a_trial():
    first = cycles(
        "student_month", "2025-03-01", "2025-05-31", activated="2025-05-16", settings={"activation_day_counts": False}
    )

    assert charges(first) == [("2025-05-16", "300000")]


def test_9_20_a_known_end_shortens_its_cycle():
    ended = cycles("student_month", "2025-03-01", "2025-05-31", activated="2025-05-02", group={"ends": "2025-05-16"})

    # 2 May to 1 June: 13 lessons, 7 of them up to the end.
    assert charges(ended) == [("2025-05-02", "161538")]


def test_9_10_a_cycle_without_a_lesson_charges_nothing():
    listed = [{"id": "l1", "date": "2025-05-20", "group": "g1"}]

    assert charges(cycles("student_month", "2025-03-14", "2025-06-30", lessons=listed)) == [("2025-05-14", "300000")]


def test_e18_a_module_is_charged_on_its_first_lesson():
    assert charges(modules("2025-01-13", "2025-04-30")) == [
        (on, "360000") for on in ("2025-01-13", "2025-02-10", "2025-03-10", "2025-04-07")
    ]


@pytest.mark.parametrize(("counts", "amount"), [(True, "270000"), (False, "240000")])
def test_e19_within_a_module_the_lessons_left(counts, amount):
    within = modules("2025-01-20", settings={"activation_day_counts": counts})

    assert charges(within) == [("2025-01-20", amount)]


@pytest.mark.parametrize("activated", ["2025-02-08", "2025-02-10"])
def test_after_the_last_lesson_of_a_module_the_next_one_begins(activated):
    assert charges(modules(activated, "2025-02-28")) == [("2025-02-10", "360000")]


def test_a_cancelled_lesson_and_a_day_off_that_affects_payment_lengthen_a_module():
    off = [{"date": "2025-01-15", "affects_payment": True}]

    assert [on for on, _amount in charges(modules("2025-01-13", "2025-03-01", holidays=off))][1] == "2025-02-12"


def test_a_module_that_the_end_cuts_short_costs_its_lessons():
    assert charges(modules("2025-01-13", group={"ends": "2025-01-20"})) == [("2025-01-13", "120000")]


def test_an_unfinished_list_counts_as_a_whole_module_unless_an_end_is_known():
    listed = [{"id": f"l{number}", "date": f"2025-01-{number}", "group": "g1"} for number in (13, 15, 17)]

    assert amounts(modules("2025-01-13", lessons=listed, group={"ends": None})) == ["360000"]
    assert amounts(modules("2025-01-15", lessons=listed, group={"ends": None})) == ["330000"]
    assert amounts(modules("2025-01-13", lessons=listed)) == ["90000"]


def test_e23_a_whole_course_is_charged_once_at_the_first_activation():
    course = {"months": 6, "price": "1000000"}
    said = cycles("whole_course", "2025-03-01", "2025-06-30", activated="2025-05-08", subscription=course)
    again = {
        **said,
        "enrolments": [
            {"group": "g1", "joined": "2025-05-08", "activated": "2025-05-08", "left": "2025-05-20"},
            {"group": "g1", "joined": "2025-06-02", "activated": "2025-06-02"},
        ],
        "suspensions": [{"from": "2025-05-12", "to": "2025-05-16"}],
    }

    assert charges(said) == charges(again) == [("2025-05-08", "6000000")]


def test_a_course_without_months_costs_its_price_as_the_total():
    assert amounts(cycles("whole_course", "2025-03-01", "2025-05-31")) == ["300000"]


def test_keys_of_periods_are_their_own_days():
    for plan in ("group_month", "student_month", "whole_course"):
        (charge,) = answered(cycles(plan, "2025-05-14", "2025-05-31"))["charges"]
        assert charge["key"] == "2025-05-14"
