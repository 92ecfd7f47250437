"""Who has a lesson today that the money does not cover: another thing than a debtor (decision D15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, Max, OuterRef, Q, Subquery

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment, Lesson
from daftar.ledger.models import Account, AccountKind
from daftar.ledger.queries import base_balances, separate_accounts
from daftar.lib.money import Money
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.people.queries import phones
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import PriceStep
from daftar.tuition.rules.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MOST = 500  # who is judged at once


@dataclass(frozen=True)
class MustPay:
    """A student who comes today, in which group (or to which course alone), and what is missing for it.

    `subscription_id`: on whose own account (None: on the student's, or there too).
    """

    student_id: int
    name: str
    group: str
    missing: Money
    phone: str
    subscription_id: int | None = None


@question("tuition.view")
def must_pay_today(by: Actor) -> tuple[list[MustPay], bool]:
    """Students with a lesson today that their money does not cover, by name; True where more may be concerned.

    Those who may be concerned are found by SQL, and judged by the rules of pricing.
    """
    groups = _candidates(by)
    rows = Student.objects.visible_to(by).filter(pk__in=groups, archived_on=None).select_related("branch__org")
    students = list(rows.order_by("sort_key", "id")[:MOST])
    facts, sums = facts_of(by, students), base_balances(by, [student.pk for student in students])
    apart = [pk for pk, known in facts.items() if any(each.is_separate for each in known.subscriptions)]
    own = {pk: row.balance or 0 for pk, row in separate_accounts(by, apart).items()} if apart else {}
    reach = phones(by, [student.pk for student in students]) if by.may("people.see_contacts") else {}
    found = []
    for student in students:
        missing = _missing(facts[student.pk], today_in(by, student.branch), own | {None: sums[student.pk]})
        if missing:
            sum_ = Money(sum(missing.values()), student.branch.currency)
            into = None if None in missing else max(missing, key=lambda pk: missing[pk])
            phone = reach.get(student.pk, "")
            found.append(MustPay(student.pk, student.full_name, groups[student.pk], sum_, phone, into))
    return found, len(groups) > MOST


def _missing(facts: rules.StudentFacts, today: date, money: Mapping[int | None, int]) -> dict[int | None, int]:
    """What each account lacks for today's lessons: a debt, or the part of what they will cost that is not there."""
    still_open = frozenset(lesson.id for lesson in facts.lessons if lesson.on == today and lesson.status == "planned")
    return rules.missing(facts, rules.forecast(facts, today, today, still_open=still_open), money)


def _candidates(by: Actor) -> dict[int, str]:
    """By student, the group: who is below zero, or charged by lessons and with less than the highest price there is.

    Whoever has an account for one subscription only is among them.
    """
    today = by.today
    lessons = Lesson.unguarded.filter(org_id=by.org_id, group_id=OuterRef("group_id"), held_on=today)
    rows: Any = Enrolment.objects.visible_to(by).filter(starts_on__lte=today, activated_on__lte=today)
    rows = rows.exclude(ends_on__lte=today).filter(Exists(lessons.exclude(status=LessonStatus.CANCELLED)))
    own = Lesson.objects.visible_to(by).filter(student__isnull=False, held_on=today)
    alone = _short(by, own.exclude(status=LessonStatus.CANCELLED)).order_by("-course__name")
    found = dict(alone.values_list("student_id", "course__name"))
    return found | dict(_short(by, rows).order_by("-group__name").values_list("student_id", "group__name"))


def _short(by: Actor, rows: Any) -> Any:
    """Of rows of students, those whose money may not be enough."""
    balance = Account.unguarded.filter(
        org_id=by.org_id, kind=AccountKind.STUDENT, student_id=OuterRef("student_id")
    ).values("balance")
    steps = PriceStep.unguarded.filter(
        org_id=by.org_id, subscription__student_id=OuterRef("student_id"), subscription__plan__in=BY_LESSON
    )
    rows = rows.annotate(
        balance=Subquery(balance[:1]),
        highest=Subquery(
            steps.order_by().values("subscription__student_id").annotate(most=Max("amount")).values("most")[:1]
        ),
    )
    own = Account.unguarded.filter(org_id=by.org_id, kind=AccountKind.SEPARATE, student_id=OuterRef("student_id"))
    short = Q(balance__lt=0) | Q(highest__gt=F("balance")) | Q(balance=None, highest__isnull=False)
    return rows.filter(short | Exists(own))


BY_LESSON = [kind.value for kind in rules.PlanKind if not PLANS[kind].by_period]
