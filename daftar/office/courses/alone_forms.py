"""Forms on lessons without a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.courses.moves import Staffing
from daftar.office.courses.forms import weekdays_field
from daftar.office.forms import day_field, pick_field
from daftar.office.lesson_words import miss_choices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.attendance.models import MakeUp
    from daftar.courses.kinds import LessonKind
    from daftar.courses.models import Course, LessonType, Room
    from daftar.orgs.models import Branch, Member


class AloneForm(forms.Form):
    """A lesson of one student, or of whoever comes; the kind is that of the page."""

    held_on = day_field(_("Date"))
    starts_time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    def __init__(
        self, *args: Any, courses: Iterable[Course], types: Iterable[LessonType], kind: LessonKind,
        branches: list[Branch], rooms: Iterable[Room], teachers: Iterable[Member], owed: Iterable[MakeUp] = (),
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.kind = kind
        first = {"course_id": pick_field(_("Course"), [(row.pk, row.name) for row in courses])}
        fitting = [(row.pk, row.name) for row in types if row.kind == kind and not row.is_archived]
        if fitting:
            first["type_id"] = pick_field(_("Type"), fitting, none=kind.label)
        self.fields = {**first, **self.fields}
        self.fields["minutes"] = forms.IntegerField(
            label=_("Minutes"), min_value=5, max_value=720, required=False,
            help_text=_("Leave empty for as long as the type or the course says."),
        )  # fmt: skip
        self.fields["branch_id"] = pick_field(
            _("Branch"), [(row.pk, row.name) for row in branches], initial=branches[0].pk
        )
        if len(branches) == 1:
            self.fields["branch_id"].widget = forms.HiddenInput()
        here = {row.pk for row in branches}
        self.fields["room_id"] = pick_field(
            _("Room"), [(row.pk, row.name) for row in rooms if row.branch_id in here], none=_("no room")
        )
        self.fields["teacher_id"] = pick_field(
            _("Teacher"), [(row.pk, row.name) for row in teachers], none=_("nobody yet")
        )
        if misses := miss_choices(owed):
            self.fields["make_up_id"] = pick_field(_("Makes up for"), misses, none=_("nothing"))

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        place = Staffing(data.pop("room_id", None), data.pop("teacher_id", None))
        return data | {"staffing": place, "kind": self.kind}


class RegularForm(AloneForm):
    """Weekly lessons of one student, or of whoever comes."""

    held_on = None  # type: ignore[assignment] # they have days of the week instead
    weekdays = weekdays_field()
    starts_on = day_field(_("From"))
    last_on = day_field(_("Last day"), help_text=_("A year at most. There is no lesson on days off."))

    field_order = ("course_id", "type_id", "weekdays", "starts_time", "starts_on", "last_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)


class LastDayForm(forms.Form):
    """The last day of a weekly lesson."""

    last_on = day_field(_("Last day"))
