"""The reference keeps the laws of tuition that need no ledger, over random situations; so the specification can be met.

Pure: no database. The numbers are those of docs/rules/pricing.md.
"""

from __future__ import annotations

import copy
import json
import random
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests import differential
from tests.reference import periods, prices, quote
from tests.reference.facts import LESSON_PLANS, read
from tests.reference.lessons import with_lessons
from tests.situations import BEGIN, situation, smallest

SEEDS = range(80)
REGULAR = range(25)


def nets(answer: dict) -> dict[tuple[str, str], Fraction]:
    """What each charge comes to with its credits."""
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for charge in answer["charges"]:
        found[charge["subscription"], charge["key"]] += Fraction(charge["amount"])
    return found


def shuffled(value, dice: random.Random):
    """The same with every list and every dictionary in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], dice) for key in dice.sample(list(value), len(value))}
    if isinstance(value, list):
        return [shuffled(each, dice) for each in dice.sample(value, len(value))]
    return value


def highest(file: dict, subscription: dict) -> Fraction:
    """No charge of the subscription may be above it: its price, rounded as charges are."""
    most = max(Fraction(step["amount"]) for step in subscription["price"])
    if subscription["plan"] == "whole_course":
        most *= subscription.get("months") or 1
    return prices.rounded(read(file), most)


def regular(seed: int, plan: str) -> dict:
    """Three months in which every lesson is held and attended, with awkward prices, steps and numbers of lessons."""
    dice = random.Random(f"regular {seed} {plan}")
    starts = BEGIN.replace(month=2, day=1)
    weekdays = sorted(dice.sample(range(1, 8), dice.randint(1, 5)))
    on = {"joined": str(starts), "activated": str(starts)}
    return {
        "currency": "PLN",
        "step": dice.choice(("0.01", "1", "100", "1000")),
        "until": "2025-04-30",
        "groups": [{"id": "g1", "starts": str(starts), "ends": None, "weekdays": weekdays}],
        "enrolments": [{"group": "g1", **on}],
        "subscriptions": [
            {
                "id": "s1",
                "plan": plan,
                "group": dice.choice(("g1", None)),
                "from": str(starts),
                "price": [{"from": str(starts), "amount": str(dice.randint(1, 500) * 1000)}],
                "lessons_count": dice.randint(1, 9),
            }
        ],
    }


# --- law 1 and 2 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_asked_twice_it_says_the_same_and_leaves_the_situation_alone(seed):
    file = situation(seed)
    before = copy.deepcopy(file)
    assert quote(file) == quote(file)
    assert file == before


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_facts_are_written_does_not_matter(seed):
    file = situation(seed)
    assert not differential.differences(quote(file), quote(shuffled(file, random.Random(seed))))


def test_an_answer_that_depends_on_the_order_would_be_noticed(monkeypatch):
    monkeypatch.setattr(prices, "age", lambda discount: 0)  # then of two that save the same the first written wins
    file = regular(1, "per_lesson")
    span = {"kind": "money", "amount": "1000", "from": "2025-02-01", "to": "2025-04-30"}
    file["discounts"] = [{"id": "d1", **span}, {"id": "d2", **span}]
    turned = file | {"discounts": file["discounts"][::-1]}
    assert differential.differences(quote(file), quote(turned))


# --- law 3 -------------------------------------------------------------------------------------------------------


def sums_by(answer: dict, bunch) -> list[Fraction]:
    found: dict[object, Fraction] = defaultdict(Fraction)
    for place, charge in enumerate(answer["charges"]):
        found[bunch(place, date.fromisoformat(charge["date"]))] += Fraction(charge["amount"])
    return list(found.values())


def whole_weeks(file: dict) -> dict:
    """Begun on a Monday and asked on a Sunday."""
    monday = str(date(2025, 2, 3))
    file["enrolments"][0] |= {"joined": monday, "activated": monday}
    file["subscriptions"][0]["from"] = monday
    return file | {"until": str(date(2025, 4, 27))}


@pytest.mark.parametrize("seed", REGULAR)
@pytest.mark.parametrize("plan", ["month_spread", "daily"])
def test_a_month_whose_every_lesson_is_charged_costs_its_price(seed, plan):
    file = regular(seed, plan)
    price = Fraction(file["subscriptions"][0]["price"][0]["amount"])
    assert sums_by(quote(file), lambda _place, on: on.month) == [price] * 3


@pytest.mark.parametrize("seed", REGULAR)
def test_a_week_whose_every_lesson_is_charged_costs_its_price(seed):
    file = whole_weeks(regular(seed, "week_spread"))
    price = Fraction(file["subscriptions"][0]["price"][0]["amount"])
    assert sums_by(quote(file), lambda _place, on: on.isocalendar()[1]) == [price] * 12


@pytest.mark.parametrize("seed", REGULAR)
def test_a_whole_bundle_costs_its_price(seed):
    file = regular(seed, "per_lesson")
    n, price = file["subscriptions"][0]["lessons_count"], Fraction(file["subscriptions"][0]["price"][0]["amount"])
    facts = with_lessons(read(file))
    held = sum(not lesson.outside_life and lesson.date <= facts.until for lesson in facts.lessons)
    # A place whose share is below half a step leaves no row: bundles are told apart by the lessons, not by the rows.
    whole = str([x.date for x in facts.lessons if not x.outside_life][held // n * n - 1]) if held >= n else None
    paid = sum(Fraction(charge["amount"]) for charge in quote(file)["charges"] if whole and charge["date"] <= whole)
    assert paid == price * (held // n)


def test_parts_rounded_one_by_one_would_be_noticed(monkeypatch):
    monkeypatch.setattr("tests.reference.answer.part", lambda facts, whole, i, n: prices.rounded(facts, whole / n))
    with pytest.raises(AssertionError):
        for seed in REGULAR:
            test_a_month_whose_every_lesson_is_charged_costs_its_price(seed, "month_spread")


# --- law 6 -------------------------------------------------------------------------------------------------------


def beyond_bounds(file: dict) -> list:
    """Charges and nets that are negative or above the price."""
    plans = {each["id"]: each for each in file["subscriptions"]}
    answer = quote(file)
    lesson_rows = [row for row in answer["charges"] if plans[row["subscription"]]["plan"] in LESSON_PLANS]
    return [
        *(row for row in lesson_rows if Fraction(row["amount"]) <= 0),
        *(
            row
            for row in answer["charges"]
            if abs(Fraction(row["amount"])) > highest(file, plans[row["subscription"]]) or not Fraction(row["amount"])
        ),
        *(key for key, net in nets(answer).items() if net < 0),
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_charge_is_negative_or_above_the_price(seed):
    assert beyond_bounds(situation(seed)) == []


def test_lessons_charged_twice_would_be_noticed(monkeypatch):
    some = periods.Charge
    monkeypatch.setattr(periods, "Charge", lambda *values: some(*values[:5], values[5] * 2, *values[6:]))
    assert any(beyond_bounds(situation(seed)) for seed in SEEDS)


# --- law 7 -------------------------------------------------------------------------------------------------------


def without_facts(file: dict, charge: dict) -> dict:
    """The situation without what the charge follows from: its lesson, or the subscription's start."""
    file, listed = copy.deepcopy(file), {each["id"] for each in file.get("lessons", ())}
    if charge["key"] in listed:
        file["lessons"] = [each for each in file["lessons"] if each["id"] != charge["key"]]
        return file
    for each in file["subscriptions"]:
        if each["id"] == charge["subscription"]:
            each["from"] = str(date.fromisoformat(file["until"]) + timedelta(days=1))
            each["to"] = None
    return file


@pytest.mark.parametrize("seed", SEEDS)
def test_without_its_facts_a_charge_is_gone(seed):
    file = situation(seed)
    charges = quote(file)["charges"]
    for charge in random.Random(seed).sample(charges, min(3, len(charges))):
        left = nets(quote(without_facts(file, charge)))
        # The last lesson of a group removed, its lessons are made from the weekdays again, and have other ids.
        assert left.get((charge["subscription"], charge["key"]), 0) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_without_subscriptions_nothing_is_charged(seed):
    file = situation(seed) | {"subscriptions": [], "payments": [], "credits": []}
    answer = quote(file)
    assert (answer["charges"], Fraction(answer["balance"]), answer["paid_until"]) == ([], 0, None)


# --- later, and further ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_charged_up_to_a_day_is_the_same_when_asked_later(seed):
    # A listed lesson on a holiday is held once it was conducted, and until then is not: there the past does change.
    file = {key: value for key, value in situation(seed).items() if key != "holidays"}
    earlier = str(date.fromisoformat(file["until"]) - timedelta(days=seed % 40 + 1))
    then = [charge for charge in quote(file)["charges"] if charge["date"] <= earlier]
    assert quote(file | {"until": earlier})["charges"] == then


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_paid_until_a_day_leaves_no_debt_on_that_day(seed):
    file = {key: value for key, value in situation(seed).items() if key != "lessons"}  # made lessons are attended
    file["subscriptions"] = [each | {"account": "base"} for each in file["subscriptions"]]
    file["payments"] = [{"date": file["until"], "amount": str(1_000_000 * (seed % 5))}]
    answer = quote(file)
    if answer["paid_until"]:
        assert Fraction(quote(file | {"until": answer["paid_until"]})["balance"]) >= 0


# --- the comparison ----------------------------------------------------------------------------------------------


def broken(file: dict) -> dict:
    """Another implementation, with a fault: the last day of a freeze is not free."""
    shorter = copy.deepcopy(file)
    for row in shorter.get("suspensions", ()):
        if row.get("to") and row["to"] > row["from"]:
            row["to"] = str(date.fromisoformat(row["to"]) - timedelta(days=1))
    return quote(shorter)


def test_a_fault_is_found_and_shown_in_a_situation_made_small():
    said: list[str] = []
    assert differential.compare(150, 0, broken, said.append) > 0
    shown = json.loads(said[0].partition("\n")[2])
    assert len(shown["suspensions"]) == 1
    assert sum(len(rows) for rows in shown.values() if isinstance(rows, list)) <= 5


def test_the_same_implementation_differs_nowhere():
    assert differential.compare(20, 0, quote, lambda _text: None) == 0


def test_a_situation_is_made_no_smaller_than_what_makes_it_differ():
    file = situation(3) | {"settings": {"activation_day_counts": False, "holiday": "credit"}}
    left = smallest(file, lambda each: not each.get("settings", {}).get("activation_day_counts", True))
    assert left["settings"] == {"activation_day_counts": False}
    assert not {"subscriptions", "payments", "holidays", "discounts", "suspensions"} & left.keys()


def test_what_is_wrong_is_refused_by_its_place():
    assert differential.compare_refusals(100, 0, differential.reference) == 0


def test_a_wrong_situation_that_is_taken_would_be_noticed():
    assert differential.compare_refusals(20, 0, lambda _file: {"charges": []}, lambda _text: None) == 20
