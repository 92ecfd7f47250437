"""What a deed would do to the money, found out by doing it and taking it back: preview and deed cannot differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from daftar.ledger.queries import balances, base_balances, last_transfer_id, moves_since
from daftar.lib.money import Money
from daftar.orgs.access import Actor, question
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition.facts import facts_of
from daftar.tuition.queries import coverage_of
from daftar.tuition.services import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date

    from daftar.tuition import rules


@dataclass(frozen=True)
class RehearsedLine:
    """One move on a student's account; `amount` above zero is in the student's favour. `why` as the ledger keeps it."""

    on: date
    kind: str
    amount: Money
    why: Any
    is_reversal: bool


@dataclass(frozen=True)
class Rehearsal:
    """What would happen to one student: every move, and the balance before and after.

    How far the money then goes is told of one student alone.
    """

    student_id: int
    name: str
    lines: tuple[RehearsedLine, ...]
    before: Money
    after: Money
    coverage: rules.Coverage | None

    @property
    def moved(self) -> Money:
        """All moves together."""
        return Money(self.after.amount - self.before.amount, self.after.currency)


@question("tuition.view")
def rehearse(by: Actor, student_ids: Collection[int], deed: Callable[[], object]) -> list[Rehearsal]:
    """Does the deed, looks at the money of these students, and takes everything back.

    Raises what the deed raises. Answers the students in the order of their names. Nothing stays: neither rows, jobs nor
    an audit row; the locks are those of the deed and end with the transaction around it.
    """
    with transaction.atomic():
        before, last = balances(by, student_ids), last_transfer_id(by.trusted())
        deed()
        found = _looked_at(by, student_ids, before, last)
        transaction.set_rollback(True)
    return found


@question("tuition.view")
def rehearse_at_once(by: Actor, student_ids: Collection[int], deed: Callable[[], object]) -> list[Rehearsal]:
    """The same of a deed that leaves charging these students to the background; only those whose money it moves."""

    def charged() -> None:
        deed()
        reconcile(by.trusted(), student_ids=student_ids)

    return [each for each in rehearse(by, student_ids, charged) if each.lines]


def _looked_at(by: Actor, student_ids: Collection[int], before: dict[int, int], last: int) -> list[Rehearsal]:
    rows = Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch__org")
    students = list(rows.order_by("sort_key", "id"))
    after, moves = balances(by, student_ids), moves_since(by.trusted(), student_ids, last)
    coverage = _coverage(by, students[0]) if len(students) == 1 else None
    found = []
    for student in students:
        currency = student.branch.currency
        lines = tuple(
            RehearsedLine(
                move.on, move.kind, Money(move.amount, currency), move.why, is_reversal=move.reverses_id is not None
            )
            for move in moves[student.pk]
        )
        found.append(
            Rehearsal(
                student.pk, student.full_name, lines, Money(before[student.pk], currency),
                Money(after[student.pk], currency), coverage,
            )
        )  # fmt: skip
    return found


def _coverage(by: Actor, student: Student) -> rules.Coverage:
    base = base_balances(by, [student.pk])[student.pk]
    return coverage_of(facts_of(by, [student])[student.pk], today_in(by, student.branch), base)
