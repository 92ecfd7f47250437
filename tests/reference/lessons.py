"""Which lessons there are, whose they are, what they count for: rules 9.1, 9.8, 9.14-9.18, 9.25, 9.26, 9.30, 9.37."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from .facts import PERIOD_PLANS, Enrolment, Facts, Group, Lesson, Subscription, Suspension

WALK_DAYS = 365
SPREADS = ("month_spread", "week_spread")
DAY = timedelta(days=1)


def with_lessons(facts: Facts) -> Facts:
    """The facts with every lesson of the file: the listed ones, and those made from weekdays."""
    made = [lesson for group in facts.groups.values() for lesson in made_lessons(facts, group)]
    found = {lesson.id: lesson for lesson in [*map(read_at(facts), facts.listed), *made]}
    told = [replace(lesson, missed=found.get(lesson.makes_up_for)) for lesson in found.values()]
    return replace(facts, lessons=tuple(sorted(told, key=lambda x: x.order)))


def read_at(facts: Facts):
    """9.30: beyond `until` a conducted lesson reads as planned, a cancelled one stays cancelled."""

    def reading(lesson: Lesson) -> Lesson:
        later = lesson.date > facts.until and lesson.status == "conducted"
        return replace(lesson, status="planned") if later else lesson

    return reading


def made_lessons(facts: Facts, group: Group) -> list[Lesson]:
    """§8: a group without listed lessons has those of its weekdays; 9.8: also where it does not live, for counting."""
    if any(lesson.group == group.id for lesson in facts.listed):
        return []
    made, on, last = [], earliest(facts), latest(facts)
    while on <= last:
        if on.isoweekday() in group.weekdays:
            made.append(made_lesson(facts, group, on))
        on += DAY
    return made


def made_lesson(facts: Facts, group: Group, on: date) -> Lesson:
    return Lesson(
        id=f"{group.id}:{on}",  # 9.1
        date=on,
        time=None,
        group=group.id,
        type="group",
        subject=None,
        status="conducted" if on <= facts.until else "planned",
        moved_from=None,
        present=True,
        reason=None,
        made=True,
        outside_life=on < group.starts or (group.ends is not None and on > group.ends),
    )


def earliest(facts: Facts) -> date:
    """A day before every month or cycle that can be asked for."""
    days = [facts.until, *(group.starts for group in facts.groups.values()), *(s.starts for s in facts.subscriptions)]
    return min(days) - 62 * DAY


def latest(facts: Facts) -> date:
    """A day after every month, cycle or module that begins within the walk of paid-until (9.33)."""
    modules = [subscription.module_lessons or 0 for subscription in facts.subscriptions]
    days = [facts.until, *(group.starts for group in facts.groups.values())]
    return max(days) + (WALK_DAYS + 62 + 7 * (2 * max(modules, default=0) + len(facts.holidays))) * DAY


def holiday_effect(facts: Facts, lesson: Lesson) -> str | None:
    """9.15, 9.16: why the lesson is not held on a holiday: "nothing", "count", "credit"; None: no holiday for it."""
    holiday = facts.holidays.get(lesson.date)  # 9.37: by its actual date
    if holiday is None:
        return None
    if not lesson.made and lesson.status == "conducted":
        return None  # 9.16
    return holiday.effect


def in_count(facts: Facts, plan: str, lesson: Lesson) -> bool:
    """Whether the lesson is one of the n lessons of its month, week, cycle or module."""
    effect = holiday_effect(facts, lesson)
    if effect == "count":
        return False  # 9.15: leaves the count of every plan
    if effect == "credit":
        return True  # D9a: stays in the count
    if effect == "nothing":
        return plan not in ("month_spread", "week_spread")  # 9.15
    if lesson.status == "cancelled":
        return plan in ("calendar_month", "group_month", "student_month")  # 9.18
    return True


def fits(subscription: Subscription, lesson: Lesson) -> bool:
    """Group, subject and type; 9.12: a lesson without a subject fits only what names no subject."""
    return (
        (subscription.group in (None, lesson.group) or stands_for_one_of(subscription, lesson))
        and (not subscription.subjects or lesson.subject in subscription.subjects)
        and (not (subscription.lesson_types or lesson.only_if_named) or lesson.type in subscription.lesson_types)
    )


def stands_for_one_of(subscription: Subscription, lesson: Lesson) -> bool:
    """Handbook, attendance: a make-up is charged as the missed one would have been, by the price of its group; where a
    month, or each scheduled lesson, is charged, it is paid already. A spread has its lessons' places only, and a period
    that did not run on the day of the miss has nothing to do with it (9.42)."""
    if lesson.missed is None or subscription.group != lesson.missed.group or subscription.plan in PERIOD_PLANS:
        return False
    return subscription.plan not in SPREADS or fits(subscription, lesson.missed)


def is_paid_already(facts: Facts, lesson: Lesson) -> bool:
    """Handbook, attendance: one that makes up for a miss that was charged costs nothing."""
    missed = lesson.missed
    if missed is None:
        return False
    if is_trial(facts, missed) or was_in_a_period(facts, missed):
        return True  # R56, 9.42
    if missed.status != "conducted" or missed.present:
        return False
    return facts.charges_for_absence[missed.reason or "unexcused"]


def was_in_a_period(facts: Facts, missed: Lesson) -> bool:
    """9.25: a period plan of its group ran on its day, and so it was paid at once with the others."""
    plans = [each for each in facts.subscriptions if each.plan in PERIOD_PLANS and each.group is not None]
    return any(each.group == missed.group and is_running(facts, each, missed.date) for each in plans)


def is_own(facts: Facts, lesson: Lesson) -> bool:
    """Whether the student is on the lesson's roster."""
    if lesson.outside_life:
        return False
    if lesson.group is None:
        return True
    rows = [row for row in facts.enrolments if row.group == lesson.group]
    if not rows:
        return True  # 9.26: a guest's; a made lesson is attended too
    return any(row.joined <= lesson.date <= (row.left or date.max) for row in rows)


def is_trial(facts: Facts, lesson: Lesson) -> bool:
    """9.14: before the activation, and with D1 off on its day; D12: before the month in which it was written down."""
    for row in facts.enrolments:
        if row.group == lesson.group and row.joined <= lesson.date <= (row.left or date.max):
            if row.activated is None or lesson.date < max(row.activated, nothing_before(facts, row)):
                return True
            return lesson.date == row.activated and not facts.activation_day_counts
    return False


def nothing_before(facts: Facts, row: Enrolment) -> date:
    """D12: the first day on which something may be charged for a membership."""
    if row.entered is None or facts.switches["backdated_charges"] == "every_month":
        return date.min
    return row.entered.replace(day=1)


def suspensions_in(facts: Facts, group: str | None) -> list[Suspension]:
    """D7: those in which the student does not come to a group, and for None to nothing at all (R67)."""
    return [row for row in facts.suspensions if row.group is None or row.group == group]


def suspension_from(facts: Facts, lesson: Lesson) -> date | None:
    """The first day of the earliest suspension that covers a lesson (9.22), None when not suspended."""
    rows = suspensions_in(facts, lesson.group)
    return min((row.starts for row in rows if row.starts <= lesson.date <= (row.ends or date.max)), default=None)


def moved_end(facts: Facts, subscription: Subscription) -> date | None:
    """9.21: `to`, moved until as many non-suspended days fit in from `from` on as there were days.

    D7: a suspension that does not say so moves nothing; what is paid for all groups goes on in the others (R67).
    """
    if subscription.ends is None or not subscription.extended_by_suspensions:
        return subscription.ends
    wanted = (subscription.ends - subscription.starts).days + 1
    served, on = 0, subscription.starts - DAY
    moving = [row for row in suspensions_in(facts, subscription.group) if row.extends]
    open_from = min((row.starts for row in moving if row.ends is None), default=date.max)
    while served < wanted:
        on += DAY
        if on >= open_from:
            return None
        served += not any(row.starts <= on <= (row.ends or date.max) for row in moving)
    return on


def known_end(facts: Facts, subscription: Subscription) -> date | None:
    """9.20: the group's `ends` or the moved `to`, whichever is earlier."""
    ends = [moved_end(facts, subscription)]
    if subscription.group is not None:
        ends.append(facts.groups[subscription.group].ends)
    return min((end for end in ends if end is not None), default=None)


def activations(facts: Facts, subscription: Subscription) -> list[tuple[date, date | None]]:
    """9.14, 9.24: every start of the subscription, with the day on which that enrolment was left."""
    rows = [row for row in facts.enrolments if row.group == subscription.group]
    if not rows:
        found = [(subscription.starts, None)]
    else:
        found = [(max(row.activated, subscription.starts), row.left) for row in rows if row.activated is not None]
    end = known_end(facts, subscription) or date.max
    return sorted((start, left) for start, left in found if start <= min(left or date.max, end))


def is_running(facts: Facts, subscription: Subscription, on: date) -> bool:
    """9.25: whether a period plan pays for what happens on a day."""
    end = known_end(facts, subscription) or date.max
    return any(start <= on <= min(left or date.max, end) for start, left in activations(facts, subscription))


def was_counted(facts: Facts, subscription: Subscription, lesson: Lesson) -> bool:
    """What was paid with the missed lesson is no lesson of the price a second time (R55)."""
    return is_paid_already(facts, lesson) or (lesson.missed is not None and subscription.plan == "daily")


def counted(facts: Facts, subscription: Subscription) -> list[Lesson]:
    """9.8: every lesson that some month, week, cycle or module of the subscription counts, in order."""
    return [
        lesson
        for lesson in facts.lessons
        if fits(subscription, lesson)
        and (lesson.group == subscription.group if subscription.group is not None else is_own(facts, lesson))
        and in_count(facts, subscription.plan, lesson)
        and not (subscription.group is None and was_counted(facts, subscription, lesson))
        # D13: pattern days on which the group does not exist measure its first and last month, or do not.
        and not (lesson.outside_life and facts.switches["group_edges"] == "group_life")
    ]
