"""`quote`: a situation written down comes back priced, or is refused with the place that is wrong."""

import json

import pytest

from daftar.config import cli
from daftar.tuition.quote import WrongFile, quote
from daftar.tuition.tests.quote_cast import a_situation, alone, answered, charges

WORKED = {
    "currency": "UZS", "step": "1", "until": "2025-05-14",
    "groups": [{"id": "g1", "starts": "2025-03-01", "ends": "2026-03-01", "weekdays": [1, 3, 5]}],
    "enrolments": [{"group": "g1", "joined": "2025-05-05", "activated": "2025-05-08", "left": None}],
    "subscriptions": [
        {"id": "s1", "plan": "calendar_month", "group": "g1", "price": [{"from": "2025-01-01", "amount": "300000"}],
         "lessons_count": None, "module_lessons": None, "months": None, "from": "2025-05-08", "to": None,
         "subjects": [], "lesson_types": [], "account": "base", "extended_by_suspensions": True}
    ],
    "payments": [{"date": "2025-05-08", "amount": "300000", "account": "base"}],
}  # fmt: skip
EVERY_KEY = {
    **WORKED,
    "until": "2025-06-01",
    "settings": {"activation_day_counts": True, "money_discount_per": "subscription"},
    "lessons": [
        {"id": "l1", "date": "2025-05-09", "time": "14:00", "group": "g1", "type": "group", "subject": "english",
         "status": "conducted", "moved_from": None, "present": True, "reason": None}
    ],
    "reasons": {"excused": {"charges": False}, "unexcused": {"charges": True}},
    "holidays": [{"date": "2025-05-09", "affects_payment": True}],
    "discounts": [
        {"id": "d1", "kind": "percent", "amount": "20", "per": "subscription", "from": "2025-05-01",
         "to": "2025-05-31", "subjects": [], "lesson_types": []}
    ],
    "suspensions": [{"from": "2025-05-12", "to": "2025-05-20"}],
}  # fmt: skip


def test_the_worked_pair_comes_back_word_for_word():
    assert answered(WORKED) == {
        "charges": [
            {"subscription": "s1", "key": "2025-05", "date": "2025-05-08", "amount": "230769", "discount": None,
             "why": ["price 300000, 10 of 13 lessons"]}
        ],
        "balance": "69231", "accounts": {"base": "69231"}, "paid_until": "2025-05-30", "lessons_left": 7,
        "unpriced": [],
    }  # fmt: skip


def test_a_file_with_every_key_is_understood():
    (charge,) = answered(EVERY_KEY)["charges"]

    assert (charge["amount"], charge["discount"]) == ("240000", "d1")


def test_an_empty_situation_owes_nothing():
    assert answered({"currency": "PLN", "until": "2025-05-14"}) == {
        "charges": [], "balance": "0.00", "accounts": {"base": "0.00"}, "paid_until": None, "lessons_left": 0,
        "unpriced": [],
    }  # fmt: skip


def changed(path, value):
    """The file with every key, with one value changed; `...` takes the key away."""
    situation = json.loads(json.dumps(EVERY_KEY))
    *parents, name = path
    where = situation
    for parent in parents:
        where = where[parent]
    if value is ...:
        del where[name]
    else:
        where[name] = value
    return situation


def written(path):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


ENROLMENT, SUBSCRIPTION, LESSON = ("enrolments", 0), ("subscriptions", 0), ("lessons", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("surprise",), 1),
        (("settings", "surprise"), 1),
        (("groups", 0, "surprise"), 1),
        ((*ENROLMENT, "surprise"), 1),
        ((*SUBSCRIPTION, "surprise"), 1),
        ((*SUBSCRIPTION, "price", 0, "surprise"), 1),
        ((*LESSON, "surprise"), 1),
        (("reasons", "excused", "surprise"), 1),
        (("currency",), ...),
        (("currency",), "soum"),
        (("until",), ...),
        (("until",), "2025-5-14"),
        (("until",), "20250514"),
        (("until",), "2025-02-30"),
        (("until",), 20250514),
        (("step",), "0"),
        (("step",), "-1"),
        (("step",), 1),
        (("step",), "1e2"),
        (("groups",), {}),
        (("groups", 0), []),
        (("groups", 0, "id"), ""),
        (("groups", 0, "id"), 7),
        (("groups", 0, "ends"), "2025-02-28"),
        (("groups", 0, "weekdays", 0), 0),
        (("groups", 0, "weekdays", 0), 8),
        (("groups", 0, "weekdays", 0), True),
        (("groups", 0, "weekdays", 1), 1),
        ((*ENROLMENT, "group"), "g2"),
        ((*ENROLMENT, "group"), None),
        ((*ENROLMENT, "joined"), "2025-02-28"),
        ((*ENROLMENT, "joined"), "2026-03-02"),
        ((*ENROLMENT, "activated"), "2025-05-04"),
        ((*ENROLMENT, "activated"), "2026-03-02"),
        ((*ENROLMENT, "left"), "2025-05-07"),
        ((*SUBSCRIPTION, "plan"), "monthly"),
        ((*SUBSCRIPTION, "group"), "g2"),
        ((*SUBSCRIPTION, "price"), []),
        ((*SUBSCRIPTION, "price"), "300000"),
        ((*SUBSCRIPTION, "price", 0, "amount"), 300000),
        ((*SUBSCRIPTION, "price", 0, "amount"), "300 000"),
        ((*SUBSCRIPTION, "price", 0, "amount"), "-1"),
        ((*SUBSCRIPTION, "price", 0, "amount"), "0.0000000000001"),
        ((*SUBSCRIPTION, "price", 0, "amount"), "NaN"),
        ((*SUBSCRIPTION, "price", 0, "amount"), "٣"),
        ((*SUBSCRIPTION, "lessons_count"), 0),
        ((*SUBSCRIPTION, "lessons_count"), "8"),
        ((*SUBSCRIPTION, "months"), 1.5),
        ((*SUBSCRIPTION, "from"), None),
        ((*SUBSCRIPTION, "to"), "2025-05-07"),
        ((*SUBSCRIPTION, "subjects"), "english"),
        ((*SUBSCRIPTION, "account"), "bonus"),
        ((*SUBSCRIPTION, "extended_by_suspensions"), "yes"),
        ((*LESSON, "date"), ...),
        ((*LESSON, "time"), "2 pm"),
        ((*LESSON, "time"), "24:00"),
        ((*LESSON, "group"), "g2"),
        ((*LESSON, "status"), "done"),
        ((*LESSON, "reason"), "ill"),
        ((*LESSON, "present"), "yes"),
        (("reasons", "excused", "charges"), "no"),
        (("holidays", 0, "affects_payment"), ...),
        (("discounts", 0, "kind"), "gift"),
        (("discounts", 0, "amount"), "100.01"),
        (("discounts", 0, "amount"), "-1"),
        (("discounts", 0, "per"), "month"),
        (("discounts", 0, "to"), "2025-04-30"),
        (("suspensions", 0, "to"), "2025-05-11"),
        (("payments", 0, "amount"), 300000),
        (("payments", 0, "account"), "s1"),
        (("payments", 0, "account"), "s2"),
        (("settings", "activation_day_counts"), 1),
        (("settings", "money_discount_per"), "month"),
        (("settings", "holiday"), "free"),
    ],
    ids=lambda part: written(part) if isinstance(part, tuple) else repr(part),
)
def test_a_wrong_value_is_refused_with_its_path(path, value):
    with pytest.raises(WrongFile) as refused:
        answered(changed(path, value))

    assert refused.value.path == written(path)
    assert str(refused.value).startswith(f"{written(path)}: ")


@pytest.mark.parametrize(
    ("plan", "missing"),
    [("per_lesson", "lessons_count"), ("module", "module_lessons"), ("module", "group"), ("group_month", "group")],
)
def test_what_a_plan_needs_must_be_there(plan, missing):
    whole = {"plan": plan, "lessons_count": 8, "module_lessons": 12}

    answered(a_situation(subscription=whole))
    with pytest.raises(WrongFile) as refused:
        answered(a_situation(subscription={**whole, missing: None}))
    assert refused.value.path == f"subscriptions[0].{missing}"


@pytest.mark.parametrize("kind", ["groups", "subscriptions", "discounts", "lessons"])
def test_an_id_is_there_once(kind):
    twice = {**EVERY_KEY, kind: [*EVERY_KEY[kind], *EVERY_KEY[kind]]}

    with pytest.raises(WrongFile) as refused:
        answered(twice)
    assert refused.value.path == f"{kind}[1].id"


def test_a_listed_lesson_may_not_bear_the_id_of_a_made_one():
    with pytest.raises(WrongFile) as refused:
        answered(a_situation(lessons=[{"id": "g1:2025-05-09", "date": "2025-05-09"}]))
    assert refused.value.path == "lessons[0].id"


@pytest.mark.parametrize(("again", "refused_at"), [("2025-05-20", "enrolments[1].joined"), ("2025-05-21", None)])
def test_enrolments_of_a_group_do_not_overlap(again, refused_at):
    situation = a_situation(enrolment={"left": "2025-05-20"})
    situation["enrolments"].append({"group": "g1", "joined": again})

    if refused_at is None:
        answered(situation)
    else:
        with pytest.raises(WrongFile) as refused:
            answered(situation)
        assert refused.value.path == refused_at


def test_days_of_holidays_and_price_steps_are_there_once():
    with pytest.raises(WrongFile, match=r"holidays\[1\].date"):
        answered({**EVERY_KEY, "holidays": EVERY_KEY["holidays"] * 2})
    twice = [{"from": "2025-01-01", "amount": "1"}] * 2
    with pytest.raises(WrongFile, match=r"subscriptions\[0\].price\[1\].from"):
        answered(a_situation(subscription={"price": None} | {"price": twice[:1]}) | {"subscriptions": [
            {"id": "s1", "plan": "calendar_month", "from": "2025-01-01", "price": twice}
        ]})  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"until": 1, "until": 2}', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(content):
    with pytest.raises(WrongFile):
        quote(content)


@pytest.mark.parametrize(
    ("currency", "step", "price", "amount"),
    [
        ("UZS", None, "1000", "1000"),
        ("UZS", "0.01", "1000", "1000.00"),
        ("RUB", None, "1000", "1000.00"),
        ("RUB", "1", "1000.00", "1000"),
        ("JPY", "1", "1000", "1000"),
        ("TND", "0.001", "0.005", "0.005"),
    ],
)
def test_amounts_have_at_least_the_decimals_of_the_step(currency, step, price, amount):
    own = {"lessons_count": 1, "price": [{"from": "2024-01-01", "amount": price}]}
    (charge,) = answered(alone(own, {"date": "2024-03-05"}, currency=currency, step=step))["charges"]

    assert charge["amount"] == amount


def test_a_payment_may_be_finer_than_the_step_of_charges():
    paid = [{"date": "2025-05-08", "amount": "100.50"}, {"date": "2025-05-09", "amount": "-0.25"}]

    assert answered({"currency": "UZS", "until": "2025-05-08", "payments": paid})["balance"] == "100.50"
    assert answered({"currency": "UZS", "until": "2025-05-09", "payments": paid})["balance"] == "100.25"


@pytest.mark.parametrize(
    ("price", "amount"), [("12345.50", "12346"), ("12345.4999", "12345"), ("0.50", "1"), ("0.4", None)]
)
def test_a_price_finer_than_the_step_is_rounded_in_the_charge_alone(price, amount):
    said = answered(a_situation(subscription={"price": price}))

    assert [charge["amount"] for charge in said["charges"]] == ([amount] if amount else [])
    assert [charge["why"] for charge in said["charges"]] == ([[f"price {price}, 13 of 13 lessons"]] if amount else [])


def test_a_discount_in_money_may_be_finer_than_the_step():
    off = [{"id": "d1", "kind": "money", "amount": "0.6"}]

    assert charges(a_situation(discounts=off)) == [("2025-05-01", "299999")]


def test_ids_compare_as_text_and_come_back_as_they_were():
    lessons = [{"id": name, "date": "2024-03-05"} for name in ("l10", "l9", "l1")]
    situation = {**alone({"lessons_count": 3, "price": [{"from": "2024-01-01", "amount": "1000"}]}), "lessons": lessons}

    assert [(each["key"], each["amount"]) for each in answered(situation)["charges"]] == [
        ("l1", "333.33"), ("l10", "333.34"), ("l9", "333.33"),
    ]  # fmt: skip


def test_whys_are_short_and_name_what_was_counted():
    missed = {"date": "2024-03-05", "present": False}
    (charge,) = answered(alone({}, missed))["charges"]
    assert charge["why"] == ["price 4000.00, lesson 1 of 8", "absent, the absence is charged"]

    pause = [{"from": "2025-05-01", "to": "2025-05-04"}, {"from": "2025-05-26", "to": "2025-05-31"}]
    first, credit = answered(a_situation(suspensions=pause))["charges"]
    assert first["why"] == ["price 300000, 12 of 13 lessons", "1 lesson not served"]
    assert credit["why"] == ["price 300000, 3 of 13 lessons not served", "credit of the charge of 2025-05-01"]


def test_the_command_prints_the_answer_or_the_refusal(tmp_path, capfd):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(WORKED))
    assert cli.main(["quote", str(file)]) == 0
    assert json.loads(capfd.readouterr().out) == answered(WORKED)

    file.write_text(json.dumps(changed((*ENROLMENT, "activated"), "2025-05-04")))
    assert cli.main(["quote", str(file)]) == 2
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "enrolments[0].activated: lies before 2025-05-05, the day of joining\n")

    assert cli.main(["quote", str(tmp_path / "nowhere.json")]) == 2
    assert "nowhere.json" in capfd.readouterr().err
