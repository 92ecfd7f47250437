"""Rows turned into the plain facts that the rules decide on, for many students in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from daftar.attendance.queries import marks_of
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.rules import PlanKind
from daftar.lib.money import default_step
from daftar.tuition import rules
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection

    from daftar.orgs.access import Actor
    from daftar.people.models import Student


@dataclass(frozen=True)
class _Plans:
    """What is planned in the groups that concern these students, by group."""

    groups: dict[int, rules.GroupFact]
    lessons: dict[int, list[rules.LessonFact]]


def facts_of(
    by: Actor, students: Collection[Student], also_groups: frozenset[int] = frozenset()
) -> dict[int, rules.StudentFacts]:
    """Everything that prices each student, and what is planned in `also_groups`; students need branch and org loaded.

    Not a question itself: verbs and questions that permit it ask it.
    """
    ids = [student.pk for student in students]
    # What prices a student lies in every branch the student ever learned in.
    trusted = replace(by.trusted(), branch_ids=None)
    enrolments, subscriptions = _enrolments(trusted, ids), _subscriptions(trusted, ids)
    marks: dict[int, list[rules.AttendanceFact]] = defaultdict(list)
    lesson_groups: dict[int, set[int]] = defaultdict(set)
    for row in marks_of(trusted, ids):
        fact = rules.AttendanceFact(
            lesson_id=row.lesson_id, present=row.is_present, charges_absence=row.charges is not False
        )
        marks[row.student_id].append(fact)
        lesson_groups[row.student_id].add(row.group_id)
    wanted = {
        student_id: {row.group_id for row in enrolments[student_id]}
        | {row.group_id for row in subscriptions[student_id] if row.group_id is not None}
        | lesson_groups[student_id]
        | also_groups
        for student_id in ids
    }
    plans = _plans(trusted, set().union(*wanted.values()) if wanted else set())
    return {
        student.pk: rules.StudentFacts(
            currency=student.branch.currency,
            step=student.org.rounding_step or default_step(student.branch.currency),
            activation_day_counts=student.org.activation_day_counts,
            groups=tuple(plans.groups[group_id] for group_id in sorted(wanted[student.pk])),
            enrolments=tuple(enrolments[student.pk]),
            subscriptions=tuple(subscriptions[student.pk]),
            lessons=tuple(lesson for group_id in sorted(wanted[student.pk]) for lesson in plans.lessons[group_id]),
            attendances=tuple(marks[student.pk]),
        )
        for student in students
    }


def with_activation(
    facts: rules.StudentFacts, enrolment: Enrolment, subscription: rules.SubscriptionFact
) -> rules.StudentFacts:
    """The same facts as if the enrolment, which need not be saved yet, were activated from the subscription's start."""
    activated = rules.EnrolmentFact(
        group_id=enrolment.group_id, joined_on=enrolment.starts_on, activated_on=subscription.starts_on,
        ends_on=enrolment.ends_on,
    )  # fmt: skip
    others = tuple(
        row for row in facts.enrolments if (row.group_id, row.joined_on) != (enrolment.group_id, enrolment.starts_on)
    )
    return replace(facts, enrolments=(*others, activated), subscriptions=(*facts.subscriptions, subscription))


def _enrolments(by: Actor, ids: Collection[int]) -> dict[int, list[rules.EnrolmentFact]]:
    found: dict[int, list[rules.EnrolmentFact]] = defaultdict(list)
    rows = Enrolment.objects.visible_to(by).filter(student_id__in=ids).order_by("id")
    for student_id, group_id, joined, activated, left in rows.values_list(
        "student_id", "group_id", "starts_on", "activated_on", "ends_on"
    ):
        fact = rules.EnrolmentFact(group_id=group_id, joined_on=joined, activated_on=activated, ends_on=left)
        found[student_id].append(fact)
    return found


def _subscriptions(by: Actor, ids: Collection[int]) -> dict[int, list[rules.SubscriptionFact]]:
    prices: dict[int, list[rules.PriceStep]] = defaultdict(list)
    kept = {}
    rows = Subscription.objects.visible_to(by).filter(student_id__in=ids).order_by("id", "price_steps__from_on")
    columns = ("id", "student_id", "plan", "group_id", "lessons_count", "starts_on", "ends_on")
    for *row, from_on, amount in rows.values_list(*columns, "price_steps__from_on", "price_steps__amount"):
        kept[row[0]] = row
        if from_on is not None:
            prices[row[0]].append(rules.PriceStep(from_on, amount))
    found: dict[int, list[rules.SubscriptionFact]] = defaultdict(list)
    for pk, student_id, plan, group_id, lessons_count, starts_on, ends_on in kept.values():
        found[student_id].append(
            rules.SubscriptionFact(
                id=pk, plan=PlanKind(plan), group_id=group_id, prices=tuple(prices[pk]),
                lessons_count=lessons_count, starts_on=starts_on, ends_on=ends_on,
            )
        )  # fmt: skip
    return found


def _plans(by: Actor, group_ids: Collection[int]) -> _Plans:
    lessons: dict[int, list[rules.LessonFact]] = defaultdict(list)
    rows = Lesson.objects.visible_to(by).filter(group_id__in=group_ids)
    for pk, group_id, on, at, status in rows.values_list("id", "group_id", "held_on", "starts_time", "status"):
        lessons[group_id].append(rules.LessonFact(id=pk, group_id=group_id, on=on, at=at, status=_STATUS[status]))
    return _Plans(_groups(by, group_ids), lessons)


# Asked hundreds of times for one student: a dictionary is quicker than the enumeration itself.
_STATUS = {status.value: status for status in rules.LessonStatus}


def _groups(by: Actor, group_ids: Collection[int]) -> dict[int, rules.GroupFact]:
    """The groups with the weekdays each met on at first, and those it meets on now."""
    lives: dict[int, tuple[date, date]] = {}
    weekly: dict[int, list[tuple[int, date, date | None]]] = defaultdict(list)
    rows = Group.objects.visible_to(by).filter(pk__in=group_ids)
    columns = ("recurrences__weekday", "recurrences__valid_from", "recurrences__valid_until")
    for pk, starts_on, ends_on, weekday, valid_from, valid_until in rows.values_list(
        "id", "starts_on", "ends_on", *columns
    ):
        lives[pk] = (starts_on, ends_on)
        if weekday is not None:
            weekly[pk].append((weekday, valid_from or date.min, valid_until))
    found = {}
    for pk, (starts_on, ends_on) in lives.items():
        began = min((since for _weekday, since, _until in weekly[pk]), default=date.min)
        found[pk] = rules.GroupFact(
            id=pk, starts_on=starts_on, ends_on=ends_on,
            weekdays=frozenset(weekday for weekday, _since, until in weekly[pk] if until is None),
            first_weekdays=frozenset(weekday for weekday, since, _until in weekly[pk] if since == began),
        )  # fmt: skip
    return found
