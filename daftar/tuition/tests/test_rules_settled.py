"""Where the rules could be read in two ways: what was decided, each in a situation of its own."""

import pytest

from daftar.tuition.tests.quote_cast import a_situation, charges, reach

# Four of a module of six, on odd days from Monday 5 May.
LISTED = [{"id": f"l{day}", "date": f"2025-05-{day:02}", "group": "g1"} for day in (5, 7, 9, 12)]


def unfinished(**changes):
    plan = {"plan": "module", "module_lessons": 6, "price": "600000"}
    return a_situation(group={"starts": "2025-05-05", "ends": None}, subscription=plan, lessons=LISTED, **changes)


@pytest.mark.parametrize(
    ("changes", "credit"),
    [
        pytest.param({"enrolment": {"left": "2025-05-09"}}, ("2025-05-09", "-300000"), id="left"),
        pytest.param({"suspensions": [{"from": "2025-05-09"}]}, ("2025-05-09", "-400000"), id="paused for good"),
        pytest.param(
            {"suspensions": [{"from": "2025-05-12", "to": "2025-05-31"}]}, ("2025-05-12", "-300000"), id="past the list"
        ),
        pytest.param(
            {"suspensions": [{"from": "2025-05-09", "to": "2025-05-11"}]}, ("2025-05-09", "-100000"), id="within it"
        ),
    ],
)  # fmt: skip
def test_lessons_that_an_unfinished_module_does_not_list_yet_are_credited_too_9_19(changes, credit):
    joined = {"joined": "2025-05-05", "activated": "2025-05-05", **changes.pop("enrolment", {})}

    assert charges(unfinished(enrolment=joined, **changes)) == [("2025-05-05", "600000"), credit]


def moved(to, since, **changes):
    """Lessons on Wednesdays; that of the 7th of May is moved."""
    lessons = [{"id": f"l{on}", "date": f"2025-05-{on:02}", "group": "g1"} for on in (14, 21, 28)]
    lessons += [{"id": "moved", "date": to, "moved_from": since, "group": "g1"}]
    return a_situation(group={"weekdays": [3]}, lessons=lessons, **changes)


def test_activation_on_a_due_day_is_the_full_charge_also_of_a_lesson_moved_to_before_it_9_24():
    assert charges(moved("2025-04-29", "2025-05-07")) == [("2025-05-01", "300000")]


def test_after_the_first_charge_a_month_costs_its_price_wherever_its_lessons_were_moved_9_37():
    since = {"joined": "2025-04-21", "activated": "2025-04-21"}
    lessons = [{"id": "l23", "date": "2025-04-23", "group": "g1"}]
    before_the_start = moved("2025-04-18", "2025-05-07", enrolment=since)

    assert charges({**before_the_start, "lessons": before_the_start["lessons"] + lessons}) == [
        ("2025-04-21", "300000"), ("2025-05-01", "300000"),
    ]  # fmt: skip


def test_with_d1_off_the_lesson_of_the_activation_day_is_a_trial_on_a_due_day_too_9_14():
    first = {"joined": "2025-08-01", "activated": "2025-08-01"}
    setting = {"activation_day_counts": False}

    # August 2025 has 13 odd days; the first of them is that of the activation.
    assert charges(a_situation(until="2025-08-31", enrolment=first, settings=setting)) == [("2025-08-01", "276923")]


def test_a_lesson_moved_to_before_its_periods_charge_costs_nothing_yet_9_34():
    paid = [{"date": "2025-04-01", "amount": "900000"}]
    since = {"joined": "2025-04-01", "activated": "2025-04-01"}
    early = moved("2025-04-29", "2025-05-07", enrolment=since, until="2025-04-28", payments=paid)

    assert reach(early) == ("2025-05-28", 3)


def test_a_module_pays_for_no_lesson_that_its_types_do_not_fit_9_25():
    plan = {"plan": "module", "module_lessons": 4, "lesson_types": ["individual"]}
    paid = [{"date": "2025-05-01", "amount": "9000000"}]
    counted = a_situation(subscription=plan, payments=paid)

    assert charges(counted)  # the group's own count goes on
    assert reach(counted) == (None, 0)


def test_made_lessons_of_a_group_that_was_never_joined_are_attended_9_26():
    plan = {"plan": "per_lesson", "lessons_count": 1, "from": "2025-05-01"}

    assert len(charges({**a_situation(subscription=plan), "enrolments": []})) == 13
