"""Rules that no worked example shows, worked out by hand, hold in the reference: it is no judge if it is wrong itself.

Pure: no database. The numbers are those of the specification's precise part.
"""

from __future__ import annotations

from tests.reference import quote


def told(until: str, subscriptions: list[dict], **parts) -> dict:
    """What is said of soums in a group of Mondays, Wednesdays and Fridays, joined on the 1st of May."""
    group = {"id": "g1", "starts": "2025-05-01", "ends": None, "weekdays": [1, 3, 5]}
    joined = {"group": "g1", "joined": "2025-05-01", "activated": "2025-05-01"}
    file = {"currency": "UZS", "until": until, "groups": [group], "enrolments": [joined]}
    return quote(file | {"subscriptions": subscriptions} | parts)


def plan(kind: str, amount: str, **more) -> dict:
    price = [{"from": "2025-05-01", "amount": amount}]
    return {"id": "s1", "plan": kind, "group": "g1", "price": price, "from": "2025-05-01", **more}


def listed(*days: str, **changes: dict) -> list[dict]:
    """Lessons of the group, named by their days; `d0519={"status": "cancelled"}` changes one."""
    rows = []
    for on in days:
        name = f"d{on.replace('-', '')}"
        rows.append({"id": name, "date": f"2025-{on}", "group": "g1", "status": "conducted"} | changes.get(name, {}))
    return rows


def rows(answer: dict) -> list[tuple[str, str]]:
    return [(charge["date"][5:], charge["amount"]) for charge in answer["charges"]]


def test_a_subscription_ends_later_by_its_frozen_days():  # D7, 9.21: ten days, five of them frozen
    answer = told(
        "2025-05-31",
        [plan("per_lesson", "1000", lessons_count=1, to="2025-05-10")],
        lessons=listed("05-09", "05-14", "05-15", "05-16"),
        suspensions=[{"from": "2025-05-08", "to": "2025-05-12"}],
    )
    assert (rows(answer), answer["unpriced"]) == ([("05-14", "1000"), ("05-15", "1000")], ["d0516"])


def test_a_lesson_that_the_centre_cancelled_is_credited_on_its_day():  # 9.18
    four = listed("05-05", "05-12", "05-19", "05-26", d0519={"status": "cancelled"})
    answer = told("2025-05-31", [plan("calendar_month", "300000")], lessons=four)
    assert rows(answer) == [("05-01", "300000"), ("05-19", "-75000")]


def test_a_module_with_a_cancelled_lesson_ends_one_lesson_later():  # 9.18
    five = listed("05-05", "05-12", "05-19", "05-26", "05-28", d0512={"status": "cancelled"})
    answer = told("2025-05-31", [plan("module", "100000", module_lessons=2)], lessons=five)
    assert rows(answer) == [("05-05", "100000"), ("05-26", "100000")]


def test_a_month_frozen_as_a_whole_is_not_charged_and_one_frozen_in_part_is_charged_less():  # 9.22, 9.23
    frozen = [{"from": "2025-05-20", "to": "2025-07-05"}]
    answer = told("2025-07-31", [plan("calendar_month", "300000")], suspensions=frozen)
    assert rows(answer) == [("05-01", "300000"), ("05-20", "-115385"), ("07-01", "253846")]


def test_credits_of_one_charge_add_up():  # 9.22: 100 x 2 / 3 is 67, and 33 of it stands already
    answer = told(
        "2025-05-31",
        [plan("calendar_month", "100")],
        lessons=listed("05-05", "05-12", "05-19"),
        suspensions=[{"from": "2025-05-12", "to": "2025-05-12"}, {"from": "2025-05-19", "to": "2025-05-19"}],
    )
    assert rows(answer) == [("05-01", "100"), ("05-12", "-33"), ("05-19", "-34")]


def test_a_lesson_moved_over_the_border_of_a_month_stays_in_its_month():  # D10, 9.37
    moved = listed("05-09", "05-16", "05-23", "06-03", "06-06", d0603={"moved_from": "2025-05-30"})
    answer = told("2025-06-10", [plan("month_spread", "400000")], lessons=moved)
    assert rows(answer) == [(on, "100000") for on in ("05-09", "05-16", "05-23", "06-03")] + [("06-06", "400000")]


def test_a_separate_account_pays_while_it_has_enough_and_then_the_base():  # D6, 9.29
    separate = plan("per_lesson", "300", lessons_count=1, account="separate")
    base = plan("per_lesson", "500", lessons_count=1) | {"id": "s2"}
    answer = told(
        "2025-05-05",
        [separate, base],
        lessons=listed("05-02", "05-05"),
        payments=[{"date": "2025-05-02", "amount": "300", "account": "s1"}],
    )
    assert rows(answer) == [("05-02", "300"), ("05-05", "500")]
    assert answer["accounts"] == {"base": "-500", "s1": "0"}


def test_an_excused_miss_is_free_but_daily_charges_it():  # D3, 9.31
    missed = listed("05-02", "05-05", d0505={"present": False, "reason": "excused"})
    spread = told("2025-05-31", [plan("month_spread", "1000")], lessons=missed)
    daily = told("2025-05-31", [plan("daily", "1000")], lessons=missed)
    assert (rows(spread), spread["unpriced"]) == ([("05-02", "500")], [])
    assert rows(daily) == [("05-02", "500"), ("05-05", "500")]


def test_a_week_is_shared_by_its_lessons():  # 9.8: three lessons of one week, one of the next
    answer = told("2025-05-31", [plan("week_spread", "100")], lessons=listed("05-05", "05-07", "05-09", "05-12"))
    assert rows(answer) == [("05-05", "33"), ("05-07", "34"), ("05-09", "33"), ("05-12", "100")]


def test_a_harmless_holiday_is_charged_by_daily_and_by_no_spread():  # 9.15: Friday the 2nd
    holiday = [{"date": "2025-05-02", "affects_payment": False}]
    daily = told("2025-05-05", [plan("daily", "13000")], holidays=holiday)
    spread = told("2025-05-05", [plan("month_spread", "12000")], holidays=holiday)
    assert rows(daily) == [("05-02", "1000"), ("05-05", "1000")]
    assert rows(spread) == [("05-05", "1000")]


def test_a_discount_for_a_subject_reaches_a_month_only_if_the_month_is_for_that_subject():  # 9.11
    half = [{"id": "d1", "kind": "percent", "amount": "50", "subjects": ["english"]}]
    lesson = listed("05-05", d0505={"subject": "english"})
    any_subject = told("2025-05-31", [plan("calendar_month", "100")], lessons=lesson, discounts=half)
    english = told("2025-05-31", [plan("calendar_month", "100", subjects=["english"])], lessons=lesson, discounts=half)
    assert (rows(any_subject), rows(english)) == ([("05-01", "100")], [("05-01", "50")])


def test_leaving_on_the_day_of_activation_takes_the_credit_off_the_charge():  # 9.23: Friday the 2nd of 13 lessons
    row = {"group": "g1", "joined": "2025-05-02", "activated": "2025-05-02", "left": "2025-05-02"}
    answer = told("2025-05-31", [plan("calendar_month", "13000")], enrolments=[row])
    assert rows(answer) == [("05-02", "1000")]
