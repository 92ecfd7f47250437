"""`month_spread`: the price of a month, spread over its lessons as they are conducted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.lib.period import Month
from daftar.tuition.rules.known import Fate
from daftar.tuition.rules.spread import share

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case, Cost
    from daftar.tuition.rules.facts import LessonFact

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED, Fate.DAY_OFF})


def cost(case: Case, lesson: LessonFact, _turn: int) -> Cost:
    """The student's own share: the sum is the price when every lesson of the month is charged (rule 9.9)."""
    month = Month.of(lesson.counted_on)
    return share(case, lesson, month.first, month.next.first, _LEAVING)
