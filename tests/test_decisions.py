"""Both answers to each decision of pricing, worked out by hand and held against the product and the reference.

Groups meet on odd days; May 2025 has thirteen of them, and 300 000 a month is charged unless a test says otherwise.
Pure: no database. What the two other decisions do, D15 and D16, stands in `daftar/reports/tests/test_decisions.py`.
"""

from __future__ import annotations

import json

import pytest

from daftar.orgs.rules import ANSWERS
from daftar.tuition.quote import WrongFile, quote
from tests import reference
from tests.reference.facts import SWITCHES
from tests.situations import situation

ODD_MAY = (2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30)


def plan(kind: str = "calendar_month", amount: str = "300000", **changes) -> dict:
    price = [{"from": "2025-01-01", "amount": amount}]
    return {"id": "s1", "plan": kind, "group": "g1", "price": price, "from": "2025-01-01", **changes}


def told(*subscriptions: dict, starts="2025-01-01", ends=None, activated="2025-05-01", **changes) -> dict:
    """A member of a group of odd days, asked about at the end of May 2025."""
    membership = {"group": "g1", "joined": activated, "activated": activated}
    for key in ("left", "entered"):
        membership |= {key: changes.pop(key)} if key in changes else {}
    return {
        "currency": "UZS", "until": changes.pop("until", "2025-05-31"),
        "groups": [{"id": "g1", "starts": starts, "ends": ends, "weekdays": [1, 3, 5]}],
        "enrolments": [membership], "subscriptions": list(subscriptions or [plan()]), **changes,
    }  # fmt: skip


def listed(*days: str, **changes: dict) -> list[dict]:
    return [
        {"id": f"l{day}", "date": f"2025-{day}", "group": "g1", "subject": "english"}
        | changes.get("d" + day.replace("-", ""), {})
        for day in days
    ]


def both(file: dict, name: str, answer: str) -> dict:
    """What the product and the reference say with this answer; and that it is the usual one where nothing is said."""
    chosen = {**file, "settings": {**file.get("settings", {}), name: answer}}
    product = json.loads(quote(json.dumps(chosen).encode()))
    slowly = reference.quote(chosen)
    assert [dict(row, why=None) for row in product["charges"]] == [dict(row, why=None) for row in slowly["charges"]]
    assert product["unpriced"] == slowly["unpriced"]
    if answer == SWITCHES[name][0]:
        assert json.loads(quote(json.dumps(file).encode())) == product, "the usual answer"
    return product


def rows(answer: dict) -> list[tuple[str, int]]:
    """Month and day, and the sum, of everything charged and credited."""
    return [(row["date"][5:], int(row["amount"])) for row in answer["charges"]]


@pytest.mark.parametrize(("answer", "amount", "taken"), [("best", 240_000, "d2"), ("oldest", 290_000, "d1")])
def test_d5_of_several_discounts_one_counts(answer, amount, taken):
    discounts = [
        {"id": "d1", "kind": "money", "amount": "10000", "from": "2025-03-01"},
        {"id": "d2", "kind": "percent", "amount": "20", "from": "2025-05-01"},
        {"id": "d0", "kind": "money", "amount": "0", "from": "2025-01-01"},
    ]
    (row,) = both(told(discounts=discounts), "several_discounts", answer)["charges"]
    assert (int(row["amount"]), row["discount"]) == (amount, taken), "one that takes nothing off is none"


def test_d5_what_is_said_of_the_discount_names_the_rule():
    discounts = [
        {"id": "d1", "kind": "money", "amount": "10000", "from": "2025-03-01"},
        {"id": "d2", "kind": "percent", "amount": "20", "from": "2025-05-01"},
    ]
    said = {answer: both(told(discounts=discounts), "several_discounts", answer) for answer in ("best", "oldest")}
    assert "more than d1" in str(said["best"]["charges"])
    assert "older than d2" in str(said["oldest"]["charges"])


@pytest.mark.parametrize(("answer", "who"), [("separate", ["s2", "s2", "s1"]), ("base", ["s1", "s1", "s1"])])
def test_d6_the_separate_or_the_base_account_pays_first(answer, who):
    base = plan("per_lesson", "1000", lessons_count=1)
    own = plan("per_lesson", "900", lessons_count=1, account="separate", id="s2")
    paid = [{"date": "2025-05-01", "amount": "1800", "account": "s2"}]
    said = both(
        told(base, own, lessons=listed("05-02", "05-05", "05-07"), payments=paid), "account_first", answer
    )  # fmt: skip
    assert [row["subscription"] for row in said["charges"]] == who


@pytest.mark.parametrize("answer", ["separate", "base"])
def test_d6_where_the_base_account_has_no_price_for_it_the_separate_one_pays(answer):
    base = plan("per_lesson", "1000", lessons_count=1, subjects=["maths"])
    own = plan("per_lesson", "900", lessons_count=1, account="separate", id="s2")
    said = both(told(base, own, lessons=listed("05-02")), "account_first", answer)
    assert [row["subscription"] for row in said["charges"]] == ["s2"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("credited", [("05-01", 300_000), ("05-18", -138_462)]), ("kept", [("05-01", 300_000)])],
)
def test_d8_who_leaves_within_a_month(answer, expected):
    assert rows(both(told(left="2025-05-18"), "unserved_lessons", answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("credited", [("05-01", 300_000), ("05-19", -138_462), ("06-01", 230_769)]),
        ("kept", [("05-01", 300_000), ("06-01", 230_769)]),
    ],
)
def test_d8_what_is_known_of_a_pause_on_the_day_of_a_charge_is_never_charged(answer, expected):
    file = told(suspensions=[{"from": "2025-05-19", "to": "2025-06-08"}], until="2025-06-30")
    assert rows(both(file, "unserved_lessons", answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("credited", [("05-01", 300_000), ("05-09", -23_077)]), ("kept", [("05-01", 300_000)])],
)
def test_d9_a_lesson_that_the_centre_cancels_in_a_month_charged_ahead(answer, expected):
    lessons = listed(*(f"05-{day:02}" for day in ODD_MAY), d0509={"status": "cancelled"})
    assert rows(both(told(lessons=lessons), "cancelled_lessons", answer)) == expected


@pytest.mark.parametrize("answer", ["credited", "kept"])
def test_d9_where_lessons_are_charged_one_by_one_a_cancelled_one_leaves_the_count_either_way(answer):
    lessons = listed(*(f"05-{day:02}" for day in ODD_MAY), d0509={"status": "cancelled"})
    said = both(told(plan("month_spread"), lessons=lessons), "cancelled_lessons", answer)
    assert rows(said) == [(f"05-{day:02}", 25_000) for day in ODD_MAY if day != 9]


@pytest.mark.parametrize(
    ("answer", "may", "june"),
    [
        ("first_day", [("05-09", 100), ("05-16", 100), ("05-23", 100), ("06-03", 100)], [("06-06", 400)]),
        ("new_day", [("05-09", 133), ("05-16", 134), ("05-23", 133)], [("06-03", 200), ("06-06", 200)]),
    ],
)
def test_d10_a_lesson_moved_over_the_border_of_a_month(answer, may, june):
    days = ("05-09", "05-16", "05-23", "06-03", "06-06")
    file = told(plan("month_spread", "400"), lessons=listed(*days, d0603={"moved_from": "2025-05-30"}))
    assert rows(both({**file, "until": "2025-06-10"}, "moved_lessons", answer)) == [*may, *june]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("every_month", [("03-17", 161_538), ("04-01", 300_000), ("05-01", 300_000)]),
        ("since_entry", [("05-01", 300_000)]),
    ],
)
def test_d12_an_activation_dated_back_over_months(answer, expected):
    file = told(activated="2025-03-17", entered="2025-05-20")
    assert rows(both(file, "backdated_charges", answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("every_month", ["03-15", "04-15", "05-15"]), ("since_entry", ["05-15"])],
)
def test_d12_the_students_own_day_stays_that_of_the_activation(answer, expected):
    file = told(plan("student_month"), activated="2025-03-15", entered="2025-05-20")
    assert [on for on, _sum in rows(both(file, "backdated_charges", answer))] == expected


@pytest.mark.parametrize(("answer", "expected"), [("every_month", ["04-30", "05-02"]), ("since_entry", ["05-02"])])
def test_d12_lessons_before_the_month_of_entry_are_like_trials(answer, expected):
    per_lesson = plan("per_lesson", "1000", lessons_count=1)
    file = told(per_lesson, activated="2025-04-01", entered="2025-05-20", lessons=listed("04-30", "05-02"))
    said = both(file, "backdated_charges", answer)
    assert ([on for on, _sum in rows(said)], said["unpriced"]) == (expected, [])


@pytest.mark.parametrize("answer", ["every_month", "since_entry"])
def test_d12_a_whole_course_and_what_nobody_knows_the_entry_of_are_charged_as_ever(answer):
    course = told(plan("whole_course"), activated="2025-03-17", entered="2025-05-20")
    assert rows(both(course, "backdated_charges", answer)) == [("03-17", 300_000)]
    assert len(rows(both(told(activated="2025-03-17"), "backdated_charges", answer))) == 3


@pytest.mark.parametrize(("answer", "amount"), [("whole_month", 161_538), ("group_life", 300_000)])
def test_d13_the_month_in_which_a_group_begins_or_ends(answer, amount):
    begins = told(starts="2025-05-15", activated="2025-05-15")
    ends = told(ends="2025-05-16")
    assert rows(both(begins, "group_edges", answer)) == [("05-15", amount)], "7 of 13 lessons"
    assert rows(both(ends, "group_edges", answer)) == [("05-01", amount)], "7 of 13 lessons"


@pytest.mark.parametrize("answer", ["whole_month", "group_life"])
def test_d13_a_subscription_that_ends_within_a_month_costs_its_part_either_way(answer):
    assert rows(both(told(plan(to="2025-05-16")), "group_edges", answer)) == [("05-01", 161_538)]


@pytest.mark.parametrize("kind", ["student_month", "group_month"])
@pytest.mark.parametrize(
    ("answer", "days"),
    [
        ("last_day", ["01-31", "02-28", "03-31", "04-30"]),
        ("next_first", ["01-31", "03-01", "03-31", "05-01"]),
    ],
)
def test_d14_the_31st_in_a_month_without_one(kind, answer, days):
    file = told(plan(kind), starts="2025-01-31", activated="2025-01-31", until="2025-05-01")
    said = rows(both(file, "short_months", answer))
    assert said == [(day, 300_000) for day in days]


@pytest.mark.parametrize("name", SWITCHES)
def test_an_answer_that_does_not_exist_is_refused_with_its_path(name):
    file = told(settings={name: "perhaps"})
    with pytest.raises(WrongFile) as refused:
        quote(json.dumps(file).encode())
    assert refused.value.path == f"settings.{name}"
    with pytest.raises(reference.Refused) as slowly:
        reference.quote(file)
    assert slowly.value.path == f"settings.{name}"


@pytest.mark.parametrize("name", SWITCHES)
def test_the_random_situations_ask_about_each_answer(name):
    """A difference in one of them would be noticed: some situation says something else with the other answer."""
    assert tuple(ANSWERS[name]) == SWITCHES[name]
    for seed in range(400):
        file = situation(seed)
        one, other = ({**file, "settings": {**file.get("settings", {}), name: answer}} for answer in SWITCHES[name])
        if reference.quote(one) != reference.quote(other):
            return
    pytest.fail("no situation depends on it")
