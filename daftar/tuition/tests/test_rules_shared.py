"""Students who share a timetable are charged as if each had one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from daftar.courses.rules import PlanKind
from daftar.orgs.rules import CancelledLessons
from daftar.tuition.rules import (
    Decisions,
    DeclinedCredit,
    DiscountFact,
    EnrolmentFact,
    GroupFact,
    HolidayFact,
    LessonFact,
    LessonStatus,
    PriceStep,
    SharedLessons,
    StudentFacts,
    SubscriptionFact,
    SuspensionFact,
    due,
)
from daftar.tuition.rules import known as known_module
from daftar.tuition.rules import period as period_module

MAY = date(2026, 5, 1)
DAYS = [MAY + timedelta(days=count) for count in range(0, 60, 3)]
LESSONS = tuple(
    LessonFact(
        id=number, group_id=1, on=day, subject="Maths" if number % 2 else "Art",
        status=LessonStatus.CANCELLED if number == 7 else LessonStatus.CONDUCTED,
    )
    for number, day in enumerate(DAYS, start=1)
)  # fmt: skip


def somebody(
    lessons: tuple[LessonFact, ...], joined_on: date = MAY, left_on: date | None = None, **more
) -> StudentFacts:
    subscription = SubscriptionFact(
        id=1, plan=PlanKind.CALENDAR_MONTH, prices=(PriceStep(MAY, 60_000_00),), starts_on=joined_on, group_id=1
    )
    facts = StudentFacts(
        currency="UZS", step=100, groups=(GroupFact(id=1, starts_on=MAY, ends_on=date(2026, 7, 1)),), lessons=lessons,
        enrolments=(EnrolmentFact(group_id=1, joined_on=joined_on, activated_on=joined_on, ends_on=left_on),),
        subscriptions=(replace(subscription, **more.pop("terms", {})),),
    )  # fmt: skip
    return replace(facts, **more)


EACH = (
    {},
    {"joined_on": date(2026, 5, 13)},
    {"holidays": (HolidayFact(on=DAYS[3], affects_payment=True),)},
    {"holidays": (HolidayFact(on=DAYS[3], affects_payment=True, credited=True),)},
    {"terms": {"subjects": frozenset({"Art"})}},
    {"terms": {"id": 2}},
    {"terms": {"id": 3, "prices": (PriceStep(MAY, 70_000_00),)}},
    {"terms": {"id": 4, "ends_on": date(2026, 6, 15)}},
    {"terms": {"id": 5, "plan": PlanKind.GROUP_MONTH}},
    {"joined_on": date(2026, 5, 13), "terms": {"id": 6}},
    {"joined_on": DAYS[4], "activation_day_counts": False},
    {"step": 1, "terms": {"id": 7, "prices": (PriceStep(MAY, 60_000_01),)}, "joined_on": date(2026, 5, 13)},
    {"step": 1, "joined_on": date(2026, 5, 13)},
    {"left_on": date(2026, 6, 10)},
    {"terms": {"id": 12, "ends_on": date(2026, 6, 20)}},
    {"terms": {"id": 13, "lesson_types": frozenset({"exam"})}},
    {"groups": (GroupFact(id=1, starts_on=MAY, ends_on=date(2026, 6, 10)),)},
    {"discounts": (DiscountFact(id=1, percent=Decimal(10)),), "terms": {"id": 8}},
    {"suspensions": (SuspensionFact(starts_on=DAYS[5], ends_on=DAYS[9]),), "terms": {"id": 9}},
    {"declined": frozenset({DeclinedCredit(10, "2026-05", DAYS[6])}), "terms": {"id": 10}},
    {"decisions": Decisions(cancelled_lessons=CancelledLessons.KEPT), "terms": {"id": 11}},
    {"groups": (GroupFact(id=1, starts_on=MAY, ends_on=date(2026, 6, 10), weekdays=frozenset({1, 3})),)},
)


def test_who_shares_a_timetable_pays_what_one_with_lessons_of_ones_own_pays():
    shared = SharedLessons(reversed(LESSONS))
    for until in (date(2026, 5, 2), date(2026, 6, 30)):
        alone = [due(somebody(LESSONS, **each), until) for each in EACH]
        assert [due(somebody(shared, **each), until) for each in EACH] == alone
        assert [due(somebody(shared, **each), until) for each in reversed(EACH)] == alone[::-1]
    assert len({draft.amount for drafts in alone for draft in drafts}) > 10, "they do differ"


# The others follow from these: from the key of the charge, or from the group.
GROUP, DAYS_OFF, DECISIONS, UNTIL, STEP, KEY, PRICE, SUBJECTS, TYPES, ENDS_ON, LEFT_ON, START = (
    *range(6), *range(9, 13), 14, 16,
)  # fmt: skip


@pytest.mark.parametrize(
    "forgotten", [GROUP, DAYS_OFF, DECISIONS, UNTIL, STEP, KEY, PRICE, SUBJECTS, TYPES, ENDS_ON, LEFT_ON, START]
)
def test_a_charge_shared_by_those_who_differ_would_be_noticed(monkeypatch, forgotten):
    deciding = period_module._deciding

    def forgetful(*asked):
        found = deciding(*asked)
        return None if found is None else (*found[:forgotten], *found[forgotten + 1 :])

    monkeypatch.setattr(period_module, "_deciding", forgetful)
    with pytest.raises(AssertionError):
        test_who_shares_a_timetable_pays_what_one_with_lessons_of_ones_own_pays()


def test_a_count_kept_without_the_days_off_would_be_noticed(monkeypatch):
    counted = known_module.counted

    def forgetful(known, subscription, first, after, leaving):
        plain = replace(known, facts=replace(known.facts, holidays=()), shared=known.shared)
        return counted(plain, subscription, first, after, leaving)

    monkeypatch.setattr(period_module, "counted", forgetful)
    with pytest.raises(AssertionError):
        test_who_shares_a_timetable_pays_what_one_with_lessons_of_ones_own_pays()


def test_facts_given_other_lessons_forget_the_timetable():
    facts = somebody(SharedLessons(LESSONS))
    whole = due(facts, date(2026, 5, 31))
    assert due(replace(facts, lessons=()), date(2026, 5, 31)) == []
    assert due(facts, date(2026, 5, 31)) == whole
