"""What was charged in a period, and what was attended without anything to pay for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Q, Sum, When

from daftar.attendance.models import Attendance
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson
from daftar.ledger.models import Account, AccountKind, Transfer, TransferKind
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged_uncounted
from daftar.orgs.access import Actor, question
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
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


@question("tuition.view")
def charges(by: Actor, *, since: date, until: date, number: int = 1) -> tuple[list[Charged], Page, list[Money]]:
    """Charges and credits of days from `since` to `until` inclusive, the newest first, and what they are together.

    The sums are exact and by currency; what was reversed is not among the lines and cancels out in the sums.
    """
    rows = _of_period(by, since, until)
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
        Unpriced(student.pk, student.full_name, pk, lessons[pk].held_on, lessons[pk].name)
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


def _of_period(by: Actor, since: date, until: date) -> Any:
    rows: Any = Transfer.objects.visible_to(by).filter(charge_key__isnull=False, effective_on__range=(since, until))
    if by.branch_ids is None:
        return rows
    return rows.filter(Q(debit__student__branch_id__in=by.branch_ids) | Q(credit__student__branch_id__in=by.branch_ids))


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
