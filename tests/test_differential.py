"""What the product charges and foresees is what the reference says, over random situations. Pure: no database."""

from __future__ import annotations

import json
import time
from importlib import import_module

import pytest

from daftar.tuition.quote import quote
from daftar.tuition.rules import calendar_month, module, period, price
from tests import differential

FIXED = 1_200
RANDOM = 300
coverage_module = import_module("daftar.tuition.rules.coverage")


def product(file: dict) -> dict:
    """The answer of the product, asked without a process of its own."""
    return json.loads(quote(json.dumps(file).encode()))


def differing(count: int, seed: int) -> list[str]:
    """What there is to say about the situations that differ, the smallest of them shown."""
    said: list[str] = []
    return said if differential.compare(count, seed, product, said.append) else []


def test_the_product_says_what_the_reference_says():
    assert differing(FIXED, 0) == []


def test_it_does_so_in_situations_that_nobody_has_seen():
    assert differing(RANDOM, 10_000_000 + time.time_ns() // 1_000_000_000) == []


def only_the_whole_rounded_down(price_, numerator, denominator):
    return int(price_.rest * numerator // denominator)


FAULTS = [
    pytest.param(price.Price, "part", only_the_whole_rounded_down, id="nothing is rounded"),
    pytest.param(period, "_credits", lambda *_values: iter(()), id="no credits"),
    pytest.param(module, "_lost_on", lambda *_values: None, id="unlisted lessons are never lost"),
    pytest.param(
        period,
        "_is_paid",
        lambda case, run, cycle, lesson: lesson.on >= run.starts_on and lesson.on != run.trial_on,
        id="a lesson moved to before the start is not paid by the full charge",
    ),
    pytest.param(coverage_module, "is_paid_for", lambda _known, _lesson: True, id="trials are foreseen as paid"),
    pytest.param(calendar_month, "monthly", lambda *_values: iter(()), id="no months"),
]


@pytest.mark.parametrize(("where", "name", "fault"), FAULTS)
def test_a_planted_fault_would_be_noticed(monkeypatch, where, name, fault):
    monkeypatch.setattr(where, name, fault)

    assert any(
        differential.differences(differential.reference(file), product(file))
        for file in map(differential.situation, range(FIXED))
    )
