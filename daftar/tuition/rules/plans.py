"""The table of ways of charging: a new one is a function and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.courses.rules import PlanKind
from daftar.tuition.rules import (
    calendar_month,
    daily,
    group_month,
    module,
    month_spread,
    per_lesson,
    student_month,
    week_spread,
    whole_course,
)
from daftar.tuition.rules.charging import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

PLANS: Mapping[PlanKind, Plan] = {
    PlanKind.PER_LESSON: Plan(cost=per_lesson.cost),
    PlanKind.MONTH_SPREAD: Plan(cost=month_spread.cost),
    PlanKind.WEEK_SPREAD: Plan(cost=week_spread.cost),
    PlanKind.DAILY: Plan(cost=daily.cost, as_scheduled=True),
    PlanKind.CALENDAR_MONTH: Plan(charges=calendar_month.charges),
    PlanKind.GROUP_MONTH: Plan(charges=group_month.charges),
    PlanKind.STUDENT_MONTH: Plan(charges=student_month.charges),
    PlanKind.MODULE: Plan(charges=module.charges),
    PlanKind.WHOLE_COURSE: Plan(charges=whole_course.charges),
}
