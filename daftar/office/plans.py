"""The choice of a way of charging, with what follows from each, and the sizes that belong to the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from daftar.courses.plans import PLAN_CHOICES
from daftar.courses.rules import PlanKind

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANS: Mapping[str, Any] = {
    PlanKind.PER_LESSON: _("Each lesson that was attended is charged. The price is for one lesson or for several."),
    PlanKind.MONTH_SPREAD: _(
        "Each lesson that was attended is charged its share of the month's price: 300 000 for 12 is 25 000 each."
    ),
    PlanKind.WEEK_SPREAD: _("Each lesson that was attended is charged its share of the week's price."),
    PlanKind.DAILY: _(
        "Each lesson of the schedule is charged its share of the month's price, whether the student comes or not."
    ),
    PlanKind.CALENDAR_MONTH: _(
        "The price is charged on the 1st of each month, the first month by the lessons that are left in it."
    ),
    PlanKind.GROUP_MONTH: _(
        "The price is charged each month on the day of the month on which the group began, for all on the same day."
    ),
    PlanKind.STUDENT_MONTH: _(
        "The price is charged each month on the day of the month on which the student became active."
    ),
    PlanKind.MODULE: _(
        "The price is charged with the first lesson of each module; who joins within one pays for the lessons left."
    ),
    PlanKind.WHOLE_COURSE: _("The whole course is charged at once when the student becomes active."),
}
# Which sizes belong to which ways; a way that is not here has none.
SIZES: Mapping[str, tuple[str, ...]] = {
    "lessons_count": (PlanKind.PER_LESSON,), "module_lessons": (PlanKind.MODULE,), "months": (PlanKind.WHOLE_COURSE,),
}  # fmt: skip


def plan_fields(*, as_course: str = "") -> dict[str, forms.Field]:
    """The radio of the nine ways and their sizes; `as_course`, what the course does, makes that the first choice."""
    choices = [*([("", _("As the course"))] if as_course else []), *PLAN_CHOICES]
    plan: Any = forms.ChoiceField(
        label=_("Way of charging"), choices=choices, widget=forms.RadioSelect, required=not as_course
    )
    plan.explains = {str(kind): text for kind, text in MEANS.items()} | {"": as_course}
    fields: dict[str, forms.Field] = {
        "plan": plan,
        "lessons_count": forms.IntegerField(
            label=_("Lessons the price is for"), min_value=1, max_value=1000, initial=1, required=False,
            help_text=_("A lesson costs its part of the price: 400 000 for 8 lessons is 50 000 each."),
        ),
        "module_lessons": forms.IntegerField(
            label=_("Lessons of a module"), min_value=1, max_value=1000, required=False
        ),
        "months": forms.IntegerField(
            label=_("Months of the course"), min_value=1, max_value=1000, required=False,
            help_text=_("The price is taken so many times. Left empty, the price is the total."),
        ),
    }  # fmt: skip
    for name, plans in SIZES.items():
        fields[name].shown_by = ("plan", " ".join(plans))  # type: ignore[attr-defined] # for the template
        fields[name].needed = name != "months"  # type: ignore[attr-defined] # for the label: of its way
    return fields


def with_sizes(form: forms.Form) -> dict[str, Any]:
    """The plan and the sizes that belong to it; what was typed for another way is left out with its mistakes."""
    data, plan = form.cleaned_data, form.cleaned_data.get("plan", "")
    for name, plans in SIZES.items():
        if plan not in plans:
            form.errors.pop(name, None)
            data[name] = None
    if plan == PlanKind.MODULE and data.get("module_lessons") is None and "module_lessons" not in form.errors:
        form.add_error("module_lessons", _now("Write how many lessons a module has."))
    if plan == PlanKind.PER_LESSON and data.get("lessons_count") is None and "lessons_count" not in form.errors:
        form.add_error("lessons_count", _now("Write a number from 1 to 1000."))
    return {"plan": plan, **{name: data.get(name) for name in SIZES}}
