"""Who owes, since when, and what they promised."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, Exists, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Enrolment
from daftar.finance.models import Promise
from daftar.ledger.models import Account
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged
from daftar.lib.phone import without_contacts
from daftar.orgs.access import Actor, question
from daftar.orgs.rules import ArchivedDebtors
from daftar.people.models import Student
from daftar.people.queries import phones
from daftar.tuition.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from django_stubs_ext import StrPromise


class Bucket(StrEnum):
    """A part of the debtors: by how many days they owe, or by what they promised. Each day count is inclusive."""

    ALL = ""
    WEEK = "week"  # up to 7 days
    MONTH = "month"  # 8 to 30
    OLDER = "older"  # more than 30
    PROMISED_TODAY = "today"
    BROKEN = "broken"  # promised for a day that is over

    @property
    def label(self) -> StrPromise:
        """The bucket's name in the reader's language."""
        return LABELS[self]


LABELS = {
    Bucket.ALL: _("All"), Bucket.WEEK: _("Up to 7 days"), Bucket.MONTH: _("8 to 30 days"),
    Bucket.OLDER: _("More than 30 days"), Bucket.PROMISED_TODAY: _("Promised today"),
    Bucket.BROKEN: _("Broken promise"),
}  # fmt: skip


WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True)
class Wanted:
    """Which debtors are asked for: those who owe at least so much (minor units), and whether archived ones count.

    None of `with_archived`: as the centre, or the branch, has decided (decision D15).
    """

    at_least: int = 1
    with_archived: bool | None = None


EVERYBODY = Wanted()


@dataclass(frozen=True)
class Promised:
    """A promise that stands; its note without contacts for those who may not see them."""

    id: int
    promised_for: date
    note: str


@dataclass(frozen=True)
class Debtor:
    """Someone who owes on an account; `since`: the day its running balance last fell below zero.

    `subscription`: the one whose own account it is, with tariff and group; None: the student's account.
    """

    student_id: int
    name: str
    subscription: Subscription | None
    groups: tuple[str, ...]
    owes: Money
    since: date | None
    phone: str
    promise: Promised | None
    is_archived: bool


@dataclass(frozen=True)
class Debt:
    """On how many accounts something is owed, and the exact sums by currency (positive: owed to the centre)."""

    count: int
    totals: list[Money]


@dataclass(frozen=True)
class Debtors:
    """A page of the debtors in a bucket, and how many owe how much in each bucket."""

    rows: list[Debtor]
    page: Page
    buckets: dict[Bucket, Debt]


_HIDDEN = Q(branch__archived_debtors=ArchivedDebtors.HIDDEN) | Q(
    branch__archived_debtors="", branch__org__archived_debtors=ArchivedDebtors.HIDDEN
)


def debtor_accounts(by: Actor, wanted: Wanted = EVERYBODY) -> Any:
    """The accounts below zero of students and of single subscriptions: the money of one does not pay for another.

    Of archived students where these are asked for, or decided to be shown.
    """
    rows = Account.objects.visible_to(by).filter(owes_since__isnull=False)
    if not wanted.with_archived:
        # Few are archived: they are looked up, and not all the others.
        gone = Student.unguarded.filter(org_id=by.org_id, pk=OuterRef("student_id"), archived_on__isnull=False)
        rows = rows.filter(~Exists(gone if wanted.with_archived is False else gone.filter(_HIDDEN)))
    if wanted.at_least > 1:
        rows = rows.filter(balance__lte=-wanted.at_least)
    return rows if by.branch_ids is None else rows.filter(student__branch_id__in=by.branch_ids)


@question("tuition.view")
def debt_totals(by: Actor) -> Debt:
    """What all debtors owe together, to the minor unit."""
    return _debt(debtor_accounts(by).values("currency").annotate(count=Count("pk"), total=Sum("balance")))


@question("tuition.view")
def debtors(by: Actor, *, bucket: Bucket = Bucket.ALL, wanted: Wanted = EVERYBODY, number: int = 1) -> Debtors:
    """Who owes, the largest debt first, and what each bucket owes together."""
    buckets = _buckets(by, wanted)
    rows = _in_bucket(by, bucket, wanted).select_related("student").order_by("balance", "id")
    chosen, page = paged(rows, number, buckets[bucket].count)
    ids = [row.student_id for row in chosen]
    reach = phones(by, ids) if by.may("people.see_contacts") else {}
    groups: dict[int, list[str]] = defaultdict(list)
    enrolments = Enrolment.objects.visible_to(by).filter(student_id__in=ids).order_by("group__name", "id")
    for student_id, name in enrolments.values_list("student_id", "group__name"):
        groups[student_id].append(name)
    own = _subscriptions(by, [row.subscription_id for row in chosen if row.subscription_id is not None])
    # A promise is about the student: of several debts, since the first of those on the page.
    newest = sorted(chosen, key=lambda row: row.owes_since, reverse=True)
    promises = standing_promises(by, {row.student_id: row.owes_since for row in newest})
    found = [
        Debtor(
            row.student_id, row.student.full_name, own.get(row.subscription_id),
            tuple(dict.fromkeys(groups[row.student_id])),
            Money(-row.balance, row.currency), row.owes_since, reach.get(row.student_id, ""),
            promises.get(row.student_id), row.student.archived_on is not None,
        )
        for row in chosen
    ]  # fmt: skip
    return Debtors(found, page, buckets)


def _subscriptions(by: Actor, ids: Collection[int]) -> dict[int | None, Subscription]:
    """By id, with what names them; most often none is asked for."""
    rows = Subscription.objects.visible_to(by).filter(pk__in=ids).select_related("tariff", "group") if ids else ()
    return {row.pk: row for row in rows}


@question("tuition.view")
def promises_due(by: Actor) -> dict[Bucket, int]:
    """How many debtors promised to pay today, and how many promised a day that is over; those of none left out."""
    rows = _promised(by, EVERYBODY).values_list("promised_for")
    found: dict[Bucket, int] = defaultdict(int)
    for day, count in rows.annotate(count=Count("pk")).order_by():
        found[Bucket.PROMISED_TODAY if day == by.today else Bucket.BROKEN] += count
    return dict(found)


@question("tuition.view")
def owes_since(by: Actor, student_ids: Collection[int]) -> dict[int, date]:
    """The day the running balance of each student's account last fell below zero; only of those who owe now.

    Payments are not allocated to charges: the balance of a day is a sum, and the last day of a run below zero counts.
    Of several accounts below zero, the first day.
    """
    rows = Account.objects.visible_to(by).filter(student_id__in=student_ids, owes_since__isnull=False)
    return dict(rows.values_list("student_id").annotate(first=Min("owes_since")))


@question("tuition.view")
def standing_promises(by: Actor, owing: Mapping[int, date]) -> dict[int, Promised]:
    """What those who owe since these days have promised about the debt of now."""
    said = str if by.may("people.see_contacts") else without_contacts
    rows = Promise.objects.visible_to(by).filter(stands=True, student_id__in=owing.keys())
    return {
        row.student_id: Promised(row.pk, row.promised_for, said(row.note))
        for row in rows
        if row.made_on >= owing[row.student_id]
    }


def _ages(by: Actor) -> dict[Bucket, Q]:
    week, month = by.today - WEEK, by.today - MONTH
    return {
        Bucket.ALL: Q(),
        Bucket.WEEK: Q(owes_since__gte=week),
        Bucket.MONTH: Q(owes_since__lt=week, owes_since__gte=month),
        Bucket.OLDER: Q(owes_since__lt=month),
    }


def _promised(by: Actor, wanted: Wanted) -> Any:
    """The debtors with a promise about the debt of now; found from the few promises, not from the many debtors."""
    standing = Promise.unguarded.filter(org_id=by.org_id, stands=True)
    about = standing.filter(student_id=OuterRef("student_id"), made_on__gte=OuterRef("owes_since"))
    rows = debtor_accounts(by, wanted).filter(student_id__in=standing.values("student_id"))
    return rows.annotate(promised_for=Subquery(about.values("promised_for")[:1])).filter(promised_for__lte=by.today)


def _in_bucket(by: Actor, bucket: Bucket, wanted: Wanted) -> Any:
    if bucket is Bucket.PROMISED_TODAY:
        return _promised(by, wanted).filter(promised_for=by.today)
    if bucket is Bucket.BROKEN:
        return _promised(by, wanted).filter(promised_for__lt=by.today)
    return debtor_accounts(by, wanted).filter(_ages(by)[bucket])


def _buckets(by: Actor, wanted: Wanted) -> dict[Bucket, Debt]:
    """Two statements, however many buckets."""
    ages = _ages(by)
    counts = {f"{age.name}_count": Count("pk", filter=when) for age, when in ages.items()}
    sums = {f"{age.name}_total": Sum("balance", filter=when) for age, when in ages.items()}
    aged = list(debtor_accounts(by, wanted).values("currency").annotate(**counts, **sums))
    kinds = Case(
        When(promised_for=by.today, then=Value(Bucket.PROMISED_TODAY.value)), default=Value(Bucket.BROKEN.value),
        output_field=CharField(),
    )  # fmt: skip
    promised = list(
        _promised(by, wanted).values("currency", bucket=kinds).annotate(count=Count("pk"), total=Sum("balance"))
    )
    found = {
        age: _debt(
            {"currency": row["currency"], "count": row[f"{age.name}_count"], "total": row[f"{age.name}_total"]}
            for row in aged
        )
        for age in ages
    }
    for bucket in (Bucket.PROMISED_TODAY, Bucket.BROKEN):
        found[bucket] = _debt(row for row in promised if row["bucket"] == bucket.value)
    return found


def _debt(rows: Any) -> Debt:
    """From lines of currency, count and total, those of one currency once."""
    sums = sorted(
        ((row["currency"], row["count"], row["total"]) for row in rows if row["count"]), key=lambda row: row[0]
    )
    return Debt(sum(count for _currency, count, _total in sums), [Money(-total, name) for name, _count, total in sums])
