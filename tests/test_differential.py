"""What the product charges and foresees is what the reference says, over random situations. Pure: no database."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest

from daftar.tuition.quote import quote
from daftar.tuition.quote.reading import parsed
from daftar.tuition.quote.situation import situation
from daftar.tuition.rules import Decisions, SuspensionFact, Window, due, is_enough, module, period, price
from daftar.tuition.rules.window import within
from tests import differential

FIXED = 1_200
RANDOM = 300
coverage_module = import_module("daftar.tuition.rules.coverage")
situation_module = import_module("daftar.tuition.quote.situation")


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


def from_a_day_on(seed: int) -> tuple[list, list] | None:
    """What is due from a day on, of the lessons around it and of all; None where these are not enough."""
    given = situation(parsed(json.dumps(differential.situation(seed)).encode()))
    facts, until = given.facts, given.until
    facts = replace(facts, subscriptions=tuple(each for each in facts.subscriptions if not each.is_separate))
    window = Window(until - timedelta(days=seed % 45), until)
    near = within(facts, window)
    if not is_enough(near, window):
        return None
    drafts = due(facts, until)
    turns = Counter(each.subscription_id for each in drafts if each.lesson_id and each.on < window.since)
    return due(near, until, since=window.since, turns=turns), [each for each in drafts if each.on >= window.since]


def test_what_is_due_from_a_day_on_follows_from_the_lessons_around_it():
    found = [pair for pair in map(from_a_day_on, range(FIXED)) if pair]

    assert all(near == whole for near, whole in found)
    assert sum(bool(whole) for _near, whole in found) > FIXED / 10, "and it is not nothing"


def test_a_window_that_is_too_narrow_would_be_noticed(monkeypatch):
    monkeypatch.setattr(Window, "first", property(lambda window: window.since))

    assert any(near != whole for near, whole in filter(None, map(from_a_day_on, range(FIXED))))


def only_the_whole_rounded_down(price_, numerator, denominator):
    return int(price_.rest * numerator // denominator)


def every_pause(**wrong):
    return lambda **values: SuspensionFact(**values | wrong)


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
    pytest.param(period, "monthly", lambda *_values: iter(()), id="no months"),
    pytest.param(period, "GivenCredit", lambda *_values: None, id="what was given by hand stays charged"),
    pytest.param(period, "DeclinedCredit", lambda *_values: None, id="what was declined is credited"),
    pytest.param(period, "is_kept", lambda *_values: False, id="who comes back pays again for what was kept"),
    pytest.param(situation_module, "SuspensionFact", every_pause(extends=True), id="every pause moves ends"),
    pytest.param(situation_module, "SuspensionFact", every_pause(extends=False), id="no pause moves an end"),
    pytest.param(situation_module, "SuspensionFact", every_pause(group_id=None), id="a pause is always in all groups"),
    pytest.param(situation_module, "_decisions", lambda _settings: Decisions(), id="nothing is decided"),
]


@pytest.mark.parametrize(("where", "name", "fault"), FAULTS)
def test_a_planted_fault_would_be_noticed(monkeypatch, where, name, fault):
    monkeypatch.setattr(where, name, fault)

    assert any(
        differential.differences(differential.reference(file), product(file))
        for file in map(differential.situation, range(FIXED))
    )
