"""`daily`: the price of a month, spread over its lessons and charged on each scheduled day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.known import Fate
from daftar.tuition.rules.spread import month_of, share

if TYPE_CHECKING:
    from daftar.tuition.rules.charging import Case, Cost
    from daftar.tuition.rules.facts import LessonFact

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED})


def cost(case: Case, lesson: LessonFact, _turn: int) -> Cost:
    """Charged whoever came; a day off that does not affect payment is charged too (rules 9.15 and 9.31)."""
    return share(case, lesson, month_of, _LEAVING)
