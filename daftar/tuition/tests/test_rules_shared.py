"""Students who share a timetable are charged as if each had one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from daftar.courses.rules import PlanKind
from daftar.tuition.rules import (
    EnrolmentFact,
    GroupFact,
    HolidayFact,
    LessonFact,
    LessonStatus,
    PriceStep,
    SharedLessons,
    StudentFacts,
    SubscriptionFact,
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


def somebody(lessons: tuple[LessonFact, ...], joined_on: date = MAY, **more) -> StudentFacts:
    subscription = SubscriptionFact(
        id=1, plan=PlanKind.CALENDAR_MONTH, prices=(PriceStep(MAY, 60_000_00),), starts_on=joined_on, group_id=1
    )
    facts = StudentFacts(
        currency="UZS", step=100, groups=(GroupFact(id=1, starts_on=MAY, ends_on=date(2026, 7, 1)),), lessons=lessons,
        enrolments=(EnrolmentFact(group_id=1, joined_on=joined_on, activated_on=joined_on),),
        subscriptions=(replace(subscription, **more.pop("terms", {})),),
    )  # fmt: skip
    return replace(facts, **more)


EACH = (
    {},
    {"joined_on": date(2026, 5, 13)},
    {"holidays": (HolidayFact(on=DAYS[3], affects_payment=True),)},
    {"holidays": (HolidayFact(on=DAYS[3], affects_payment=True, credited=True),)},
    {"terms": {"subjects": frozenset({"Art"})}},
    {"groups": (GroupFact(id=1, starts_on=MAY, ends_on=date(2026, 6, 10), weekdays=frozenset({1, 3})),)},
)


def test_who_shares_a_timetable_pays_what_one_with_lessons_of_ones_own_pays():
    shared = SharedLessons(reversed(LESSONS))
    for until in (date(2026, 5, 2), date(2026, 6, 30)):
        alone = [due(somebody(LESSONS, **each), until) for each in EACH]
        assert [due(somebody(shared, **each), until) for each in EACH] == alone
        assert [due(somebody(shared, **each), until) for each in reversed(EACH)] == alone[::-1]
    assert len({draft.amount for drafts in alone for draft in drafts}) == 4, "they do differ"


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
