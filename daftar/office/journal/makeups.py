"""Pages on guests of a lesson and on lessons that make up for missed ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from daftar.attendance import makeups
from daftar.attendance.linked_makeups import link_make_up, unlink_make_up
from daftar.attendance.makeup_lessons import others_owed, plan_make_up_lesson
from daftar.attendance.queries import get_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.moves import Staffing
from daftar.courses.queries import own_lesson_types, rooms
from daftar.lib.paging import paged
from daftar.office import formats
from daftar.office.forms import (
    UndoForm,
    as_number,
    day_field,
    done,
    form_page,
    number_in,
    pick_field,
    tell,
    the_only,
    typed,
    undo_page,
    undone,
)
from daftar.office.lesson_words import miss_choices, miss_of, when_of
from daftar.office.page import OfficeRequest, page
from daftar.orgs.queries import teachers
from daftar.people.queries import get_student
from daftar.reports.queries import find_students

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse

    from daftar.attendance.makeups import FreePlace
    from daftar.attendance.models import MakeUp
    from daftar.courses.models import LessonType, Room
    from daftar.orgs.models import Member

STATES = {
    "owed": pgettext_lazy("make-ups", "Owed"), "planned": pgettext_lazy("make-ups", "Planned"),
    "made": pgettext_lazy("make-ups", "Made up for"), "expired": pgettext_lazy("make-ups", "Expired"),
}  # fmt: skip


class GuestForm(forms.Form):
    """Why somebody comes to the lesson of another group."""

    def __init__(self, *args: Any, owed: list[MakeUp], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["make_up_id"] = pick_field(
            gettext_lazy("Makes up for"), miss_choices(owed), none=gettext_lazy("nothing: comes as a guest"), radio=True
        )


class PlaceForm(forms.Form):
    """The lesson that is chosen."""

    lesson_id = forms.IntegerField(widget=forms.HiddenInput)


@page("attendance.add_guests")
def lesson_guest(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    chosen = as_number(request.POST.get("student") or request.GET.get("student", ""))
    context: dict[str, Any] = {
        "title": _("Who else comes on %(day)s?") % {"day": formats.weekday_day(row.held_on)},
        "crumbs": [(row.name, home)], "cancel_url": home,
    }  # fmt: skip
    if chosen is None:
        q = typed(request, "q")
        found = find_students(by, q)
        if only := the_only(request, found):
            return redirect(f"{request.path}?student={only}")
        picker = {"student": None, "q": q, "found": found, "form": None}
        return render(request, "office/journal/guest.html", context | picker)
    student = get_student(by, chosen)
    owed = makeups.make_ups_of(by, student.pk)
    form = GuestForm(request.POST or None, owed=owed, initial={"make_up_id": owed[0].pk if owed else ""})
    if done(form, partial(makeups.add_guest, by, lesson_id=lesson_id, student_id=student.pk)):
        undo = reverse("office:lesson-guest-remove", args=[by.org_slug, lesson_id, student.pk])
        tell(request, _("%(name)s comes to this lesson.") % {"name": student.full_name}, undo=undo)
        return redirect(home)
    shown = {"student": {"id": student.pk, "name": student.full_name}, "q": "", "found": []}
    return form_page(request, "office/journal/guest.html", form, **context, **shown)


@page("attendance.add_guests")
def lesson_guest_remove(request: OfficeRequest, lesson_id: int, student_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    if done(form, lambda: makeups.remove_guest(by, lesson_id=lesson_id, student_id=student_id)):
        tell(request, _("The guest does not come."))
        return undone(request, home)
    return undo_page(request, form, _("Take the guest out of the lesson of %(group)s?") % {"group": row.name}, home)


class MissForm(forms.Form):
    """Which missed lesson it is that one makes up for."""

    def __init__(self, *args: Any, owed: list[MakeUp], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["make_up_id"] = pick_field(gettext_lazy("Makes up for"), miss_choices(owed), radio=True)


@page("attendance.add_guests")
def lesson_makes_up(request: OfficeRequest, lesson_id: int, student_id: int) -> HttpResponse:
    """Says of somebody who is in a lesson already for which miss it makes up."""
    by, row, student = request.by, get_lesson(request.by, lesson_id), get_student(request.by, student_id)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    owed = makeups.make_ups_of(by, student_id)
    form = MissForm(request.POST or None, owed=owed, initial={"make_up_id": owed[0].pk if owed else ""})
    name = {"name": student.full_name}
    if done(form, partial(link_make_up, by, lesson_id=lesson_id, student_id=student_id)):
        undo = reverse("office:lesson-makes-up-remove", args=[by.org_slug, lesson_id, student_id])
        told = name | {"day": formats.weekday_day(row.held_on)}
        tell(request, _("%(name)s makes up for it on %(day)s.") % told, undo=undo)
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Which missed lesson does %(name)s make up for?") % name,
        submit_label=_("Save"), cancel_url=home, crumbs=[(row.name, home)],
        text=_("A guest pays what the missed lesson would have cost; a member for a day pays as a member.")
        if owed else _("%(name)s is owed no missed lesson.") % name,
    )  # fmt: skip


@page("attendance.add_guests")
def lesson_makes_up_remove(request: OfficeRequest, lesson_id: int, student_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    if done(form, lambda: unlink_make_up(by, lesson_id=lesson_id, student_id=student_id)):
        tell(request, _("The missed lesson is owed again."))
        return undone(request, home)
    title = _("Does the lesson of %(group)s make up for nothing any more?") % {"group": row.name}
    return undo_page(request, form, title, home)


@page("people.view")
def make_ups(request: OfficeRequest) -> HttpResponse:
    by, state = request.by, typed(request, "state", 10)
    state = state if state in STATES else "owed"
    student_id, found = number_in(request, "student"), makeups.make_ups(by, state=state)
    student = None if student_id is None else get_student(by, student_id)
    rows, at = paged(found.filter(student=student) if student else found, number_in(request, "page") or 1)
    shown = [
        {
            "id": row.pk, "student_id": row.student_id, "name": row.student.full_name, "missed": miss_of(row),
            "until": row.until, "is_late": row.until is not None and row.until < by.today, "made_in": _made(row),
            "lesson_id": row.made_in_id, "as_guest": row.as_guest,
        }
        for row in rows
    ]  # fmt: skip
    name = student.full_name if student else ""
    context = {"rows": shown, "page": at, "state": state, "states": STATES.items(), "name": name}
    return render(request, "office/journal/make_ups.html", context)


@page("attendance.add_guests")
def make_up(request: OfficeRequest, make_up_id: int) -> HttpResponse:
    """Free places in which a miss can be made up for; one is chosen with one press."""
    by, row = request.by, makeups.get_make_up(request.by, make_up_id)
    form = PlaceForm(request.POST or None)
    if guest := done(form, partial(makeups.add_guest, by, student_id=row.student_id, make_up_id=make_up_id)):
        undo = reverse("office:lesson-guest-remove", args=[by.org_slug, guest.lesson_id, row.student_id])
        told = {"name": row.student.full_name, "day": formats.weekday_day(guest.lesson.held_on)}
        tell(request, _("%(name)s makes up for it on %(day)s.") % told, undo=undo)
        return redirect("office:make-ups", by.org_slug)
    context = {
        "row": {
            "student_id": row.student_id, "name": row.student.full_name, "missed": miss_of(row), "until": row.until,
        },
        "make_up_id": make_up_id, "places": [_place(place) for place in makeups.places_for(by, row)],
    }  # fmt: skip
    return form_page(request, "office/journal/make_up.html", form, **context)


class MakeUpLessonForm(forms.Form):
    """A lesson for those who missed one."""

    held_on = day_field(gettext_lazy("Date"))
    starts_time = forms.TimeField(
        label=gettext_lazy("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=5, max_value=720, required=False,
        help_text=gettext_lazy("Leave empty for as long as the type or the course says."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, rooms: Iterable[Room], teachers: Iterable[Member], types: Iterable[LessonType],
        others: Iterable[MakeUp], make_up_id: int, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.make_up_id = make_up_id
        fitting = [(row.pk, row.name) for row in types if row.kind == LessonKind.TRIAL and not row.is_archived]
        if fitting:
            self.fields["type_id"] = pick_field(
                gettext_lazy("Type"), fitting, none=gettext_lazy("as the lesson that was missed")
            )
        self.fields["room_id"] = pick_field(
            gettext_lazy("Room"), [(row.pk, row.name) for row in rooms], none=gettext_lazy("no room")
        )
        self.fields["teacher_id"] = pick_field(
            gettext_lazy("Teacher"), [(row.pk, row.name) for row in teachers], none=gettext_lazy("nobody yet")
        )
        choices = [(row.pk, f"{row.student.full_name} · {miss_of(row)}") for row in others]
        if choices:
            self.fields["make_up_ids"] = forms.TypedMultipleChoiceField(
                label=gettext_lazy("Who else comes"), choices=choices, coerce=int, required=False,
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        place = Staffing(data.pop("room_id", None), data.pop("teacher_id", None))
        return data | {"staffing": place, "make_up_ids": [self.make_up_id, *data.get("make_up_ids", ())]}


@page("courses.edit")
def make_up_lesson(request: OfficeRequest, make_up_id: int) -> HttpResponse:
    """A lesson of no group for this miss, and for others of the course."""
    by, row = request.by, makeups.get_make_up(request.by, make_up_id)
    home = reverse("office:make-up", args=[by.org_slug, make_up_id])
    missed = row.missed
    form = MakeUpLessonForm(
        request.POST or None, others=others_owed(by, row), make_up_id=make_up_id, teachers=teachers(by),
        types=own_lesson_types(by.trusted()), rooms=[room for room in rooms(by) if room.branch_id == missed.branch_id],
        initial={"held_on": by.today, "starts_time": missed.starts_time, "teacher_id": missed.teacher_id},
    )  # fmt: skip
    if lesson := done(form, partial(plan_make_up_lesson, by)):
        tell(request, _("The lesson on %(day)s makes up for it.") % {"day": when_of(lesson)})
        return redirect(reverse("office:make-ups", args=[by.org_slug]) + "?state=planned")
    return form_page(
        request, "office/form.html", form, title=_("A lesson for those who missed one"), submit_label=_("Plan"),
        cancel_url=home, crumbs=[(_("Make-ups"), reverse("office:make-ups", args=[by.org_slug])), (miss_of(row), home)],
        text=" ".join([
            _("It is of no group and may be held at the time of another lesson of the teacher, then without a room."),
            _("Who makes up in it pays as a guest does: nothing for a miss that was charged."),
        ]),
    )  # fmt: skip


def _made(row: MakeUp) -> str:
    return f"{when_of(row.made_in)}, {row.made_in.name}" if row.made_in else ""


def _place(place: FreePlace) -> dict[str, Any]:
    row = place.lesson
    return {
        "lesson_id": row.pk, "group_id": row.group_id, "on": row.held_on, "starts_at": row.starts_time,
        "group": row.name,
        "room": row.room.name if row.room else "", "teacher": row.teacher.name if row.teacher else "",
        "free": place.free,
    }  # fmt: skip
