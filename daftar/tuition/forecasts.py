"""What is expected to be charged: of one student, and each day's snapshot of a whole branch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from daftar.ledger.queries import held_by
from daftar.lib.errors import Refusal
from daftar.lib.money import Money
from daftar.lib.period import Month
from daftar.orgs.access import Actor, note, question, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import ForecastDay, Subscription

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

AT_ONCE = 500
LONGEST = timedelta(days=366)


class ForecastStartsLater(Refusal):
    field = "since"
    text = _("A forecast starts today or earlier.")


class ForecastTooLong(Refusal):
    field = "until"
    text = _("A forecast ends today or later, within a year.")


@dataclass(frozen=True)
class Forecast:
    """The charges to come, all of them together, and what has to be paid for them; in one currency.

    `balance` is on all accounts together; of it none pays for what another is charged (decision D6).
    """

    drafts: list[rules.ChargeDraft]
    balance: Money
    total: Money
    to_pay: Money


@question("tuition.view")
def forecast_of(by: Actor, student_id: int, *, since: date, until: date) -> Forecast:
    """What a student will be charged from tomorrow, or from today's unmarked lessons, up to `until` (seed rule R2).

    `since` may lie in the past, of which nothing is told; ForecastStartsLater when it lies ahead.
    """
    student: Student = Student.objects.visible_to(by).select_related("branch__org").one(pk=student_id)
    today, currency = today_in(by, student.branch), student.branch.currency
    if since > today:
        raise ForecastStartsLater
    if not today <= until <= today + LONGEST:
        raise ForecastTooLong
    facts = facts_of(by, [student])[student_id]
    drafts = rules.forecast(facts, today, until, still_open=_open_today(facts, today))
    held, total = held_by(by, [student_id])[student_id], sum(draft.amount for draft in drafts)
    missing = rules.missing(facts, drafts, {None: held.base} | held.separate)
    sums = (held.balance, total, sum(missing.values()))
    return Forecast(drafts, *(Money(sum_, currency) for sum_ in sums))


@dataclass(frozen=True)
class Agreed:
    """So many lessons, and what they are charged together."""

    visits: int
    total: Money


@question("tuition.view")
def lessons_and_charges(by: Actor, student_id: int, *, since: date, until: date, lesson_type: str = "") -> Agreed:
    """A student's lessons of a type from `since` to `until` inclusive, held and to come, and their charges."""
    student: Student = Student.objects.visible_to(by).select_related("branch__org").one(pk=student_id)
    today, facts = today_in(by, student.branch), facts_of(by, [student])[student_id]
    visits, total = rules.agreed(
        facts, today, rules.LessonsWanted(since, until, lesson_type), still_open=_open_today(facts, today)
    )
    return Agreed(visits, Money(total, student.branch.currency))


def _open_today(facts: rules.StudentFacts, today: date) -> frozenset[int]:
    return frozenset(row.id for row in facts.lessons if row.on == today and row.status == "planned")


@dataclass(frozen=True)
class Expected:
    """One day's snapshot of a month, of all branches in one currency together; minor units."""

    made_on: date
    currency: str
    charged: int
    to_come: int
    students: int


@question("tuition.view")
def expectations(by: Actor, month: date) -> list[Expected]:
    """What was expected of a month on each day that it was asked, the newest first."""
    rows = ForecastDay.objects.visible_to(by).filter(month=month).values("made_on", currency=F("branch__currency"))
    sums = rows.annotate(charged=Sum("charged"), to_come=Sum("to_come"), students=Sum("students"))
    return [Expected(**row) for row in sums.order_by("-made_on", "currency")]


@verb("tuition.charge")
def keep_forecast(by: Actor, *, branch_id: int) -> None:
    """Keeps what a branch expects of this month and the next; once a day, a second time changes nothing.

    Students are read in parts, so that memory does not grow with the branch.
    """
    branch: Branch = Branch.objects.visible_to(by).select_related("org").one(pk=branch_id)
    today = today_in(by, branch)
    this = Month.of(today)
    if ForecastDay.objects.visible_to(by).filter(branch=branch, made_on=today, month=this.first).exists():
        return
    charged: dict[date, int] = defaultdict(int)
    to_come: dict[date, int] = defaultdict(int)
    count: dict[date, int] = defaultdict(int)
    months = (this, this.next)
    for facts in _in_parts(by, branch):
        seen = set()
        for sums, drafts in (
            (charged, rules.due(facts, today)), (to_come, rules.forecast(facts, today, this.next.last))
        ):  # fmt: skip
            for draft in drafts:
                month = Month.of(draft.on).first
                sums[month] += draft.amount
                seen.add(month)
        for month in seen:
            count[month] += 1
    rows = ForecastDay.objects.bulk_create(
        [
            ForecastDay(
                org_id=by.org_id, branch=branch, made_on=today, month=month.first, charged=charged[month.first],
                to_come=to_come[month.first], students=count[month.first],
            )
            for month in months
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    note(by, branch, was=None, now={"forecast": [str(row) for row in rows]})


def _in_parts(by: Actor, branch: Branch) -> Iterator[rules.StudentFacts]:
    bound = Subscription.objects.visible_to(by).filter(student__branch=branch).values("student_id")
    rows = Student.objects.visible_to(by).filter(pk__in=bound, archived_on=None).select_related("branch__org")
    ids = list(rows.order_by("id").values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        yield from facts_of(by, list(rows.filter(pk__in=ids[start : start + AT_ONCE]))).values()
