"""Which of several subscriptions pays, and from which account: decision D6 and the worked examples."""

from dataclasses import replace

import pytest

from daftar.tuition.rules import LessonFact, due
from daftar.tuition.tests.quote_cast import a_situation, a_subscription, alone, answered, reach
from daftar.tuition.tests.rules_cast import (
    CONDUCTED,
    PlanKind,
    a_group,
    an_enrolment,
    day,
    lessons_of,
    present,
    rub,
    values_of,
)
from daftar.tuition.tests.rules_cast import a_subscription as a_subscription_fact


def bundle(name, price, **changes):
    own = {"id": name, "plan": "per_lesson", "lessons_count": 1, "price": price, "from": "2024-01-01"}
    return a_subscription(**{**own, "group": None, **changes})


def picked(*subscriptions, lessons=3, payments=(), **changes):
    """Who paid for English lessons on 1, 2, 3 April 2024."""
    english = [
        {"id": f"l{number}", "date": f"2024-04-0{number}", "subject": "english", "type": "group", **changes}
        for number in range(1, lessons + 1)
    ]
    said = answered(
        {"currency": "RUB", "until": "2024-04-30", "subscriptions": list(subscriptions), "lessons": english,
         "payments": list(payments)}
    )  # fmt: skip
    return [charge["subscription"] for charge in said["charges"]]


def paid(amount, account, on="2024-03-01"):
    return {"date": on, "amount": amount, "account": account}


def test_at_04_and_at_05_a_lesson_of_a_type_that_is_not_named_costs_nothing():
    make_up = {"date": "2024-03-05", "type": "make-up"}

    said = answered(alone({"lesson_types": ["group"]}, make_up))
    assert (said["charges"], said["unpriced"]) == ([], ["l1"])
    (charge,) = answered(alone({"lesson_types": ["group", "make-up"]}, make_up))["charges"]
    assert charge["amount"] == "500.00"


def test_at_07_without_a_subscription_a_lesson_is_unpriced():
    said = answered({**alone({}, {"date": "2024-03-05"}, payments=[paid("1000", "base")]), "subscriptions": []})

    assert (said["charges"], said["balance"], said["unpriced"]) == ([], "1000.00", ["l1"])


def test_9_32_neither_a_miss_nor_a_suspended_day_is_unpriced():
    missed = {"date": "2024-03-05", "present": False}
    said = alone({}, missed, {"date": "2024-03-06"}, suspensions=[{"from": "2024-03-06", "to": "2024-03-06"}])

    assert answered({**said, "subscriptions": []})["unpriced"] == []


def test_at_34_a_separate_account_pays_for_itself():
    english = bundle("s", "250", account="separate", subjects=["english"])
    said = answered(
        {"currency": "RUB", "until": "2024-04-30", "subscriptions": [english],
         "lessons": [{"id": "l1", "date": "2024-04-01", "subject": "english"}],
         "payments": [paid("500", "base"), paid("2000", "s")]}
    )  # fmt: skip

    assert said["accounts"] == {"base": "500.00", "s": "1750.00"}
    assert said["balance"] == "2250.00"


def test_d6_a_separate_account_pays_while_it_has_the_money_then_the_base():
    separate, base = bundle("s", "250", account="separate"), bundle("b", "300")

    assert picked(separate, base, payments=[paid("500", "s")]) == ["s", "s", "b"]
    assert picked(separate, base, payments=[paid("249.99", "s")]) == ["b", "b", "b"]
    assert picked(separate, base, payments=[paid("250", "s", "2024-04-02")]) == ["b", "s", "b"]


def test_9_27_at_last_a_separate_account_goes_into_debt():
    assert picked(bundle("s", "250", account="separate"), lessons=1) == ["s"]


def test_9_28_the_earliest_end_then_the_later_start_then_the_higher_id():
    first = bundle("a", "250", account="separate", to="2024-04-30")
    later = bundle("b", "250", account="separate", to="2024-05-31")
    started = bundle("c", "250", account="separate", to="2024-04-30", **{"from": "2024-01-02"})
    money = [paid("250", name) for name in "abc"]

    assert picked(first, later, started, payments=money) == ["c", "a", "b"]
    assert picked(bundle("s9", "250"), bundle("s10", "250"), lessons=1) == ["s9"]  # as text


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"subjects": ["english"]}, {"lesson_types": ["group"], "from": "2024-02-01"}),
        ({"lesson_types": ["group"]}, {"from": "2024-02-01"}),
        ({"from": "2024-02-01"}, {}),
    ],
)
def test_d6_subject_then_type_then_later_start(better, worse):
    assert picked(bundle("a", "250", **better), bundle("z", "250", **worse), lessons=1) == ["a"]


def test_9_25_a_lesson_of_a_running_period_is_paid_by_the_period():
    month = bundle("m", "100", plan="calendar_month", account="separate")

    assert picked(month, bundle("s", "250", subjects=["english"])) == ["m"]
    assert picked(month, bundle("s", "250"), type="individual") == ["m"]
    assert picked({**month, "lesson_types": ["group"]}, bundle("s", "250"), type="individual", lessons=1) == ["s"]


def two_bundles(**changes):
    group = a_group()
    lessons = lessons_of(group, starts="2025-05-01", last="2025-05-05", status=CONDUCTED)
    each = [a_subscription_fact(PlanKind.PER_LESSON, 100 * number, id=number) for number in (1, 2)]
    facts = rub(
        groups=(group,), enrolments=(an_enrolment("2025-05-01"),), subscriptions=tuple(each), lessons=lessons,
        attendances=present(*lessons),
    )  # fmt: skip
    return replace(facts, **changes)


def test_a_pick_by_hand_holds_for_its_lesson_only():
    charges = due(two_bundles(picks={1: 1}), day("2025-05-31"))

    assert [(draft.lesson_id, draft.subscription_id) for draft in charges] == [(1, 1), (2, 2)]
    assert values_of(charges[0], "picked_because") == {"rule": "by_hand", "over": ["2"]}
    assert values_of(charges[1], "picked_because") == {"rule": "higher_id", "over": ["1"]}


def test_a_pick_of_what_does_not_fit_is_no_pick():
    assert due(two_bundles(picks={1: 7}), day("2025-05-31")) == due(two_bundles(), day("2025-05-31"))


def test_a_lesson_without_a_group_is_the_students_own():
    own = LessonFact(id=9, group_id=None, on=day("2025-05-05"), status=CONDUCTED)
    facts = two_bundles(lessons=(own,), attendances=present(own))

    assert due(facts, day("2025-05-31")) == []
    anywhere = tuple(replace(each, group_id=None) for each in facts.subscriptions)
    assert [draft.amount for draft in due(replace(facts, subscriptions=anywhere), day("2025-05-31"))] == [200]


def april_2024(**changes):
    """AT-14: Mondays and Thursdays at 13:00, 250.00 a lesson, 1000.00 paid, asked on Tuesday the 9th."""
    lessons = [
        {"id": f"l{number}", "date": f"2024-04-{number:02}", "time": "13:00", "status": "planned"}
        for number in (11, 15, 18, 22, 25, 29)
    ]
    own = {"lessons_count": 1, "price": [{"from": "2024-01-01", "amount": "250"}], **changes.pop("subscription", {})}
    said = alone(own, *lessons, until="2024-04-09", payments=[paid("1000", "base")])
    return {**said, **changes}


def test_at_17_a_pause_moves_what_is_paid_for():
    assert reach(april_2024()) == ("2024-04-22", 4)  # AT-14
    assert reach(april_2024(suspensions=[{"from": "2024-04-15", "to": "2024-04-19"}])) == ("2024-04-29", 4)


def test_9_34_the_account_that_pays_is_looked_at():
    separate = {"account": "separate"}

    assert reach(april_2024(subscription=separate)) == (None, 0)
    assert reach(april_2024(subscription=separate, payments=[paid("500", "s1")])) == ("2024-04-15", 2)
    assert reach(april_2024(subscription=separate, payments=[paid("500", "s1"), paid("-900", "base")])) == (
        "2024-04-15",
        2,
    )


def test_a_day_off_is_no_lesson_left_but_a_charged_one_still_costs():
    off = [{"date": "2025-05-21", "affects_payment": False}]
    said = a_situation(
        until="2025-05-18", subscription={"plan": "daily", "price": "1300"}, holidays=off,
        payments=[{"date": "2025-05-01", "amount": "1000"}],
    )  # fmt: skip

    # 700 are charged; 300 pay for the 19th, the 21st that is charged and not held, and the 23rd.
    assert reach(said) == ("2025-05-23", 2)


def test_a_conducted_lesson_after_the_day_asked_is_planned():
    said = alone({}, {"date": "2024-03-05"}, until="2024-03-04", payments=[paid("500", "base")])

    assert answered(said)["charges"] == []
    assert reach(said) == ("2024-03-05", 1)
