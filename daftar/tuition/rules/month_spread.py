"""`month_spread`: the price of a month, spread over its lessons as they are conducted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.known import Fate
from daftar.tuition.rules.spread import month_of, share

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case, Cost
    from daftar.tuition.rules.facts import LessonFact

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED, Fate.DAY_OFF})


def cost(case: Case, lesson: LessonFact, _turn: int) -> Cost:
    """The student's own share: the sum is the price when every lesson of the month is charged (rule 9.9)."""
    return share(case, lesson, month_of, _LEAVING)
