"""The table of ways of charging: a new one is a function and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.courses.rules import PlanKind
from daftar.tuition.rules import calendar_month, per_lesson
from daftar.tuition.rules.charging import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

PLANS: Mapping[PlanKind, Plan] = {
    PlanKind.PER_LESSON: Plan(per_lesson.charges, per_lesson.key_of, by_period=False),
    PlanKind.CALENDAR_MONTH: Plan(calendar_month.charges, calendar_month.key_of, by_period=True),
}
