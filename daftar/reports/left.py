"""Who left a group, and how: from an active membership, or after a trial; counted apart.

What is a leaving is said once for people (`kind_of_leaving`) and once in SQL here; a test holds both to the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Value, When

from daftar.courses.models import Enrolment
from daftar.courses.rules import Left
from daftar.ledger.queries import balances
from daftar.lib.money import Money
from daftar.lib.paging import Page, paged
from daftar.lib.period import exclusive_end
from daftar.orgs.access import Actor, question
from daftar.people.queries import phones

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

MOST_IN_FILE = 20_000
NO_REASON = 0


@dataclass(frozen=True, kw_only=True)
class WantedLeft:
    """Which leavings: with a last day from `since` to `until` inclusive, and (None: any) of what.

    `reason_id` 0: for no reason that was chosen.
    """

    since: date
    until: date
    kind: Left | None = None
    group_id: int | None = None
    course_id: int | None = None
    teacher_id: int | None = None
    reason_id: int | None = None

    def of(self, rows: Any) -> Any:
        """The leavings narrowed to these."""
        same = {
            "kind": self.kind and self.kind.value, "group_id": self.group_id, "group__course_id": self.course_id,
            "group__teacher_id": self.teacher_id, "left_reason_id": self.reason_id or None,
        }  # fmt: skip
        rows = rows.filter(ends_on__gt=self.since, ends_on__lte=exclusive_end(self.until))
        rows = rows.filter(**{path: value for path, value in same.items() if value is not None})
        return rows.filter(left_reason=None) if self.reason_id == NO_REASON else rows


@dataclass(frozen=True)
class Leaving:
    """Someone who left a group; `balance` None and `phone` empty: may not be seen, or there is none."""

    enrolment_id: int
    student_id: int
    name: str
    group_id: int
    group: str
    teacher: str
    kind: Left
    joined_on: date
    last_on: date
    reason: str
    words: str
    told_by: str
    balance: Money | None
    phone: str

    @property
    def days(self) -> int:
        """For how many days a member, the first and the last included."""
        return (self.last_on - self.joined_on).days + 1


class ReasonCount(NamedTuple):
    """How many left for a reason; id 0 and no name: none was chosen."""

    id: int
    name: str
    number: int


@dataclass(frozen=True)
class LeftCounts:
    """How many left in all that is asked for, in each way whichever is asked for, and for each reason likewise."""

    total: int
    kinds: dict[Left, int]
    reasons: list[ReasonCount]


@question("people.view")
def left_counts(by: Actor, wanted: WantedLeft) -> LeftCounts:
    """How many left, in one statement; without the right to see all groups, those of the own ones."""
    total, kinds, reasons, names = 0, dict.fromkeys(Left, 0), defaultdict[int, int](int), {NO_REASON: ""}
    rows = replace(wanted, kind=None, reason_id=None).of(leavings(by))
    counted = rows.values_list("kind", "left_reason_id", "left_reason__name").annotate(count=Count("pk")).order_by()
    for kind, reason_id, name, count in counted:
        reason = reason_id or NO_REASON
        names[reason] = name or ""
        is_kind, is_reason = wanted.kind in {None, kind}, wanted.reason_id in {None, reason}
        total += count if is_kind and is_reason else 0
        kinds[Left(kind)] += count if is_reason else 0
        reasons[reason] += count if is_kind else 0
    found = [ReasonCount(pk, names[pk], count) for pk, count in reasons.items() if count]
    return LeftCounts(total, kinds, sorted(found, key=lambda each: (-each.number, each.name)))


@question("people.view")
def left_this_month(by: Actor) -> dict[Left, int]:
    """How many left in each way from the first of the month up to today, by the clock of where one stands."""
    return left_counts(by, WantedLeft(since=by.today.replace(day=1), until=by.today)).kinds


@question("people.view")
def left_page(
    by: Actor, wanted: WantedLeft, *, number: int | None = 1
) -> tuple[list[Leaving], Page | None, LeftCounts]:
    """Who left last first, a page of them (`number` None: all, up to MOST_IN_FILE), and how many in all."""
    counts = left_counts(by, wanted)
    rows = wanted.of(leavings(by)).order_by("-ends_on", "-id")
    rows = rows.select_related("student__branch", "group__teacher", "left_reason", "left_by")
    if number is None:
        return _shown(by, list(rows[:MOST_IN_FILE])), None, counts
    chosen, page = paged(rows, number, counts.total)
    return _shown(by, chosen), page, counts


@question("people.view")
def leavings(by: Actor) -> Any:
    """The memberships whose end is a leaving, each with its `kind`: what `kind_of_leaving` says of one, for all."""
    again = Enrolment.unguarded.filter(
        org_id=by.org_id, group_id=OuterRef("group_id"), student_id=OuterRef("student_id"),
        starts_on=OuterRef("ends_on"),
    )  # fmt: skip
    rows: Any = Enrolment.objects.visible_to(by).filter(left_at__isnull=False, moved_to=None)
    if not by.may("courses.see_all"):
        rows = rows.filter(group__teacher_id=by.member_id)
    rows = rows.filter(ends_on__lt=F("group__ends_on")).exclude(Exists(again))
    active = When(activated_on__lt=F("ends_on"), then=Value(Left.ACTIVE.value))
    return rows.annotate(kind=Case(active, default=Value(Left.TRIAL.value), output_field=CharField()))


def _shown(by: Actor, rows: Sequence[Any]) -> list[Leaving]:
    ids = sorted({row.student_id for row in rows})
    sums = balances(by, ids) if by.may("tuition.view") else {}
    reach = phones(by, ids) if by.may("people.see_contacts") else {}
    joined = _joined_on(by, rows)
    return [
        Leaving(
            row.pk, row.student_id, row.student.full_name, row.group_id, row.group.name,
            row.group.teacher.name if row.group.teacher else "", Left(row.kind), joined[row.pk],
            row.ends_on - timedelta(days=1), row.left_reason.name if row.left_reason else "",
            row.left_because, row.left_by.name if row.left_by else "",
            Money(sums[row.student_id], row.student.branch.currency) if row.student_id in sums else None,
            reach.get(row.student_id, ""),
        )
        for row in rows
    ]  # fmt: skip


def _joined_on(by: Actor, rows: Sequence[Any]) -> dict[int, date]:
    """Since when each was in the group without a day between: a return to trial begins another membership."""
    theirs = Enrolment.objects.visible_to(by).filter(
        student_id__among={row.student_id for row in rows}, group_id__among={row.group_id for row in rows}
    )
    begun = {
        (student_id, group_id, ends_on): starts_on
        for student_id, group_id, starts_on, ends_on in theirs.values_list(
            "student_id", "group_id", "starts_on", "ends_on"
        )
    }
    found = {}
    for row in rows:
        first = row.starts_on
        while earlier := begun.get((row.student_id, row.group_id, first)):
            first = earlier
        found[row.pk] = first
    return found
