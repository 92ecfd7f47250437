"""What is paid in advance and not served: leaving, pausing, cancelled lessons, days off, by the worked examples."""

from dataclasses import replace

import pytest

from daftar.tuition.rules import DeclinedCredit, SuspensionFact, due
from daftar.tuition.tests.quote_cast import GROUP, a_situation, a_subscription, answered, charges
from daftar.tuition.tests.rules_cast import a_group, an_enrolment, day, lessons_of, soum, uzs
from daftar.tuition.tests.rules_cast import a_subscription as a_subscription_fact

MAY = ("2025-05-01", "300000")
OFF = [{"date": "2025-05-09", "affects_payment": True}]


def paused(*pauses, **changes):
    return a_situation(suspensions=[{"from": first, "to": last} for first, last in pauses], **changes)


def listed(*numbers, status="cancelled"):
    """The odd lessons of May, some of them with this status."""
    days = (2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30)
    return [
        {"id": f"l{number:02}", "date": f"2025-05-{number:02}", "group": "g1",
         "status": status if number in numbers else "conducted"}
        for number in days
    ]  # fmt: skip


def test_e26_a_pause_to_the_end_of_a_paid_month():
    said = answered(paused(("2025-05-19", "2025-05-31")))

    assert [(each["key"], each["date"], each["amount"]) for each in said["charges"]] == [
        ("2025-05", "2025-05-01", "300000"),
        ("2025-05", "2025-05-19", "-138462"),
    ]
    assert said["balance"] == "-161538"


def test_e27_moving_to_another_group():
    said = answered(
        {
            **a_situation(),
            "groups": [GROUP, {**GROUP, "id": "g2", "weekdays": [2, 4, 6]}],
            "enrolments": [
                {"group": "g1", "joined": "2025-05-01", "activated": "2025-05-01", "left": "2025-05-18"},
                {"group": "g2", "joined": "2025-05-19", "activated": "2025-05-19"},
            ],
            "subscriptions": [a_subscription(), a_subscription(id="s2", group="g2", price="400000")],
        }
    )

    assert [charge["amount"] for charge in said["charges"]] == ["300000", "-138462", "171429"]
    assert said["balance"] == "-332967"


def test_e28_leaving_after_a_lesson():
    left = a_situation(group={"weekdays": [2, 4, 6]}, enrolment={"left": "2025-05-20"})

    assert charges(left) == [MAY, ("2025-05-20", "-107143")]


def test_e29_leaving_after_a_trial_moves_no_money():
    assert charges(a_situation(enrolment={"joined": "2025-05-05", "activated": None, "left": "2025-05-12"})) == []


def test_9_22_several_credits_of_one_charge_round_together():
    three = paused(("2025-05-05", "2025-05-05"), ("2025-05-12", "2025-05-12"), ("2025-05-19", "2025-05-19"))

    # 23 077, 46 154 and 69 231 in all.
    assert charges(three) == [
        MAY, ("2025-05-05", "-23077"), ("2025-05-12", "-23077"), ("2025-05-19", "-23077"),
    ]  # fmt: skip
    seven = paused(*((f"2025-05-{number:02}",) * 2 for number in (2, 5, 7, 9, 12, 14, 16)))
    assert [amount for _on, amount in charges(seven)][-1] == "-23076"


def test_9_22_a_lesson_unserved_twice_over_counts_once():
    said = paused(("2025-05-19", "2025-05-23"), lessons=listed(21), enrolment={"left": "2025-05-20"})

    # The 19th is lost to the pause, from the 21st on everything to leaving.
    assert charges(said) == [MAY, ("2025-05-19", "-23077"), ("2025-05-20", "-115385")]


def test_9_23_what_is_known_by_the_due_day_is_taken_off_the_charge():
    assert charges(paused(("2025-04-20", "2025-05-11"))) == [("2025-05-01", "207692")]


def test_9_23_a_period_paused_as_a_whole_is_not_charged():
    said = paused(("2025-05-20", "2025-06-30"), until="2025-07-31")

    assert [on for on, _amount in charges(said)] == ["2025-05-01", "2025-05-20", "2025-07-01"]


def test_9_18_a_cancelled_lesson_is_credited_on_its_day():
    assert charges(a_situation(lessons=listed(21))) == [MAY, ("2025-05-21", "-23077")]


def test_a_credit_is_dated_no_later_than_the_day_asked():
    assert charges(a_situation(lessons=listed(21), until="2025-05-20")) == [MAY]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [("2025-05-08", "225000")], id="E24"),
        pytest.param(
            {"settings": {"holiday": "credit"}}, [("2025-05-08", "230769"), ("2025-05-09", "-23077")], id="D9a credit"
        ),
        pytest.param(
            {"holidays": [{**OFF[0], "holiday": "credit"}]}, [("2025-05-08", "230769"), ("2025-05-09", "-23077")],
            id="D9a credit for this one",
        ),
        pytest.param({"holidays": [{**OFF[0], "affects_payment": False}]}, [("2025-05-08", "230769")], id="E25"),
    ],
)  # fmt: skip
def test_days_off_in_a_month_paid_in_advance(changes, expected):
    assert charges(a_situation(**{"enrolment": {"activated": "2025-05-08"}, "holidays": OFF, **changes})) == expected


def test_9_16_a_lesson_held_on_a_day_off_was_held():
    assert charges(a_situation(lessons=listed(), holidays=OFF, enrolment={"activated": "2025-05-08"})) == [
        ("2025-05-08", "230769")
    ]
    assert charges(a_situation(lessons=listed(9), holidays=OFF, enrolment={"activated": "2025-05-08"})) == [
        ("2025-05-08", "225000")
    ]


def test_a_module_credits_what_a_pause_took():
    module = {"plan": "module", "module_lessons": 12, "price": "360000"}
    said = paused(
        ("2025-05-12", "2025-05-16"), group={"starts": "2025-05-05"}, subscription=module,
        enrolment={"joined": "2025-05-05", "activated": "2025-05-05"},
    )  # fmt: skip

    assert charges(said) == [("2025-05-05", "360000"), ("2025-05-12", "-90000")]


@pytest.mark.parametrize(("extended", "june"), [(True, [("2025-06-01", "69231")]), (False, [])])
def test_d7_a_pause_moves_the_end(extended, june):
    said = paused(
        ("2025-05-12", "2025-05-18"), until="2025-06-30",
        subscription={"to": "2025-05-31", "extended_by_suspensions": extended},
    )  # fmt: skip

    # Seven days: to 7 June, with three of its thirteen lessons.
    assert charges(said) == [MAY, ("2025-05-12", "-69231"), *june]


def test_9_21_an_open_pause_means_no_end_and_one_in_the_extension_counts_too():
    open_end = paused(("2025-05-12", None), subscription={"to": "2025-05-31"}, until="2025-08-31")
    assert charges(open_end) == [MAY, ("2025-05-12", "-207692")]

    twice = paused(
        ("2025-05-12", "2025-05-18"), ("2025-06-02", "2025-06-08"), subscription={"to": "2025-05-31"},
        until="2025-06-30",
    )  # fmt: skip
    # To 14 June: six of thirteen lessons, the 2nd, 4th and 6th of them paused.
    assert charges(twice)[2:] == [("2025-06-01", "138462"), ("2025-06-02", "-69231")]


def paused_facts(**changes):
    group = a_group()
    facts = uzs(
        groups=(group,), enrolments=(an_enrolment("2025-05-01"),), subscriptions=(a_subscription_fact(),),
        lessons=lessons_of(group),
        suspensions=(
            SuspensionFact(starts_on=day("2025-05-05"), ends_on=day("2025-05-06")),
            SuspensionFact(starts_on=day("2025-05-12"), ends_on=day("2025-05-13")),
        ),
    )  # fmt: skip
    return replace(facts, **changes)


def test_d8_a_declined_credit_is_not_given():
    declined = frozenset({DeclinedCredit(1, "2025-05", day("2025-05-05"))})

    assert [draft.amount for draft in due(paused_facts(declined=declined), day("2025-05-31"))] == [
        soum(300_000), -soum(23_077),
    ]  # fmt: skip


def test_a_pause_in_another_group_concerns_nothing_here():
    elsewhere = (SuspensionFact(starts_on=day("2025-05-05"), group_id=2),)

    assert [draft.amount for draft in due(paused_facts(suspensions=elsewhere), day("2025-05-31"))] == [soum(300_000)]
