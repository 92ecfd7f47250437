"""Rows turned into the plain facts that the rules decide on, for many students in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from daftar.attendance.queries import marks_of
from daftar.courses.models import Enrolment, Group, Lesson, Recurrence
from daftar.courses.rules import PlanKind
from daftar.lib.money import default_step
from daftar.orgs.models import Organization
from daftar.tuition import rules
from daftar.tuition.models import PriceStep, Subscription

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
    """Everything that prices each student, and what is planned in `also_groups`; students need their branch loaded.

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
    org = Organization.objects.get(pk=by.org_id)
    return {
        student.pk: rules.StudentFacts(
            currency=student.branch.currency,
            step=org.rounding_step or default_step(student.branch.currency),
            activation_day_counts=org.activation_day_counts,
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
    for row in Enrolment.objects.visible_to(by).filter(student_id__in=ids).order_by("id"):
        found[row.student_id].append(
            rules.EnrolmentFact(
                group_id=row.group_id, joined_on=row.starts_on, activated_on=row.activated_on, ends_on=row.ends_on
            )
        )
    return found


def _subscriptions(by: Actor, ids: Collection[int]) -> dict[int, list[rules.SubscriptionFact]]:
    prices: dict[int, list[rules.PriceStep]] = defaultdict(list)
    for step in PriceStep.objects.visible_to(by).filter(subscription__student_id__in=ids).order_by("from_on"):
        prices[step.subscription_id].append(rules.PriceStep(step.from_on, step.amount))
    found: dict[int, list[rules.SubscriptionFact]] = defaultdict(list)
    for row in Subscription.objects.visible_to(by).filter(student_id__in=ids).order_by("id"):
        found[row.student_id].append(
            rules.SubscriptionFact(
                id=row.pk, plan=PlanKind(row.plan), group_id=row.group_id, prices=tuple(prices[row.pk]),
                lessons_count=row.lessons_count, starts_on=row.starts_on, ends_on=row.ends_on,
            )
        )  # fmt: skip
    return found


def _plans(by: Actor, group_ids: Collection[int]) -> _Plans:
    patterns = _patterns(by, group_ids)
    groups = {
        row.pk: rules.GroupFact(
            id=row.pk, starts_on=row.starts_on, ends_on=row.ends_on, weekdays=patterns[row.pk][1],
            first_weekdays=patterns[row.pk][0],
        )
        for row in Group.objects.visible_to(by).filter(pk__in=group_ids)
    }  # fmt: skip
    lessons: dict[int, list[rules.LessonFact]] = defaultdict(list)
    rows = Lesson.objects.visible_to(by).filter(group_id__in=group_ids)
    for pk, group_id, on, at, status in rows.values_list("id", "group_id", "held_on", "starts_time", "status"):
        lessons[group_id].append(
            rules.LessonFact(id=pk, group_id=group_id, on=on, at=at, status=rules.LessonStatus(status))
        )
    return _Plans(groups, lessons)


def _patterns(by: Actor, group_ids: Collection[int]) -> dict[int, tuple[frozenset[int], frozenset[int]]]:
    """The weekdays each group met on at first, and those it meets on now."""
    rows: dict[int, list[Recurrence]] = defaultdict(list)
    for row in Recurrence.objects.visible_to(by).filter(group_id__in=group_ids):
        rows[row.group_id].append(row)
    found = {}
    for group_id in group_ids:
        began = min(((row.valid_from or date.min) for row in rows[group_id]), default=date.min)
        first = frozenset(row.weekday for row in rows[group_id] if (row.valid_from or date.min) == began)
        found[group_id] = (first, frozenset(row.weekday for row in rows[group_id] if row.valid_until is None))
    return found
