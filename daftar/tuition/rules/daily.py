"""`daily`: the price of a month, spread over its lessons and charged on each scheduled day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.lib.period import Month
from daftar.tuition.rules.known import Fate
from daftar.tuition.rules.spread import share

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case, Cost
    from daftar.tuition.rules.facts import LessonFact

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED})


def cost(case: Case, lesson: LessonFact, _turn: int) -> Cost:
    """Charged whoever came; a day off that does not affect payment is charged too (rules 9.15 and 9.31)."""
    month = Month.of(lesson.counted_on)
    return share(case, lesson, month.first, month.next.first, _LEAVING)
