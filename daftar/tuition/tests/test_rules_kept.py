"""Who leaves and comes back into what stayed charged goes on in it: no lesson is paid twice (pricing rule 9.41)."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from daftar.orgs.rules import ANSWERS, UnservedLessons
from daftar.tuition.rules import (
    DeclinedCredit,
    EnrolmentFact,
    GivenCredit,
    PlanKind,
    SuspensionFact,
    due,
    period,
    told,
)
from daftar.tuition.rules.decisions import decided
from daftar.tuition.tests.rules_cast import (
    CONDUCTED,
    LessonStatus,
    a_group,
    a_subscription,
    day,
    lessons_of,
    present,
    soum,
    uzs,
)

FIRST, LAST = date(2025, 3, 1), date(2025, 7, 20)
GROUP = a_group()
LESSONS = lessons_of(GROUP, last="2025-08-31", status=CONDUCTED)
KEPT, CREDITED = UnservedLessons.KEPT, UnservedLessons.CREDITED


def stay(activated, last=None):
    return EnrolmentFact(
        group_id=1, joined_on=activated, activated_on=activated, ends_on=last and last + timedelta(days=1)
    )


@st.composite
def returns(draw):
    """Somebody who leaves the group and comes back, once or more often, charged in any of the nine ways."""
    stays, on = [], FIRST + timedelta(days=draw(st.integers(0, 20)))
    for _turn in range(draw(st.integers(2, 4))):
        last = on + timedelta(days=draw(st.integers(0, 25)))
        stays.append(stay(on, last))
        on = last + timedelta(days=draw(st.integers(1, 12)))
    if draw(st.booleans()):
        stays[-1] = replace(stays[-1], ends_on=None)
    moved = {pk: draw(st.integers(-12, 12)) for pk in draw(st.sets(st.integers(1, 60), max_size=3))}
    lessons = tuple(
        replace(each, moved_from=each.on + timedelta(days=moved[each.id])) if each.id in moved else each
        for each in LESSONS
    )
    subscription = a_subscription(draw(st.sampled_from(PlanKind)), lessons_count=3, module_lessons=7)
    decisions = decided(lambda name: draw(st.sampled_from(ANSWERS[name])))
    facts = uzs(
        groups=(GROUP,), enrolments=tuple(stays), subscriptions=(subscription,), lessons=lessons,
        attendances=present(*lessons), activation_day_counts=draw(st.booleans()), decisions=decisions,
    )  # fmt: skip
    # A person decides otherwise on some credits.
    given_back = due(replace(facts, decisions=replace(decisions, unserved_lessons=CREDITED)), LAST)
    known = [(draft.subscription_id, draft.key, draft.on) for draft in given_back if draft.amount < 0]
    chosen = frozenset(credit for credit in known if draw(st.booleans()))
    if decisions.unserved_lessons is KEPT:
        return replace(facts, given=frozenset(GivenCredit(*credit) for credit in chosen))
    return replace(facts, declined=frozenset(DeclinedCredit(*credit) for credit in chosen))


def paid_for(facts) -> Counter[int]:
    """How often each lesson is in a charge that did not give it back."""
    found: Counter[int] = Counter()
    for draft in due(facts, LAST):
        lessons = draft.serves if draft.lesson_id is None else {draft.lesson_id}
        found.update(dict.fromkeys(lessons, 1 if draft.amount > 0 else -1))
    return found


@settings(max_examples=300, deadline=None)
@given(returns())
def test_no_lesson_is_in_two_live_charges(facts):
    assert not [pk for pk, times in paid_for(facts).items() if times > 1]


@settings(max_examples=100, deadline=None)
@given(returns())
def test_every_lesson_that_a_returner_comes_to_is_in_a_charge(facts):
    """So that paying nothing twice does not become paying nothing."""
    last = facts.enrolments[-1]
    plan = facts.subscriptions[0].plan
    if plan is PlanKind.WHOLE_COURSE or any(each.moved_from for each in facts.lessons):
        return
    first = last.first_paid_on(activation_day_counts=facts.activation_day_counts)
    mine = [each.id for each in facts.lessons if each.on >= first and last.holds(each.on) and each.on <= LAST]
    found = paid_for(facts)
    assert not [pk for pk in mine if found[pk] != 1]


@pytest.mark.parametrize(
    ("law", "is_kept"),
    [
        (test_no_lesson_is_in_two_live_charges, False),
        (test_every_lesson_that_a_returner_comes_to_is_in_a_charge, True),
    ],
)
def test_a_planted_fault_would_be_noticed(monkeypatch, law, is_kept):
    """An earlier charge is forgotten; or what it gave back is taken for kept."""
    monkeypatch.setattr(period, "is_kept", lambda *_values: is_kept)
    searching = settings(max_examples=900, deadline=None, phases=[Phase.generate], database=None)

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        searching(given(**law.hypothesis._given_kwargs)(law.hypothesis.inner_test))()


def may(*stays, answer=KEPT, plan=PlanKind.CALENDAR_MONTH, until="2025-05-31", **facts):
    """Days and soums; 300 000 a month, odd days, thirteen of them in May."""
    decisions = decided(lambda name: answer if name == "unserved_lessons" else next(iter(ANSWERS[name])))
    values = {"enrolments": tuple(stay(*map(day, each)) for each in stays), "lessons": LESSONS} | facts
    given_facts = uzs(
        groups=(GROUP,), subscriptions=(a_subscription(plan, module_lessons=12),), decisions=decisions, **values
    )
    return [(f"{each.on:%m-%d}", each.amount // soum(1)) for each in due(given_facts, day(until))], given_facts


LEFT = ("2025-05-01", "2025-05-18")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (KEPT, [("05-01", 300_000)]),
        # Five of thirteen lessons are left from the 21st on.
        (CREDITED, [("05-01", 300_000), ("05-18", -138_462), ("05-21", 115_385)]),
    ],
)
def test_who_comes_back_within_a_month_that_stayed_charged_is_not_charged_again(answer, expected):
    assert may(LEFT, ("2025-05-21",), answer=answer)[0] == expected


def test_the_next_month_is_charged_as_ever():
    assert may(LEFT, ("2025-05-21",), until="2025-06-30")[0] == [("05-01", 300_000), ("06-01", 300_000)]


def test_a_declined_credit_is_not_paid_for_again_either():
    declined = frozenset({DeclinedCredit(1, "2025-05", day("2025-05-18"))})
    assert may(LEFT, ("2025-05-21",), answer=CREDITED, declined=declined)[0] == [("05-01", 300_000)]


def test_what_was_given_back_by_hand_is_charged_again():
    by_hand = frozenset({GivenCredit(1, "2025-05", day("2025-05-18"))})
    expected = [("05-01", 300_000), ("05-18", -138_462), ("05-21", 115_385)]
    assert may(LEFT, ("2025-05-21",), given=by_hand)[0] == expected


def test_ones_own_month_that_reaches_over_the_return_is_taken_off_the_next():
    # Of the fourteen from the 21st of May to the 20th of June the eight up to the 7th of June are paid.
    charges, facts = may(("2025-05-08", "2025-05-18"), ("2025-05-21",), plan=PlanKind.STUDENT_MONTH, until="2025-06-20")
    assert charges == [("05-08", 300_000), ("05-21", 128_571)]
    assert told(due(facts, day("2025-06-20"))[-1].why).lessons == 6


def test_what_the_charge_leaves_out_is_said():
    _charges, facts = may(
        ("2025-05-08", "2025-05-18"), ("2025-05-21",), plan=PlanKind.STUDENT_MONTH, until="2025-06-20"
    )
    said = {each.code: each.values for each in due(facts, day("2025-06-20"))[-1].why}
    assert said["paid_before"]["by"] == "2025-05-08"
    assert said["paid_before"]["dates"][0] == "2025-05-21"


def test_a_module_that_stayed_charged_is_gone_on_with():
    # The group's modules of twelve begin on the 3rd and 31st of March, the 28th of April and the 26th of May.
    charges, _facts = may(("2025-04-28", "2025-05-09"), ("2025-05-14",), plan=PlanKind.MODULE)
    assert charges == [("04-28", 300_000), ("05-26", 300_000)]


def test_a_lesson_that_the_centre_cancels_after_the_return_is_credited_by_the_charge_that_paid_for_it():
    off = [each.id for each in LESSONS if each.on == day("2025-05-26")]
    lessons = tuple(replace(each, status=LessonStatus.CANCELLED) if each.id in off else each for each in LESSONS)
    assert may(LEFT, ("2025-05-21",), lessons=lessons)[0] == [("05-01", 300_000), ("05-26", -23_077)]
    assert may(LEFT, lessons=lessons)[0] == [("05-01", 300_000)], "lost to leaving, it stays charged"


def test_a_pause_after_the_return_is_given_back_of_the_charge_that_paid_for_it():
    pause = (SuspensionFact(starts_on=day("2025-05-26"), ends_on=day("2025-06-01")),)
    by_hand = frozenset({GivenCredit(1, "2025-05", day("2025-05-26"))})
    # The 26th, 28th and 30th.
    expected = [("05-01", 300_000), ("05-26", -69_231)]
    assert may(LEFT, ("2025-05-21",), suspensions=pause, given=by_hand)[0] == expected
