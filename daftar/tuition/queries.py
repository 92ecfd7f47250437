"""Questions about what is owed and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daftar.ledger.queries import Held, base_balances, held_by
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date


@dataclass(frozen=True)
class Reach:
    """How far a student's money goes, what prices the student, and on which accounts the money is; in minor units.

    Subscriptions end where pauses have moved their ends.
    """

    balance: int
    currency: str
    coverage: rules.Coverage
    unpriced: tuple[int, ...]
    subscriptions: tuple[rules.SubscriptionFact, ...]
    held: Held = field(default_factory=Held)


@dataclass(frozen=True)
class Outlook:
    """The debt, or else the next charge, in minor units (None: nothing to pay for); and the reach after a payment."""

    asked: int | None
    then: Reach


@question("tuition.view")
def reach(by: Actor, student_ids: Collection[int]) -> dict[int, Reach]:
    """Balance, paid until, lessons left and next charge of each student."""
    students = list(Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch__org"))
    facts, held = facts_of(by, students), held_by(by, student_ids)
    found = {}
    for student in students:
        today, known, has = today_in(by, student.branch), facts[student.pk], held[student.pk]
        ahead = coverage_of(known, today, has.base)
        unpriced = tuple(rules.unpriced(known, today))
        found[student.pk] = Reach(has.balance, student.branch.currency, ahead, unpriced, rules.lasting(known), has)
    return found


@question("tuition.view")
def outlook(by: Actor, student_id: int, amount: int | None = None) -> Outlook:
    """What to ask a student for, and how far the money goes with `amount` minor units more (None: the sum asked)."""
    student = Student.objects.visible_to(by).select_related("branch__org").one(pk=student_id)
    known, today = facts_of(by, [student])[student_id], today_in(by, student.branch)
    balance = base_balances(by, [student_id])[student_id]
    ahead = coverage_of(known, today, balance).next_charge
    asked = -balance if balance < 0 else ahead.amount if ahead else None
    paid = balance + (amount if amount is not None else asked or 0)
    then = Reach(paid, student.branch.currency, coverage_of(known, today, paid), (), rules.lasting(known))
    return Outlook(asked, then)


@question("tuition.view")
def may_pay(by: Actor, *, student_id: int, lesson_id: int) -> tuple[int, ...]:
    """The subscriptions of which a person may choose one to pay for a lesson; none where no subscription fits it."""
    student = Student.objects.visible_to(by).select_related("branch__org").one(pk=student_id)
    return rules.may_pay(facts_of(by, [student])[student_id], lesson_id)


def coverage_of(facts: rules.StudentFacts, today: date, balance: int) -> rules.Coverage:
    """How far money reaches, with so much on the base account; an unmarked lesson of today lies ahead."""
    still_open = {lesson.id for lesson in facts.lessons if lesson.on == today and lesson.status == "planned"}
    return rules.coverage(facts, today, balance, still_open=frozenset(still_open))
