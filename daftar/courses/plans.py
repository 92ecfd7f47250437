"""The ways of charging in words."""

from django.utils.translation import gettext_lazy as _

from daftar.courses.rules import PlanKind

PLAN_LABELS = {
    PlanKind.PER_LESSON: _("Per lesson"),
    PlanKind.MONTH_SPREAD: _("Month spread over its lessons"),
    PlanKind.WEEK_SPREAD: _("Week spread over its lessons"),
    PlanKind.DAILY: _("Each scheduled lesson"),
    PlanKind.CALENDAR_MONTH: _("Per calendar month"),
    PlanKind.GROUP_MONTH: _("Per month from the group's first day"),
    PlanKind.STUDENT_MONTH: _("Per month from the student's first day"),
    PlanKind.MODULE: _("Per module"),
    PlanKind.WHOLE_COURSE: _("Whole course at once"),
}
PLAN_CHOICES = [(kind.value, label) for kind, label in PLAN_LABELS.items()]
# Those that a group of an imported file can have: their sizes are asked for there.
OFFERED_PLANS = [(kind.value, PLAN_LABELS[kind]) for kind in (PlanKind.PER_LESSON, PlanKind.CALENDAR_MONTH)]
