"""Forms on courses, rooms, groups and enrolments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from daftar.courses.catalogue import TYPE_ICONS
from daftar.courses.kinds import Colour, LessonKind
from daftar.courses.rules import EVEN, EVERY_DAY, ODD, WEEKEND, Pattern, PlanKind, pattern_of
from daftar.courses.schedules import Schedule
from daftar.courses.services import Charging
from daftar.office.forms import MoneyField, day_field, pick_field, price_field
from daftar.office.lesson_words import miss_choices
from daftar.office.plans import SIZES, plan_fields, with_sizes
from daftar.office.words import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.attendance.models import MakeUp
    from daftar.courses.models import Course, Group, LessonType, Room
    from daftar.courses.queries import WeeklySchedule
    from daftar.orgs.models import Branch, Member

# What the address of a new lesson may bring along: the place in the timetable that was pressed.
ASKED = ("held_on", "starts_time", "room_id", "teacher_id", "branch_id")
DAYS: dict[str, tuple[int, ...]] = {"odd": ODD, "even": EVEN, "weekend": WEEKEND, "every_day": EVERY_DAY, "none": ()}
DAY_CHOICES = [
    ("odd", pgettext_lazy("days", "Odd (Mon, Wed, Fri)")), ("even", pgettext_lazy("days", "Even (Tue, Thu, Sat)")),
    ("custom", pgettext_lazy("days", "Other days")), ("none", _("Not set yet")),
]  # fmt: skip

AS_LONG = _("Leave empty for as long as the group runs.")
AS_COURSE = _("The group is charged in the way of its course, which stays as it is once the course is added.")


def weekdays_field(**kwargs: Any) -> forms.TypedMultipleChoiceField:
    """Days of the week as ISO numbers, by their short names."""
    return forms.TypedMultipleChoiceField(
        label=_("Days of the week"), choices=[(day, WEEKDAYS[day - 1]) for day in EVERY_DAY], coerce=int,
        widget=forms.CheckboxSelectMultiple, **kwargs,
    )  # fmt: skip


class CourseForm(forms.Form):
    """What a course is."""

    name = forms.CharField(label=_("Name"), max_length=120)
    subject = forms.CharField(label=_("Subject"), max_length=120, required=False)
    level = forms.CharField(label=_("Level"), max_length=120, required=False)
    lesson_minutes = forms.IntegerField(label=_("Length of a lesson, minutes"), min_value=5, max_value=720, initial=90)


class NewCourseForm(CourseForm):
    """A new course with its way of charging and first price; the way stays as it is, the price has a page."""

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = {"name": self.fields["name"], **plan_fields()}
        first["plan"].help_text = _("This stays as it is once the course is added.")
        first["currency"] = forms.ChoiceField(
            label=_("Currency"), choices=[(code, code) for code in currencies], initial=currencies[0]
        )
        if len(currencies) == 1:
            first["currency"].widget = forms.HiddenInput()
        first["price"] = price_field(self, currencies, label=_("Price"), required=False)
        self.fields = {**first, **self.fields}

    def clean(self) -> dict[str, Any]:
        data = {**self.cleaned_data, **with_sizes(self)}
        if self.errors:
            return data
        return data | {"plan": PlanKind(data["plan"]), "lessons_count": data["lessons_count"] or 1}


# How participants come onto a lesson of each kind.
KINDS = {
    LessonKind.GROUP: _("Who is in the group on that day is expected; others come as guests."),
    LessonKind.INDIVIDUAL: _("It is of exactly one student, and is planned on the student's card."),
    LessonKind.TRIAL: _("Nobody is on it at first: students and people who only try are added to each lesson."),
}


class LessonTypeForm(forms.Form):
    """A type of lesson of the centre's own."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=LessonKind.choices, widget=forms.RadioSelect)
    icon = forms.ChoiceField(label=_("Icon"), choices=list(TYPE_ICONS.items()), initial="tag")
    colour = forms.ChoiceField(label=_("Colour"), choices=Colour.choices, initial=Colour.PURPLE)
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=5, max_value=720, required=False,
        help_text=_("How long its lessons are. Leave empty for as long as the course says."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].explains = {kind.value: text for kind, text in KINDS.items()}  # type: ignore[attr-defined] # for the template


class RoomForm(forms.Form):
    """A room."""

    name = forms.CharField(label=_("Name"), max_length=80)
    capacity = forms.IntegerField(label=_("Places"), min_value=1, max_value=1000, required=False)

    def __init__(self, *args: Any, branches: Iterable[Branch] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if branches is not None:
            rows = [(branch.pk, branch.name) for branch in branches]
            self.fields["branch_id"] = pick_field(_("Branch"), rows, initial=rows[0][0])


class GroupForm(forms.Form):
    """A group and its weekly schedule."""

    name = forms.CharField(label=_("Name"), max_length=120)
    starts_on = day_field(_("First day"))
    last_on = day_field(_("Last day"))
    day_pattern = forms.ChoiceField(label=_("Days"), choices=DAY_CHOICES, widget=forms.RadioSelect, initial="odd")
    weekdays = weekdays_field(required=False)
    starts_time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), required=False
    )
    capacity = forms.IntegerField(label=_("Places"), min_value=1, max_value=1000, required=False)

    def __init__(
        self, *args: Any, courses: Iterable[Course], teachers: Iterable[Member], rooms: Iterable[Room],
        branches: list[Branch], currency: str, is_new: bool, as_course: str = "", **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        first: dict[str, Any] = {"name": self.fields["name"]}
        if is_new:
            first["course_id"] = pick_field(_("Course"), [(row.pk, row.name) for row in courses])
            first["branch_id"] = pick_field(
                _("Branch"), [(row.pk, row.name) for row in branches], initial=branches[0].pk
            )
            if len(branches) == 1:
                first["branch_id"].widget = forms.HiddenInput()
        first["teacher_id"] = pick_field(_("Teacher"), [(row.pk, row.name) for row in teachers], none=_("none yet"))
        first["room_id"] = pick_field(_("Room"), [(row.pk, row.name) for row in rooms], none=_("none"))
        for name in ("weekdays", "starts_time"):
            self.fields[name].needed = True  # type: ignore[attr-defined] # for the label: unless not set yet
        self.fields["weekdays"].shown_by = ("day_pattern", "custom")  # type: ignore[attr-defined] # for the template
        if not is_new:
            self.fields["from_on"] = day_field(
                _("Days and time count from"),
                required=False,
                help_text=_(
                    "Only where you change them. Leave empty for today, or the first day if it is still to come."
                ),
            )
        self.order_fields(["starts_on", "last_on", "day_pattern", "weekdays", "starts_time", "from_on"])
        self.fields = {**first, **self.fields, **plan_fields(as_course=as_course or str(AS_COURSE))}
        if is_new:
            price = MoneyField(currency, label=_("Price of its own"), required=False)
            price.help_text = _("Instead of the course's price. Leave empty to take that.")
            self.fields["price"] = price

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        pattern, chosen = data.pop("day_pattern", "none"), data.pop("weekdays", [])
        days = tuple(sorted(chosen)) if pattern == "custom" else DAYS.get(pattern, ())
        at = data.pop("starts_time", None)
        if pattern == "custom" and not days:
            self.add_error("weekdays", _("Choose at least one day."))
        if days and at is None and "starts_time" not in self.errors:
            self.add_error("starts_time", _("Write the time the lessons begin."))
        data["schedule"] = Schedule(days, at if days else None)
        data["charging"] = Charging(**with_sizes(self))
        return {name: value for name, value in data.items() if name not in {"plan", *SIZES}}

    @staticmethod
    def initial_of(group: Group, schedule: WeeklySchedule, last_on: Any) -> dict[str, Any]:
        """What the form shows of a group that exists."""
        pattern = pattern_of(schedule.weekdays)
        named = pattern if pattern in {Pattern.ODD, Pattern.EVEN} else "custom"
        return {
            "name": group.name, "teacher_id": group.teacher_id, "room_id": group.room_id, "starts_on": group.starts_on,
            "last_on": last_on, "capacity": group.capacity, "plan": group.plan,
            "lessons_count": group.lessons_count or 1, "module_lessons": group.module_lessons, "months": group.months,
            "day_pattern": str(named) if schedule.weekdays else "none", "weekdays": list(schedule.weekdays),
            "starts_time": schedule.starts_time,
        }  # fmt: skip


class LessonForm(forms.Form):
    """One more lesson."""

    held_on = day_field(_("Date"))
    starts_time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=5, max_value=720, required=False,
        help_text=_("Leave empty for as long as the type or the course says."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, types: Iterable[LessonType], rooms: Iterable[Room], teachers: Iterable[Member], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if fitting := type_choices(types):
            self.fields["type_id"] = pick_field(_("Type"), fitting, none=_("a lesson of the group"))
        usual = _("that of the group")
        self.fields["room_id"] = pick_field(_("Room"), [(row.pk, row.name) for row in rooms], none=usual)
        self.fields["teacher_id"] = pick_field(_("Teacher"), [(row.pk, row.name) for row in teachers], none=usual)


class GroupRegularForm(LessonForm):
    """Regular lessons of a group beside its days."""

    held_on = None  # type: ignore[assignment] # they have days of the week instead
    weekdays = weekdays_field()
    starts_on = day_field(_("From"))
    last_on = day_field(_("Last day"), required=False, help_text=AS_LONG)

    field_order = ("type_id", "weekdays", "starts_time", "starts_on", "last_on", "minutes", "room_id", "teacher_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)


class GroupLastDayForm(forms.Form):
    """The last day of a regular lesson of a group."""

    last_on = day_field(_("Last day"), required=False, help_text=AS_LONG)


class TypeForm(forms.Form):
    """Another type for a lesson of a kind; `own`: the type that it is of, be it archived."""

    def __init__(
        self, *args: Any, types: Iterable[LessonType], kind: LessonKind, own: int | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fitting = [(row.pk, row.name) for row in types if row.kind == kind and (not row.is_archived or row.pk == own)]
        plain = _("a lesson of the group") if kind is LessonKind.GROUP else kind.label
        self.fields["type_id"] = pick_field(_("Type"), fitting, none=plain, radio=True)


def type_choices(types: Iterable[LessonType]) -> list[tuple[int, str]]:
    """Those of the centre's own types whose lessons are held with a group."""
    return [(row.pk, row.name) for row in types if row.kind == LessonKind.GROUP and not row.is_archived]


class EnrolForm(forms.Form):
    """How and from when a student is in a group."""

    START = (("trial", _("Trial: free of charge")), ("active", _("Active: charged from this day")))

    start = forms.ChoiceField(label=_("Start"), choices=START, widget=forms.RadioSelect, initial="trial")
    starts_on = day_field(_("From"))
    last_on = day_field(
        _("Last day"), required=False, help_text=_("Only for a member for some days; the first day for one lesson.")
    )

    def __init__(
        self, *args: Any, groups: Iterable[Group] | None = None, owed: Iterable[MakeUp] = (), may_activate: bool,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        if groups is not None:
            first = {
                "group_id": pick_field(_("Group"), [(row.pk, f"{row.name} · {row.course.name}") for row in groups])
            }
            self.fields = {**first, **self.fields}
        if not may_activate:
            del self.fields["start"]
        if misses := miss_choices(owed):
            self.fields["make_up_id"] = pick_field(
                _("Makes up for"), misses, none=_("nothing"), help_text=_("Of a member for one day.")
            )


class ActivateForm(forms.Form):
    """From when an enrolment is charged."""

    activated_on = day_field(_("Active from"))
