"""When something is free, and when the doors are open."""

from __future__ import annotations

from datetime import time
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance.queries import lessons_as_guest
from daftar.courses import queries
from daftar.courses.places import change_hours
from daftar.courses.timetable import free_times
from daftar.lib.errors import NotFound
from daftar.office.beginnings import begin_field
from daftar.office.forms import day_field, done, form_page, number_in, pick_field, tell, yes_or_no
from daftar.office.named_student import named_student
from daftar.office.page import OfficeRequest, page
from daftar.orgs.models import Unmarked
from daftar.orgs.queries import branches, teachers

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.timetable import FreeTime
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch
    from daftar.people.models import Student

LONGEST = 12 * 60


class FreeForm(forms.Form):
    """What is looked for."""

    on = day_field(gettext_lazy("Date"))
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=5, max_value=LONGEST)

    def __init__(self, *args: Any, by: Actor, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rooms = [(row.pk, row.name) for row in queries.rooms(by) if row.branch_id == branch.pk]
        self.fields["room_id"] = pick_field(gettext_lazy("Room"), rooms, none=gettext_lazy("any"))
        people = [(row.pk, row.name) for row in teachers(by)]
        self.fields["teacher_id"] = pick_field(gettext_lazy("Teacher"), people, none=gettext_lazy("any"))


class HoursForm(forms.Form):
    """A branch's hours, and what is refused in it."""

    opens_at = forms.TimeField(
        label=gettext_lazy("Opens"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    closes_at = forms.TimeField(
        label=gettext_lazy("Closes"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["blocks_rooms"] = yes_or_no(
            gettext_lazy("Two lessons at once in one room"),
            gettext_lazy("Refuse"), gettext_lazy("Nobody can plan a lesson into a room that is taken."),
            gettext_lazy("Warn"), gettext_lazy("It is planned, and both lessons are marked in the timetable."),
        )  # fmt: skip
        self.fields["blocks_teachers"] = yes_or_no(
            gettext_lazy("Two lessons at once of one teacher"),
            gettext_lazy("Refuse"), gettext_lazy("Nobody can give a teacher a second lesson at the same time."),
            gettext_lazy("Warn"), gettext_lazy("It is planned, and both lessons are marked in the timetable."),
        )  # fmt: skip

        self.fields["blocks_capacity"] = yes_or_no(
            gettext_lazy("A student more than a group has places for"),
            gettext_lazy("Refuse"), gettext_lazy("Whoever comes too late is put on the waiting list."),
            gettext_lazy("Warn"), gettext_lazy("It is possible, and the group is marked as too full."),
        )  # fmt: skip
        self.fields["marks_begin"] = begin_field()
        self.fields["unmarked_become"] = forms.ChoiceField(
            label=gettext_lazy("Lessons that nobody marked by the end of the day"),
            choices=[("", gettext_lazy("Stay on the list of the forgotten")), *Unmarked.choices], required=False,
            help_text=gettext_lazy("Whoever was there is charged like after any lesson."),
        )  # fmt: skip
        hours = [(hour, time(hour).strftime("%H:%M")) for hour in range(24)]
        self.fields["nudge_hour"] = pick_field(
            gettext_lazy("A letter to teachers about lessons of the day that they did not mark"), hours,
            none=gettext_lazy("No letter"), help_text=_nudges_need(),
        )  # fmt: skip
        self.fields["correction_days"] = forms.IntegerField(
            label=gettext_lazy("Days in which marks are corrected without a reason"), min_value=0, max_value=366,
            required=False, help_text=gettext_lazy("Leave empty if no reason is ever asked for."),
        )  # fmt: skip


def _nudges_need() -> Any:
    if settings.EMAIL_HOST:
        return gettext_lazy("From this hour on, by the clock of the branch; one letter a day, with links.")
    return gettext_lazy("No letter leaves before this installation is given a mail server.")


@page("courses.view")
def free(request: OfficeRequest) -> HttpResponse:
    """Free stretches of a day, room by room."""
    by = request.by
    branch = _branch(request)
    values = {"on": by.today.isoformat(), "minutes": "90", "room_id": "", "teacher_id": ""} | request.GET.dict()
    form = FreeForm(values, by=by, branch=branch)
    named = named_student(request, "student")
    if named.address:
        return redirect(named.address)
    found = _found(by, form, branch, named.student) if form.is_valid() else []
    context = {
        "form": form,
        "found": found,
        "branch": branch,
        "named": named,
        "asked": _begun(form, branch, named.student),
    }
    return render(request, "office/timetable/free.html", context, status=422 if form.errors else 200)


def _found(by: Actor, form: FreeForm, branch: Branch, pupil: Student | None) -> list[FreeTime]:
    values = form.cleaned_data
    if pupil is not None:
        as_guest = lessons_as_guest(by, pupil.pk, on=values["on"])
        values = values | {"student_id": pupil.pk, "as_guest": as_guest}
    return free_times(by, branch=branch, **values)


def _begun(form: FreeForm, branch: Branch, pupil: Student | None) -> dict[str, Any]:
    """What of the question a new lesson takes over."""
    if not form.is_valid():
        return {}
    values = {"teacher_id": form.cleaned_data["teacher_id"], "student": pupil.pk if pupil else None}
    known = {name: value for name, value in values.items() if value is not None}
    return known | {"held_on": form.cleaned_data["on"].isoformat(), "branch_id": branch.pk}


@page("courses.edit")
def hours(request: OfficeRequest) -> HttpResponse:
    return render(request, "office/timetable/hours.html", {"rows": branches(request.by)})


@page("courses.edit")
def hours_edit(request: OfficeRequest, branch_id: int) -> HttpResponse:
    by = request.by
    row = next((each for each in branches(by) if each.pk == branch_id), None)
    if row is None:
        raise NotFound
    initial = {
        "opens_at": row.opens_at, "closes_at": row.closes_at, "blocks_rooms": "yes" if row.blocks_rooms else "no",
        "blocks_teachers": "yes" if row.blocks_teachers else "no",
        "blocks_capacity": "yes" if row.blocks_capacity else "no", "marks_begin": row.marks_begin,
        "unmarked_become": row.unmarked_become,
        "correction_days": row.correction_days, "nudge_hour": row.nudge_hour,
    }  # fmt: skip
    form = HoursForm(request.POST or None, initial=initial)
    # Letters lead where the installation answers whoever wants them.
    site = request.build_absolute_uri("/").rstrip("/")
    if done(form, partial(change_hours, by, branch_id=branch_id, nudge_site=site)):
        tell(request, _("Saved."))
        return redirect("office:hours", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("Hours and lessons of %(branch)s") % {"branch": row.name},
        submit_label=_("Save"), cancel_url="../",
        text=_("Lessons outside the hours are marked in the timetable; free time is looked for within them."),
    )  # fmt: skip


def _branch(request: OfficeRequest) -> Branch:
    places, named = branches(request.by), number_in(request, "branch_id")
    return next((each for each in places if each.pk == named), request.branch or places[0])
