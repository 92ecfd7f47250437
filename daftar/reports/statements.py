"""What moved a student's balance in a period, with what it was before and after: for checking together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.ledger.queries import Line, statement
from daftar.orgs.access import Actor, question
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class PeriodStatement:
    """The balance before the first day and after the last, what raised it and what lowered it; minor units."""

    currency: str
    incoming: int
    lines: list[Line]
    raised: int
    lowered: int

    @property
    def outgoing(self) -> int:
        """The balance after the last day."""
        return self.incoming + self.raised - self.lowered


@question("tuition.view")
def period_statement(by: Actor, student_id: int, *, since: date, until: date) -> PeriodStatement:
    """A student's statement of the days from `since` to `until`, both included; NotFound when invisible.

    What cancels out on one day is left out; a correction of closed books is a line of the day it is dated.
    """
    student: Student = Student.objects.visible_to(by).select_related("branch").one(pk=student_id)
    rows = statement(by, student_id)
    lines = [row for row in rows if since <= row.on <= until]
    return PeriodStatement(
        currency=student.branch.currency,
        incoming=sum(row.amount for row in rows if row.on < since),
        lines=lines,
        raised=sum(row.amount for row in lines if row.amount > 0),
        lowered=-sum(row.amount for row in lines if row.amount < 0),
    )
