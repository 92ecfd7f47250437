"""Rows turned into the plain facts that the rules decide on, for many students in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import F, Q

from daftar.attendance.queries import Replaced, marks_of, replaced_of
from daftar.courses.models import Enrolment, Group, Holiday, Lesson, Suspension, type_code
from daftar.courses.rules import PlanKind, SpanOfWeekday
from daftar.courses.weekdays import WeekdayOff
from daftar.ledger.queries import money_moved
from daftar.lib.among import array_of
from daftar.lib.compiled import compiled
from daftar.lib.money import default_step
from daftar.orgs.queries import tuition_settings
from daftar.tuition import rules
from daftar.tuition.alone import attended, in_window, lessons_of_nobody, own_lessons
from daftar.tuition.models import CreditDeclined, CreditGiven, Discount, LessonPick, Subscription
from daftar.tuition.rules.decisions import decided
from daftar.tuition.rules.known import extended
from daftar.tuition.rules.plans import PLANS
from daftar.tuition.rules.spread import SPREADS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from daftar.lib.tenancy import Asker
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch
    from daftar.people.models import Student
    from daftar.people.queries import Learner


@dataclass(frozen=True)
class _Plans:
    """What is planned in the groups that concern these students, by group."""

    groups: dict[int, rules.GroupFact]
    lessons: dict[int, list[rules.LessonFact]]


def facts_of(
    by: Actor, students: Collection[Student | Learner], window: rules.Window | None = None
) -> dict[int, rules.StudentFacts]:
    """Everything that prices each student; students need their branch with its organization loaded.

    With a window only what is charged in it asks for: its lessons, and marks where it matters who came. Not a question
    itself: verbs and questions that permit it ask it.
    """
    ids, places = [student.id for student in students], {each.branch_id: each.branch for each in students}
    # What prices a student lies in every branch the student ever learned in.
    trusted = replace(by.trusted(), branch_ids=None)
    special = _special(trusted, ids, places)
    discounts, suspensions, picks, declined, given, made_up, own, off, holidays = special
    enrolments, subscriptions = _enrolments(trusted, ids, off), _subscriptions(trusted, ids)
    unmarked = {pk for pk in ids if window is not None and rules.takes_no_marks(subscriptions[pk])}
    marks, lesson_groups, ungrouped = _marks(trusted, [pk for pk in ids if pk not in unmarked], window)
    wanted = {
        student_id: {row.group_id for row in subscriptions[student_id] if row.group_id is not None}
        | (set() if student_id in unmarked else {row.group_id for row in enrolments[student_id]})
        | lesson_groups[student_id]
        for student_id in ids
    }
    plans = _plans(trusted, set().union(*wanted.values()) if wanted else set(), window)
    payments = _payments(trusted, [pk for pk in ids if any(each.is_separate for each in subscriptions[pk])])
    shared = _shared_lessons(wanted, plans)
    for pk in off:
        took = set() if rules.takes_no_marks(subscriptions[pk]) else {each.lesson_id for each in marks[pk]}
        shared[pk] = rules.SharedLessons(rules.own_lessons(shared[pk], enrolments[pk], took))
    nobodys = lessons_of_nobody(trusted, ungrouped)
    rates = {pk: _rates(branch) for pk, branch in places.items()}
    for student in students if made_up or own or nobodys else ():
        pk = student.id
        made_up[pk] = _with_trials(made_up[pk], enrolments[pk], rates[student.branch_id])
        made_up[pk] = _with_periods(made_up[pk], enrolments[pk], subscriptions[pk], suspensions[pk])
        marks[pk] = _to_be_paid(marks[pk], made_up[pk])
        if alone := [*own[pk], *attended(marks[pk], nobodys, subscriptions[pk], made_up[pk])]:
            shared[pk] = rules.SharedLessons([*shared[pk], *in_window(alone, window)])
    found = {}
    for student in students:
        pk, branch = student.id, rates[student.branch_id]
        found[pk] = rules.StudentFacts(
            currency=branch.currency, step=branch.step, activation_day_counts=branch.activation_day_counts,
            decisions=branch.decisions, money_discount_per=branch.money_discount_per,
            groups=_own_groups(plans, wanted[pk], enrolments[pk] if pk in off else ()),
            enrolments=tuple(enrolments[pk]),
            subscriptions=tuple(_paying_for(subscriptions[pk], made_up.get(pk, ()), shared[pk])),
            lessons=shared[pk],
            attendances=tuple(marks.get(pk, ())),
            discounts=tuple(discounts.get(pk, ())),
            suspensions=tuple(suspensions.get(pk, ())),
            holidays=holidays.get(student.branch_id, ()),
            payments=tuple(payments.get(pk, ())),
            picks=dict(picks.get(pk, ())),
            missed={row.lesson_id: row.missed_id for row in made_up.get(pk, ()) if not row.is_paid},
            declined=frozenset(declined.get(pk, ())), given=frozenset(given.get(pk, ())),
        )  # fmt: skip
    return found


class _Rates(NamedTuple):
    """How a branch charges."""

    currency: str
    step: int
    activation_day_counts: bool
    decisions: rules.Decisions
    money_discount_per: rules.DiscountPer


def _rates(branch: Branch) -> _Rates:
    own = tuition_settings(branch)
    return _Rates(
        branch.currency, own.rounding_step or default_step(branch.currency), own.activation_day_counts,
        decided(partial(getattr, own)), rules.DiscountPer(own.money_discount_per),
    )  # fmt: skip


def _own_groups(
    plans: _Plans, group_ids: Collection[int], with_days_off: Sequence[rules.EnrolmentFact]
) -> tuple[rules.GroupFact, ...]:
    """The groups; `with_days_off` are the memberships of a student who has weekdays off in any."""
    groups = [plans.groups[pk] for pk in sorted(group_ids)]
    return tuple([rules.own_group(each, with_days_off) for each in groups] if with_days_off else groups)


def _shared_lessons(wanted: dict[int, set[int]], plans: _Plans) -> dict[int, rules.SharedLessons]:
    """The lessons of each student; those of the same groups share them."""
    made: dict[frozenset[int], rules.SharedLessons] = {}
    found = {}
    for student_id, group_ids in wanted.items():
        asked = frozenset(group_ids)
        if asked not in made:
            made[asked] = rules.SharedLessons(lesson for pk in sorted(asked) for lesson in plans.lessons[pk])
        found[student_id] = made[asked]
    return found


def _marks(
    by: Actor, ids: Collection[int], window: rules.Window | None
) -> tuple[dict[int, list[rules.AttendanceFact]], dict[int, set[int]], set[int]]:
    """The marks of each student, the groups they were made in, and the lessons without one."""
    alone: set[int] = set()
    marks: dict[int, list[rules.AttendanceFact]] = defaultdict(list)
    groups: dict[int, set[int]] = defaultdict(set)
    for row in marks_of(by, ids, None if window is None else window.since) if ids else ():
        fact = rules.AttendanceFact(
            lesson_id=row.lesson_id, present=row.is_present, charges_absence=row.charges is not False
        )
        marks[row.student_id].append(fact)
        if row.group_id is not None:
            groups[row.student_id].add(row.group_id)
        else:
            alone.add(row.lesson_id)
    return marks, groups, alone


def _enrolments(by: Actor, ids: Collection[int], off: Mapping[int, Any]) -> dict[int, list[rules.EnrolmentFact]]:
    """`off`: of a student the memberships with weekdays on which they do not come, and those."""
    found: dict[int, list[rules.EnrolmentFact]] = defaultdict(list)
    for pk, student_id, group_id, joined, activated, left, entered in _enrolment_rows(by, ids=ids):
        spans = tuple(span for enrolment_id, span in off[student_id] if enrolment_id == pk) if student_id in off else ()
        fact = rules.EnrolmentFact(
            group_id=group_id, joined_on=joined, activated_on=activated, ends_on=left, entered_on=entered, off=spans
        )
        found[student_id].append(fact)
    return found


@compiled
def _enrolment_rows(by: Asker, *, ids: Collection[int]) -> Any:
    rows = Enrolment.objects.visible_to(by).filter(student_id__among=ids).order_by("id")
    return rows.values_list("id", "student_id", "group_id", "starts_on", "activated_on", "ends_on", "entered_on")


def _subscriptions(by: Actor, ids: Collection[int]) -> dict[int, list[rules.SubscriptionFact]]:
    prices: dict[int, list[rules.PriceStep]] = defaultdict(list)
    kept: dict[int, Any] = {}
    for *row, from_on, amount in _subscription_rows(by, ids=ids):
        kept[row[0]] = row
        if from_on is not None:
            prices[row[0]].append(rules.PriceStep(from_on, amount))
    found: dict[int, list[rules.SubscriptionFact]] = defaultdict(list)
    for pk, student_id, plan, *values, subjects, types, is_separate, is_extended in kept.values():
        group_id, lessons_count, module_lessons, months, starts_on, ends_on = values
        found[student_id].append(
            rules.SubscriptionFact(
                id=pk, plan=_KINDS[plan], group_id=group_id, prices=tuple(prices[pk]), lessons_count=lessons_count,
                module_lessons=module_lessons, months=months, starts_on=starts_on, ends_on=ends_on,
                subjects=frozenset(subjects), lesson_types=frozenset(types), is_separate=is_separate,
                extended_by_suspensions=is_extended,
            )
        )  # fmt: skip
    return found


@compiled
def _subscription_rows(by: Asker, *, ids: Collection[int]) -> Any:
    rows = Subscription.objects.visible_to(by).filter(student_id__among=ids).order_by("id", "price_steps__from_on")
    return rows.values_list(
        "id", "student_id", "plan", "group_id", "lessons_count", "module_lessons", "months", "starts_on", "ends_on",
        "subjects", "lesson_types", "is_separate", "extended_by_suspensions", "price_steps__from_on",
        "price_steps__amount",
    )  # fmt: skip


def _special(by: Actor, ids: Collection[int], branches: dict[int, Branch]) -> list[Any]:
    """What few students have, by student, and each branch's days off; most often one statement says there is nothing.

    In this order: discounts, pauses, payers chosen by hand, declined and given credits, lessons that make up, own
    lessons, weekdays on which they do not come, days off.
    """
    readers = {
        "discounts": _discounts, "pauses": suspensions_by_student, "picks": _picks, "declined": _declined,
        "given": _given, "made_up": _made_up, "own": own_lessons, "off": _weekdays_off,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(HAS, {"org": by.org_id, "ids": array_of(ids), "branches": array_of(branches)})
        has = dict(zip([*readers, "days_off"], cursor.fetchone(), strict=True))
    found: list[Any] = [read(by, ids) if has[name] else defaultdict(list) for name, read in readers.items()]
    if not has["days_off"]:
        return [*found, {}]
    days_off = Holiday.objects.visible_to(by).filter(Q(branch=None) | Q(branch__in=list(branches)))
    return [*found, _holidays(days_off, branches)]


# In the order of what is read then. Written out: Django would need ten times as long for it as the database.
HAS = """
    SELECT
        EXISTS (SELECT FROM daftar_discount WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (SELECT FROM daftar_suspension WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (SELECT FROM daftar_lessonpick WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (SELECT FROM daftar_creditdeclined WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (SELECT FROM daftar_creditgiven WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (
            SELECT FROM daftar_makeup
            WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[]) AND made_in_id IS NOT NULL
        ),
        EXISTS (SELECT FROM daftar_lesson WHERE org_id = %(org)s AND student_id = ANY (%(ids)s::bigint[])),
        EXISTS (
            SELECT FROM daftar_weekdayoff off JOIN daftar_enrolment each ON each.id = off.enrolment_id
            WHERE off.org_id = %(org)s AND each.org_id = %(org)s AND each.student_id = ANY (%(ids)s::bigint[])
        ),
        EXISTS (
            SELECT FROM daftar_holiday
            WHERE org_id = %(org)s AND (branch_id IS NULL OR branch_id = ANY (%(branches)s::bigint[]))
        )
"""


def _of_students(rows: Any, ids: Collection[int], columns: tuple[str, ...], fact: Callable[..., Any]) -> Any:
    """By student, what the columns of the student's rows make."""
    found: dict[int, list[Any]] = defaultdict(list)
    for student_id, *values in rows.filter(student_id__among=ids).order_by("id").values_list("student_id", *columns):
        found[student_id].append(fact(*values))
    return found


def _discounts(by: Actor, ids: Collection[int]) -> dict[int, list[rules.DiscountFact]]:
    def fact(pk: int, percent: Any, amount: int | None, per: str, *rest: Any) -> rules.DiscountFact:
        starts_on, ends_on, subjects, lesson_types = rest
        return rules.DiscountFact(
            id=pk, percent=percent, amount=amount or 0, per=rules.DiscountPer(per) if per else None,
            starts_on=starts_on, ends_on=ends_on, subjects=frozenset(subjects), lesson_types=frozenset(lesson_types),
        )  # fmt: skip

    columns = ("id", "percent", "amount", "per", "starts_on", "ends_on", "subjects", "lesson_types")
    found: dict[int, list[rules.DiscountFact]] = _of_students(Discount.objects.visible_to(by), ids, columns, fact)
    return found


def suspensions_by_student(by: Actor, ids: Collection[int]) -> dict[int, list[rules.SuspensionFact]]:
    """The pauses of these students, of those who have any."""

    def fact(*values: Any) -> rules.SuspensionFact:
        return rules.SuspensionFact(**dict(zip(columns, values, strict=True)))

    columns = ("starts_on", "ends_on", "extends", "group_id")
    found: dict[int, list[rules.SuspensionFact]] = _of_students(Suspension.objects.visible_to(by), ids, columns, fact)
    return found


def _picks(by: Actor, ids: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    rows, columns = LessonPick.objects.visible_to(by), ("lesson_id", "subscription_id")
    found: dict[int, list[tuple[int, int]]] = _of_students(rows, ids, columns, lambda *pick: pick)
    return found


def _declined(by: Actor, ids: Collection[int]) -> dict[int, list[rules.DeclinedCredit]]:
    rows, columns = CreditDeclined.objects.visible_to(by), ("subscription_id", "key", "on")
    found: dict[int, list[rules.DeclinedCredit]] = _of_students(rows, ids, columns, rules.DeclinedCredit)
    return found


def _given(by: Actor, ids: Collection[int]) -> dict[int, list[rules.GivenCredit]]:
    rows, columns = CreditGiven.objects.visible_to(by), ("subscription_id", "key", "on")
    found: dict[int, list[rules.GivenCredit]] = _of_students(rows, ids, columns, rules.GivenCredit)
    return found


def _weekdays_off(by: Actor, ids: Collection[int]) -> dict[int, list[tuple[int, SpanOfWeekday]]]:
    found: dict[int, list[tuple[int, SpanOfWeekday]]] = defaultdict(list)
    rows = WeekdayOff.objects.visible_to(by).filter(enrolment__student_id__among=ids).order_by("id")
    columns = ("enrolment__student_id", "enrolment_id", "weekday", "starts_on", "ends_on")
    for student_id, enrolment_id, *span in rows.values_list(*columns):
        found[student_id].append((enrolment_id, SpanOfWeekday(*span)))
    return found


def _made_up(by: Actor, ids: Collection[int]) -> dict[int, list[Replaced]]:
    found: dict[int, list[Replaced]] = defaultdict(list)
    for row in replaced_of(by, ids):
        found[row.student_id].append(row)
    return found


def _paying_for(
    subscriptions: list[rules.SubscriptionFact], made_up: Sequence[Replaced], lessons: rules.SharedLessons
) -> list[rules.SubscriptionFact]:
    """A lesson that makes up for one that was not charged is paid as that one would have been.

    Where each scheduled lesson is charged whoever came, the missed one was paid (pricing rule 9.31). Where a month or
    week is spread, it has the place of the missed one, if that is one of the price's lessons (9.42).
    """
    unpaid = [row for row in made_up if not row.is_paid]
    if not unpaid:
        return subscriptions
    missed = {row.missed_id for row in unpaid}
    known = {each.id: each for each in lessons if each.id in missed}

    def pays(each: rules.SubscriptionFact, row: Replaced) -> bool:
        if each.plan in SPREADS and row.missed_id in known and not each.names(known[row.missed_id]):
            return False
        return each.group_id == row.missed_group_id or (PLANS[each.plan].as_scheduled and each.group_id is None)

    return [
        replace(each, make_ups=frozenset(row.lesson_id for row in unpaid if pays(each, row)))
        if not PLANS[each.plan].by_period and (each.group_id is not None or each.plan not in SPREADS)
        else each
        for each in subscriptions
    ]


def _with_trials(made_up: list[Replaced], enrolments: list[rules.EnrolmentFact], rates: _Rates) -> list[Replaced]:
    """The same; a missed trial, which would have cost nothing, is as one that was paid."""
    counts, backdated = rates.activation_day_counts, rates.decisions.backdated_charges

    def was_a_trial(row: Replaced) -> bool:
        held = [each for each in enrolments if each.group_id == row.missed_group_id and each.holds(row.missed_on)]
        paid_from = [each.paid_from(backdated, activation_day_counts=counts) for each in held]
        return bool(held) and not any(first is not None and first <= row.missed_on for first in paid_from)

    return [row._replace(is_paid=row.is_paid or was_a_trial(row)) for row in made_up]


def _with_periods(
    made_up: list[Replaced], enrolments: list[rules.EnrolmentFact], subscriptions: list[rules.SubscriptionFact],
    suspensions: list[rules.SuspensionFact],
) -> list[Replaced]:  # fmt: skip
    """The same; a missed lesson that a running period of its group paid for is as one that was paid (rule 9.42)."""
    periods = [extended(each, suspensions) for each in subscriptions if made_up and PLANS[each.plan].by_period]

    def was_paid(group_id: int | None, on: date) -> bool:
        mine = [row for row in enrolments if row.group_id == group_id]
        is_active = not mine or any(row.holds(on) and on >= (row.activated_on or date.max) for row in mine)
        return is_active and any(each.group_id == group_id and each.holds(on) for each in periods)

    def is_free(row: Replaced) -> bool:
        return row.is_paid or (row.missed_group_id is not None and was_paid(row.missed_group_id, row.missed_on))

    return [row._replace(is_paid=is_free(row)) for row in made_up]


def _to_be_paid(marks: list[rules.AttendanceFact], made_up: list[Replaced]) -> list[rules.AttendanceFact]:
    """The marks without those of lessons that make up for what was charged or free: nobody pays for it twice."""
    paid = {row.lesson_id for row in made_up if row.is_paid}
    return [each for each in marks if each.lesson_id not in paid] if paid else marks


def _payments(by: Actor, ids: Collection[int]) -> dict[int, list[rules.PaymentFact]]:
    """The money of students who have separate accounts; of the others no rule asks."""
    found: dict[int, list[rules.PaymentFact]] = defaultdict(list)
    for row in money_moved(by, ids) if ids else ():
        fact = rules.PaymentFact(on=row.on, amount=row.amount, subscription_id=row.subscription_id)
        found[row.student_id].append(fact)
    return found


def _holidays(rows: Any, branches: dict[int, Branch]) -> dict[int, tuple[rules.HolidayFact, ...]]:
    """Each branch's days off; what it says of a day itself comes before what the centre says."""
    days: dict[int, dict[date, rules.HolidayFact]] = {pk: {} for pk in branches}
    for branch_id, on, affects_payment, is_credited in rows.order_by(F("branch").asc(nulls_first=True)).values_list(
        "branch_id", "on", "affects_payment", "is_credited"
    ):
        for pk in branches if branch_id is None else (branch_id,):
            credited = tuition_settings(branches[pk]).holidays_credited if is_credited is None else is_credited
            days[pk][on] = rules.HolidayFact(on=on, affects_payment=affects_payment, credited=credited)
    return {pk: tuple(found.values()) for pk, found in days.items()}


def _plans(by: Actor, group_ids: Collection[int], window: rules.Window | None) -> _Plans:
    lessons: dict[int, list[rules.LessonFact]] = defaultdict(list)
    first, last = (None, None) if window is None else (window.first, window.last)
    rows = _lesson_rows(by, group_ids=group_ids, first=first, last=last)
    for pk, group_id, on, at, status, type_id, moved_from, subject in rows:
        lessons[group_id].append(
            rules.LessonFact(
                id=pk, group_id=group_id, on=on, at=at, status=_STATUS[status], subject=subject or None,
                type=type_code(type_id), moved_from=moved_from,
            )
        )  # fmt: skip
    return _Plans(_groups(by, group_ids), lessons)


@compiled
def _lesson_rows(by: Asker, *, group_ids: Collection[int], first: date | None, last: date | None) -> Any:
    rows = Lesson.objects.visible_to(by).filter(group_id__among=group_ids)
    if first is not None:
        moved = Q(moved_from__isnull=False) & (Q(held_on__gte=first) | Q(moved_from__gte=first))
        rows = rows.filter(Q(held_on__range=(first, last)) | moved)
    columns = ("id", "group_id", "held_on", "starts_time", "status", "type_id", "moved_from", "group__course__subject")
    return rows.values_list(*columns)


# Asked hundreds of times for one student: a dictionary is quicker than the enumeration itself.
_STATUS = {status.value: status for status in rules.LessonStatus}
_KINDS = {kind.value: kind for kind in PlanKind}


def _groups(by: Actor, group_ids: Collection[int]) -> dict[int, rules.GroupFact]:
    """The groups with the weekdays each met on at first, and those it meets on now."""
    lives: dict[int, tuple[date, date]] = {}
    weekly: dict[int, list[tuple[int, date, date | None]]] = defaultdict(list)
    subjects: dict[int, str] = {}
    rows = _group_rows(by, group_ids=group_ids)
    for pk, starts_on, ends_on, subject, weekday, is_extra, valid_from, valid_until in rows:
        lives[pk], subjects[pk] = (starts_on, ends_on), subject
        if weekday is not None and not is_extra:
            weekly[pk].append((weekday, valid_from or date.min, valid_until))
    found = {}
    for pk, (starts_on, ends_on) in lives.items():
        began = min((since for _weekday, since, _until in weekly[pk]), default=date.min)
        found[pk] = rules.GroupFact(
            id=pk, starts_on=starts_on, ends_on=ends_on, subject=subjects[pk] or None, lesson_type=type_code(None),
            weekdays=frozenset(weekday for weekday, _since, until in weekly[pk] if until is None),
            first_weekdays=frozenset(weekday for weekday, since, _until in weekly[pk] if since == began),
        )  # fmt: skip
    return found


@compiled
def _group_rows(by: Asker, *, group_ids: Collection[int]) -> Any:
    weekly = ("weekday", "is_extra", "valid_from", "valid_until")
    rows = Group.unguarded.filter(org_id=by.org_id, pk__among=group_ids)
    return rows.values_list(
        "id", "starts_on", "ends_on", "course__subject", *(f"recurrences__{name}" for name in weekly)
    )
