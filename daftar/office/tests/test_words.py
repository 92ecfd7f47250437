"""Every line of a why has words."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from daftar.courses.rules import PlanKind
from daftar.office import formats, words
from daftar.orgs.rules import SeveralDiscounts
from daftar.tuition.quote.reading import parsed
from daftar.tuition.quote.situation import situation
from daftar.tuition.rules import DiscountFact, PriceStep, StudentFacts, SubscriptionFact, as_json, due, why
from daftar.tuition.rules.decisions import AS_USUAL
from daftar.tuition.rules.price import period_price
from daftar.tuition.rules.why import line
from daftar.tuition.tests.quote_cast import a_situation


def charged(plan):
    """What a pause, two discounts and a plan lead to in May."""
    sizes = {"plan": plan, "lessons_count": 8, "module_lessons": 12, "months": 3}
    discounts = [{"id": kind, "kind": kind, "amount": "10"} for kind in ("percent", "money")]
    pauses = [{"from": "2025-05-01", "to": "2025-05-04"}, {"from": "2025-05-26", "to": "2025-05-31"}]
    file = a_situation(subscription=sizes, discounts=discounts, suspensions=pauses)
    given = situation(parsed(json.dumps(file).encode()))
    return [as_json(draft.why) for draft in due(given.facts, given.until)]


def test_no_code_is_without_words():
    codes = set(re.findall(r"^\| `(\w+)` \|", why.__doc__ or "", re.MULTILINE))

    assert codes == set(words._SAYS)


@pytest.mark.parametrize("plan", PlanKind)
def test_every_way_of_charging_is_explained(plan):
    explained = [words.why_text(said, "UZS") for said in charged(plan)]

    assert explained
    for lines in explained:
        labels = [line.label for line in lines]
        assert labels[0] == "Subscription"
        assert {"Price", "Discount"} <= set(labels)
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (PlanKind.DAILY, "Lesson"),
        (PlanKind.CALENDAR_MONTH, "Tuition, May 2025"),
        (PlanKind.WHOLE_COURSE, "Tuition, 1 May 2025"),
    ],
)
def test_a_charge_says_what_it_is_for(plan, text):
    assert words.charge_text(charged(plan)[0]).replace(formats.NBSP, " ") == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("best", "20%: UZS 60,000 off the price, the largest; not 5% (UZS 15,000), UZS 1,000 (UZS 1,000)"),
        ("oldest", "5%: UZS 15,000 off the price, being the oldest; not 20% (UZS 60,000), UZS 1,000 (UZS 1,000)"),
    ],
)
def test_of_several_discounts_those_not_taken_are_named_with_what_they_would_have_taken_off(rule, text):
    facts = StudentFacts(
        currency="UZS", step=100, decisions=replace(AS_USUAL, several_discounts=SeveralDiscounts(rule)),
        discounts=(
            DiscountFact(id=1, percent=Decimal(5), starts_on=date(2025, 1, 1)),
            DiscountFact(id=2, percent=Decimal("20.00"), starts_on=date(2025, 2, 1)),
            DiscountFact(id=3, amount=100_000, starts_on=date(2025, 3, 1)),
        ),
    )  # fmt: skip
    subscription = SubscriptionFact(
        id=1,
        plan=PlanKind.CALENDAR_MONTH,
        prices=(PriceStep(date(2025, 1, 1), 30_000_000),),
        starts_on=date(2025, 1, 1),
    )
    price = period_price(facts, subscription, date(2025, 5, 1), 13)
    said = next(each for each in words.why_text(as_json(price.why), "UZS") if each.label == "Discount")
    assert said.text.replace(formats.NBSP, " ") == text


def test_a_charge_of_before_says_how_many_discounts_there_were():
    kept = line("discount", id="2", size="20%", cut=6_000_000, considered=["1", "2"])
    (said,) = words.why_text(as_json((kept,)), "UZS")
    assert said.text.replace(formats.NBSP, " ") == "20%: UZS 60,000 off the price, the largest of 2"
