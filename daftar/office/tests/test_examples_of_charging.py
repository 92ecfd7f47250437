"""The examples beside the decisions on charging are figures of the rules themselves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from django.utils.translation import override

from daftar.office.questions import QUESTIONS
from daftar.office.settings import examples
from daftar.office.settings.fixed_rules import RULES, fixed_rules
from daftar.orgs.rules import ANSWERS

CENTRE = examples.Chosen(
    currency="UZS", activation_day_counts=True, rounding_step=None, money_discount_per="subscription",
    suspensions_extend=True, holidays_credited=False,
)  # fmt: skip


def said(name: str, **changes) -> str:
    with override("en"):
        return examples.LIVE[name](replace(CENTRE, **changes)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("name", "changes", "figures"),
    [
        ("activation_day_counts", {}, "UZS 230,769"),
        ("activation_day_counts", {"activation_day_counts": False}, "UZS 207,692"),
        ("rounding_step", {}, "UZS 230,769 is charged"),
        ("rounding_step", {"rounding_step": 100_000}, "UZS 231,000 is charged"),
        ("money_discount_per", {}, "UZS 290,000"),
        ("money_discount_per", {"money_discount_per": "lesson"}, "UZS 170,000"),
        ("suspensions_extend", {}, "7 Jun"),
        ("suspensions_extend", {"suspensions_extend": False}, "until 31 May."),
        ("holidays_credited", {}, "for the 12 others"),
        ("holidays_credited", {"holidays_credited": True}, "23,077 is credited"),
        ("several_discounts", {}, "UZS 240,000"),
        ("several_discounts", {"several_discounts": "oldest"}, "UZS 290,000"),
        ("account_first", {}, "from the account of its own"),
        ("account_first", {"account_first": "base"}, "from the main account"),
        ("unserved_lessons", {}, "−UZS 115,385"),
        (
            "unserved_lessons",
            {"unserved_lessons": "kept"},
            "UZS 300,000 was charged for May, the last day is 18 May: n",
        ),
        ("cancelled_lessons", {}, "−UZS 23,077"),
        ("cancelled_lessons", {"cancelled_lessons": "kept"}, "nothing comes back"),
        ("moved_lessons", {}, "UZS 138,462 for May"),
        ("moved_lessons", {"moved_lessons": "new_day"}, "UZS 125,000 for May"),
        ("backdated_charges", {}, "UZS 161,538, UZS 300,000, UZS 300,000"),
        ("backdated_charges", {"backdated_charges": "since_entry"}, "entered on 20 May: UZS 300,000."),
        ("group_edges", {}, "UZS 161,538 of UZS 300,000"),
        ("group_edges", {"group_edges": "group_life"}, "UZS 300,000 of UZS 300,000"),
        ("short_months", {}, "31 Jan, 28 Feb, 31 Mar"),
        ("short_months", {"short_months": "next_first"}, "31 Jan, 1 Mar, 31 Mar"),
        ("archived_debtors", {}, "is not among the debtors"),
        ("archived_debtors", {"archived_debtors": "shown"}, "is among the debtors"),
        ("zero_balance", {}, "is green"),
        ("zero_balance", {"zero_balance": "due"}, "is yellow"),
        ("sibling_percent", {}, "Every child pays UZS 300,000"),
        ("sibling_percent", {"sibling_percent": Decimal(10)}, "each further one UZS 270,000"),
        ("sibling_percent", {"sibling_percent": Decimal(100)}, "each further one UZS 0"),
    ],
)
def test_an_example_says_what_the_decision_does(name, changes, figures):
    assert figures in said(name, **changes)


def told(rule, **changes) -> str:
    with override("en"):
        return rule(replace(CENTRE, **changes)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("rule", "changes", "figures"),
    [
        (partial(examples.absence, charges=True), {}, "12 lessons cost UZS 300,000, one on 8 May"),
        (partial(examples.absence, charges=True), {}, "for this reason: UZS 25,000 is charged"),
        (partial(examples.absence, charges=False), {}, "for this reason: UZS 0 is charged"),
        (examples.absences, {}, "UZS 0 for a reason that is free of charge, UZS 25,000 without"),
        (examples.absences, {"currency": "PLN"}, "PLN 25.00 without"),
        (examples.new_price, {}, "the price is UZS 330,000: who studies already pays UZS 330,000 for June if that"),
        (examples.new_price, {}, "was charged with UZS 300,000"),
        (examples.new_price, {}, "and UZS 300,000 if not"),
    ],
)
def test_an_example_of_what_is_decided_case_by_case_is_priced_too_d3_d11(rule, changes, figures):
    assert figures in told(rule, **changes)


@pytest.mark.parametrize("currency", ["UZS", "RUB", "PLN", "EUR", "USD", "JPY"])
def test_every_rule_has_an_example_in_every_currency(currency):
    with override("en"):
        rules = fixed_rules(replace(CENTRE, currency=currency))
        assert [rule["code"] for rule in rules] == [code for code, *_ in RULES]
        assert all(rule["example"] for rule in rules)
        assert all(tell(replace(CENTRE, currency=currency)) for tell in examples.LIVE.values())


def test_every_decision_of_the_page_has_an_example():
    assert set(QUESTIONS) | {"rounding_step", "sibling_percent"} == set(examples.LIVE)
    assert set(ANSWERS) < set(QUESTIONS)
