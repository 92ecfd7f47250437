"""Situations as they are written down for `quote`: group g1 of 2025 on odd days, one enrolment, one subscription."""

import json

from daftar.tuition.quote import quote

GROUP = {"id": "g1", "starts": "2025-03-01", "ends": "2026-03-01", "weekdays": [1, 3, 5]}
ENROLMENT = {"group": "g1", "joined": "2025-05-01", "activated": "2025-05-01"}
SUBSCRIPTION = {
    "id": "s1", "plan": "calendar_month", "group": "g1", "price": [{"from": "2025-01-01", "amount": "300000"}],
    "from": "2025-01-01",
}  # fmt: skip


def a_situation(*, until="2025-05-31", group=None, enrolment=None, subscription=None, **changes):
    """UZS; `group`, `enrolment` and `subscription` change keys of the one there is, other names whole keys."""
    return {
        "currency": "UZS",
        "until": until,
        "groups": [{**GROUP, **(group or {})}],
        "enrolments": [{**ENROLMENT, **(enrolment or {})}],
        "subscriptions": [a_subscription(**(subscription or {}))],
        **changes,
    }


def a_subscription(*, price=None, **changes):
    own = {} if price is None else {"price": [{"from": "2025-01-01", "amount": price}]}
    return {**SUBSCRIPTION, **own, **changes}


def alone(subscription, *lessons, **changes):
    """A student without a group, in roubles, from March 2024 on; lessons are conducted."""
    own = {"price": [{"from": "2024-01-01", "amount": "4000"}], "lessons_count": 8, "plan": "per_lesson"}
    bound = {**SUBSCRIPTION, "group": None, "from": "2023-01-01", **own, **subscription}
    listed = [{"id": f"l{place}", **lesson} for place, lesson in enumerate(lessons, start=1)]
    return {"currency": "RUB", "until": "2024-12-31", "subscriptions": [bound], "lessons": listed, **changes}


def answered(situation):
    return json.loads(quote(json.dumps(situation).encode()))


def charges(situation):
    """Day and amount of each charge, credits below zero."""
    return [(charge["date"], charge["amount"]) for charge in answered(situation)["charges"]]


def amounts(situation):
    return [charge["amount"] for charge in answered(situation)["charges"]]


def reach(situation):
    said = answered(situation)
    return said["paid_until"], said["lessons_left"]
