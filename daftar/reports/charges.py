"""What was charged in a period, and what was attended without anything to pay for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Case, CharField, Exists, F, Func, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Cast

from daftar.attendance.models import Attendance
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Group, Lesson
from daftar.ledger.models import Account, AccountKind, Transfer, TransferKind
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged_uncounted
from daftar.orgs.access import Actor, question
from daftar.people.models import Student
from daftar.reports.group_income import students_of_group
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

MOST_STUDENTS = 500  # whose lessons are judged at once


@dataclass(frozen=True)
class Charged:
    """A charge that stands, or below zero a credit; `why` as the ledger keeps it."""

    id: int
    on: date
    student_id: int
    name: str
    amount: Money
    why: Any
    charge_key: str


@dataclass(frozen=True)
class Whose:
    """Whose charges are asked for: of one student, of one group, or (None) of everybody.

    `among`: the students of the group, where they are known already.
    """

    student_id: int | None = None
    group_id: int | None = None
    among: Collection[int] | None = None


EVERYBODYS = Whose()


@question("tuition.view")
def charges(
    by: Actor, *, since: date, until: date, whose: Whose = EVERYBODYS, number: int = 1
) -> tuple[list[Charged], Page, list[Money]]:
    """Charges and credits of days from `since` to `until` inclusive, the newest first, and what they are together.

    The sums are exact and by currency; what was reversed is not among the lines and cancels out in the sums.
    """
    rows = charges_of(by, since, until, whose)
    undone = Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk"))
    live = rows.filter(kind__in=(TransferKind.CHARGE, TransferKind.CREDIT)).exclude(Exists(undone))
    chosen, page = paged_uncounted(
        live.select_related("debit__student", "credit__student").order_by("-effective_on", "-id"), number
    )
    return [_charged(row) for row in chosen], page, _sums(by, rows)


@dataclass(frozen=True)
class Unpriced:
    """A lesson that someone attended and that no subscription prices."""

    student_id: int
    name: str
    lesson_id: int
    on: date
    group_id: int | None
    group: str


@question("tuition.view")
def attended_without_subscription(by: Actor, *, since: date, until: date) -> tuple[list[Unpriced], bool]:
    """Lessons from `since` to `until` inclusive that were attended and that nothing prices, by name and day.

    Those who may be concerned are found by SQL, and judged by the rules of pricing; True where there are more of them
    than are judged at once.
    """
    ids = _candidates(by, since, until)[: MOST_STUDENTS + 1]
    rows = Student.objects.visible_to(by).filter(pk__in=ids[:MOST_STUDENTS]).select_related("branch__org")
    students = list(rows.order_by("sort_key", "id"))
    facts = facts_of(by, students)
    missing = [(student, pk) for student in students for pk in rules.unpriced(facts[student.pk], until)]
    held = Lesson.objects.visible_to(by).filter(pk__in={pk for _student, pk in missing}, held_on__range=(since, until))
    lessons = {row.pk: row for row in held.select_related("group", "student", "course")}
    found = [
        Unpriced(student.pk, student.full_name, pk, lessons[pk].held_on, lessons[pk].group_id, lessons[pk].name)
        for student, pk in missing
        if pk in lessons
    ]
    return found, len(ids) > MOST_STUDENTS


def _candidates(by: Actor, since: date, until: date) -> list[int]:
    """Students present in a lesson that no subscription without limits fits by group and days: these, and some more."""
    fitting = Subscription.unguarded.filter(org_id=by.org_id, student_id=OuterRef("student_id")).filter(
        Q(ends_on=None) | Q(ends_on__gt=OuterRef("lesson__held_on")),
        Q(group=None) | Q(group_id=OuterRef("lesson__group_id")),
        starts_on__lte=OuterRef("lesson__held_on"), subjects=[],
        lesson_types=[],
    )  # fmt: skip
    rows = Attendance.objects.visible_to(by).filter(
        is_present=True, lesson__status=LessonStatus.CONDUCTED, lesson__held_on__range=(since, until)
    )
    without = rows.filter(~Exists(fitting)).order_by("student__sort_key", "student_id")
    return list(dict.fromkeys(without.values_list("student_id", flat=True)[: MOST_STUDENTS * 20]))


def charges_of(by: Actor, since: date, until: date, whose: Whose) -> Any:
    """Transfers that charge, credit or take that back, dated in a period; of a group those of everybody in it."""
    rows: Any = Transfer.objects.visible_to(by).filter(charge_key__isnull=False, effective_on__range=(since, until))
    if whose.student_id is not None:
        rows = rows.filter(Q(debit__student_id=whose.student_id) | Q(credit__student_id=whose.student_id))
    if whose.group_id is not None:
        return _in_group(by, rows, whose.group_id, whose.among)
    if by.branch_ids is None:
        return rows
    return rows.filter(Q(debit__student__branch_id__in=by.branch_ids) | Q(credit__student__branch_id__in=by.branch_ids))


def _in_group(by: Actor, rows: Any, group_id: int, among: Collection[int] | None) -> Any:
    """Those whose subscription is for the group or, where it pays in any, whose lesson is the group's."""
    group = Group.objects.visible_to(by).filter(pk=group_id)
    theirs = students_of_group(by, group_id) if among is None else among
    accounts = Account.unguarded.filter(org_id=by.org_id, student_id__among=theirs)
    ids = list(accounts.values_list("pk", flat=True))
    bound = Subscription.unguarded.filter(org_id=by.org_id, group__in=group)
    free = Subscription.unguarded.filter(org_id=by.org_id, group=None)
    lessons = Lesson.unguarded.filter(org_id=by.org_id, group__in=group).annotate(key=Cast("pk", CharField()))
    parts = rows.filter(Q(debit_id__among=ids) | Q(credit_id__among=ids)).annotate(
        paying=Cast(_piece("charge_key", ":", 1), BigIntegerField()),
        paid=_piece(_piece("charge_key", ":", 2), "@", 1),
    )
    return parts.filter(
        Q(paying__in=bound.values("pk")) | Q(paying__in=free.values("pk"), paid__in=lessons.values("key"))
    )


def _piece(text: Any, mark: str, place: int) -> Func:
    return Func(text, Value(mark), Value(place), function="split_part", output_field=CharField())


def _sums(by: Actor, rows: Any) -> list[Money]:
    income = dict(
        Account.objects.visible_to(by)
        .filter(kind=AccountKind.INCOME)
        .order_by("currency")
        .values_list("pk", "currency")
    )
    signed = Case(When(credit_id__in=list(income), then=F("amount")), default=-F("amount"))
    # One look per currency, by the account that all charges of it go to.
    found = []
    for pk, currency in income.items():
        total = rows.filter(Q(credit_id=pk) | Q(debit_id=pk)).aggregate(total=Sum(signed))["total"]
        if total is not None:
            found.append(Money(total, currency))
    return found


def _charged(row: Transfer) -> Charged:
    is_credit = row.kind == TransferKind.CREDIT
    account = row.credit if is_credit else row.debit
    student: Any = account.student
    amount = Money(-row.amount if is_credit else row.amount, account.currency)
    return Charged(row.pk, row.effective_on, student.pk, student.full_name, amount, row.why, str(row.charge_key))
