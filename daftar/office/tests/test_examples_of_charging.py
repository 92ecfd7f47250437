"""The examples beside the decisions on charging are figures of the rules themselves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils.translation import override

from daftar.office.settings import examples
from daftar.office.settings.fixed_rules import RULES, fixed_rules

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
        ("sibling_percent", {}, "Every child pays UZS 300,000"),
        ("sibling_percent", {"sibling_percent": Decimal(10)}, "each further one UZS 270,000"),
        ("sibling_percent", {"sibling_percent": Decimal(100)}, "each further one UZS 0"),
    ],
)
def test_an_example_says_what_the_decision_does(name, changes, figures):
    assert figures in said(name, **changes)


@pytest.mark.parametrize("currency", ["UZS", "RUB", "PLN", "EUR", "USD", "JPY"])
def test_every_rule_has_an_example_in_every_currency(currency):
    with override("en"):
        rules = fixed_rules(replace(CENTRE, currency=currency))
        assert [rule["code"] for rule in rules] == [code for code, *_ in RULES]
        assert all(rule["example"] for rule in rules)
        assert all(tell(replace(CENTRE, currency=currency)) for tell in examples.LIVE.values())


def test_the_fixed_rules_show_the_figures_of_the_handbook():
    with override("en"):
        told = {rule["code"]: rule["example"].replace("\u00a0", " ") for rule in fixed_rules(CENTRE)}
    assert "UZS 240,000" in told["D5"]
    assert "UZS 300,000 was charged" in told["D8"]
    assert "−UZS 115,385" in told["D8"]
    assert told["D12"].count("UZS") == 3
    assert "UZS 161,538 of UZS 300,000" in told["D13"]
