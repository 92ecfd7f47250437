"""Builders of facts for the tests of the pricing rules: one group g1 of 2025, one student, UZS or RUB."""

from datetime import date, time, timedelta

from daftar.courses.rules import EVEN, EVERY_DAY, ODD, WEEKEND, lesson_dates
from daftar.lib.period import exclusive_end
from daftar.tuition.rules import (
    AttendanceFact,
    EnrolmentFact,
    GroupFact,
    LessonFact,
    LessonStatus,
    PlanKind,
    PriceStep,
    StudentFacts,
    SubscriptionFact,
)

__all__ = ["EVEN", "EVERY_DAY", "ODD", "WEEKEND", "LessonStatus", "PlanKind"]

CONDUCTED = LessonStatus.CONDUCTED


def day(text):
    return date.fromisoformat(text)


def soum(amount):
    return amount * 100


def a_group(weekdays=ODD, *, group_id=1, starts="2025-03-01", last="2026-03-01"):
    return GroupFact(id=group_id, starts_on=day(starts), ends_on=exclusive_end(day(last)), weekdays=frozenset(weekdays))


def lessons_of(group, *, starts="2025-03-01", last="2026-03-01", status=LessonStatus.PLANNED, first_id=1):
    """The listed lessons of a group's life between two days, both inside."""
    begins = max(group.starts_on, day(starts))
    ends = min(group.ends_on, day(last) + timedelta(days=1))
    days = lesson_dates(group.weekdays, begins, ends)
    return tuple(
        LessonFact(id=first_id + place, group_id=group.id, on=on, at=time(14), status=status)
        for place, on in enumerate(days)
    )


def a_subscription(plan=PlanKind.CALENDAR_MONTH, price=30_000_000, **changes):
    """From 2025-01-01 on, for group 1, at one price or at price steps given as {day: amount}."""
    steps = price if isinstance(price, dict) else {"2025-01-01": price}
    values = {
        "id": 1,
        "plan": plan,
        "prices": tuple(PriceStep(day(on), amount) for on, amount in steps.items()),
        "starts_on": day("2025-01-01"),
        "group_id": 1,
    }
    return SubscriptionFact(**{**values, **changes})


def an_enrolment(activated="2025-05-08", *, joined="2025-05-01", last=None, group_id=1):
    return EnrolmentFact(
        group_id=group_id,
        joined_on=min(day(joined), day(activated)) if activated else day(joined),
        activated_on=day(activated) if activated else None,
        ends_on=exclusive_end(day(last)) if last else None,
    )


def uzs(**facts):
    return StudentFacts(currency="UZS", step=100, **facts)


def rub(**facts):
    return StudentFacts(currency="RUB", step=1, **facts)


def present(*lessons):
    return tuple(AttendanceFact(lesson_id=lesson.id, present=True) for lesson in lessons)


def amounts(charges):
    return [(charge.key, charge.on.isoformat(), charge.amount) for charge in charges]


def values_of(charge, code):
    """The values of the one line of the explanation with this code; None without one."""
    found = [line.values for line in charge.why if line.code == code]
    assert len(found) <= 1
    return found[0] if found else None
