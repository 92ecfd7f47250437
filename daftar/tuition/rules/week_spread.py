"""`week_spread`: the price of a week from Monday on, spread over its lessons as they are conducted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.tuition.rules.known import Fate
from daftar.tuition.rules.spread import share

if TYPE_CHECKING:
    from datetime import date

    from daftar.tuition.rules.charging import Case, Cost
    from daftar.tuition.rules.facts import LessonFact

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED, Fate.DAY_OFF})


def cost(case: Case, lesson: LessonFact, _turn: int) -> Cost:
    """The student's own share: the sum is the price when every lesson of the week is charged (rule 9.9)."""
    return share(case, lesson, _week_of, _LEAVING)


def _week_of(on: date) -> tuple[date, date]:
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=7)
