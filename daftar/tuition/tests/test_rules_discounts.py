"""Discounts: the largest one, off the whole price, by the worked examples."""

import pytest

from daftar.tuition.tests.quote_cast import a_situation, alone, amounts, answered, charges


def percent(amount, **changes):
    return {"id": f"p{amount}", "kind": "percent", "amount": amount, **changes}


def money(amount, **changes):
    return {"id": f"m{amount}", "kind": "money", "amount": amount, **changes}


def lesson(on="2024-03-05", **changes):
    return {"date": on, "type": "group", **changes}


def charged(*lessons, discounts, **changes):
    return amounts(alone({}, *lessons, discounts=discounts, **changes))


def test_at_06_a_discount_of_one_day_makes_that_days_lesson_free():
    day_off = percent("100", **{"from": "2023-06-29", "to": "2023-06-29"})
    said = alone({}, lesson("2023-06-29"), lesson("2023-06-30"), discounts=[day_off])

    assert charges(said) == [("2023-06-30", "500.00")]


def test_at_08_the_larger_one_is_taken_and_never_both():
    assert charged(lesson(), discounts=[percent("10"), money("300")]) == ["450.00"]


def test_at_09_money_may_be_the_larger_one():
    assert charged(lesson(), discounts=[percent("5"), money("300")]) == ["462.50"]


def test_at_10_by_subject():
    discounts = [percent("10", subjects=["english"]), percent("20", subjects=["maths"])]

    assert charged(
        lesson(subject="english"), lesson("2024-03-06", subject="maths"), lesson("2024-03-07"), discounts=discounts
    ) == ["450.00", "400.00", "500.00"]


def test_at_11_by_lesson_type():
    discounts = [percent("10"), percent("25", lesson_types=["individual"])]

    assert charged(lesson(), lesson("2024-03-06", type="individual"), discounts=discounts) == ["450.00", "375.00"]


def test_at_12_both_ends_are_inside():
    spring = percent("10", **{"from": "2024-03-01", "to": "2024-03-31"})

    assert charged(lesson("2024-03-31"), lesson("2024-04-01"), discounts=[spring]) == ["450.00", "500.00"]


def test_at_13_a_discount_never_makes_a_charge_negative():
    assert charged(lesson(), discounts=[money("5000")]) == []


def test_a_lesson_made_free_takes_a_place():
    free = percent("100", **{"from": "2024-03-05", "to": "2024-03-05"})
    three = {"lessons_count": 3, "price": [{"from": "2024-01-01", "amount": "1000"}]}

    assert amounts(alone(three, lesson(), lesson("2024-03-06"), discounts=[free])) == ["333.34"]


@pytest.mark.parametrize(("per", "amount"), [("subscription", "462.50"), ("lesson", "200.00")])
def test_d4_money_is_off_the_subscription_or_each_lesson(per, amount):
    assert charged(lesson(), discounts=[money("300", per=per)]) == [amount]
    assert charged(lesson(), discounts=[money("300")], settings={"money_discount_per": per}) == [amount]


def test_of_two_alike_the_older_one_is_taken():
    discounts = [percent("10", id="a", **{"from": "2024-02-01"}), percent("10", id="b", **{"from": "2024-01-01"})]

    (charge,) = answered(alone({}, lesson(), discounts=discounts))["charges"]
    assert charge["discount"] == "b"
    assert charge["why"][1] == "discount b: 10%, 400.00 off the price, more than a"


def test_it_comes_off_before_prorating_and_rounds_once():
    said = a_situation(enrolment={"activated": "2025-05-08"}, group={"weekdays": [2, 4, 6]}, discounts=[percent("20")])

    assert amounts(said) == ["188571"]  # E5


def test_9_11_a_limited_discount_reaches_a_period_only_if_it_covers_all_of_it():
    english = [percent("10", subjects=["english", "maths"])]
    for subjects, amount in ((["english"], "270000"), (["english", "music"], "300000"), ([], "300000")):
        own = {"plan": "whole_course", "subjects": subjects}
        assert amounts(a_situation(subscription=own, discounts=english)) == [amount]


def test_9_7_per_lesson_times_the_lessons_of_the_period_or_module_and_not_of_a_course():
    off = [money("1000", per="lesson")]

    assert amounts(a_situation(discounts=off)) == ["287000"]
    assert amounts(a_situation(discounts=off, subscription={"plan": "whole_course"})) == ["300000"]
    module = {"plan": "module", "module_lessons": 12}
    begun = {"joined": "2025-05-05", "activated": "2025-05-05"}
    assert amounts(
        a_situation(discounts=off, subscription=module, group={"starts": "2025-05-05"}, enrolment=begun)
    ) == ["288000"]


def test_a_credit_gives_back_what_was_charged():
    said = a_situation(discounts=[percent("20")], suspensions=[{"from": "2025-05-19", "to": "2025-05-31"}])

    assert amounts(said) == ["240000", "-110769"]
