"""Lessons as a list: filters stand in the address, which may be kept under a name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance.queries import lesson_figures
from daftar.courses import queries
from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.lib.paging import paged
from daftar.office import formats
from daftar.office.files import as_file
from daftar.office.forms import UndoForm, as_number, done, form_page, number_in, pick_field, tell, undo_page, undone
from daftar.office.lesson_words import type_of
from daftar.office.named_student import named_student
from daftar.office.page import OfficeRequest, page
from daftar.orgs import kept
from daftar.orgs.queries import teachers
from daftar.reports.lessons import UNMARKED, WantedLessons
from daftar.reports.lessons import lessons as ask_lessons

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpResponse

    from daftar.orgs.access import Actor

ANY = gettext_lazy("all")
MOST_IN_FILE = 20_000
A_YEAR = timedelta(days=366)
STATES = [
    ("", ANY), *LessonStatus.choices, (UNMARKED, gettext_lazy("Not marked")),
]  # fmt: skip


class LessonsForm(forms.Form):
    """Which lessons are shown; days that are not said are this week's."""

    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    status = forms.ChoiceField(label=gettext_lazy("State"), choices=STATES, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=[("", ANY), *LessonKind.choices], required=False)

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sees_all = by.may("courses.see_all")
        types = [(0, _("a plain lesson")), *_named(queries.own_lesson_types(by.trusted()))]
        rows: dict[str, tuple[Any, Any]] = {
            "group_id": (_("Group"), _with_past(queries.groups(by), _("Ended"), self._ended(by))),
            "type_id": (_("Type"), types),
        }
        if sees_all:
            gone, archived = teachers(by, former=True), queries.archived_courses(by)
            rows["teacher_id"] = (_("Teacher"), _with_past(teachers(by), _("No longer here"), gone))
            rows["course_id"] = (_("Course"), _with_past(queries.courses(by), _("Archive"), archived))
        elif by.member_id is not None:
            # Those of one's groups that another gives are told from the own ones.
            rows["teacher_id"] = (_("Teacher"), [(by.member_id, by.name)])
        rows["room_id"] = (_("Room"), [(row.pk, row.name) for row in queries.rooms(by)])
        for name, (label, choices) in rows.items():
            self.fields[name] = pick_field(label, choices, none=ANY)
        if subjects := queries.subjects(by.trusted()):
            choices = [("", ANY), *((each, each) for each in subjects)]
            # One that a kept view asks for and no course has any more is as if it were not asked for.
            if self.data.get("subject", "") not in dict(choices):
                kept: Any = self.data
                self.data = kept = kept.copy()
                del kept["subject"]
            self.fields["subject"] = forms.ChoiceField(label=_("Subject"), choices=choices, required=False)
        self.fields["student_id"] = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def _ended(self, by: Actor) -> Any:
        """Groups that ended within a year, and the one that is asked for."""
        asked = as_number(self.data.get("group_id", ""))
        return queries.groups(by, is_over=True).filter(Q(ends_on__gt=by.today - A_YEAR) | Q(pk=asked or 0))


def _named(rows: Any) -> list[tuple[int, str]]:
    return [(row.pk, row.name) for row in rows]


def _with_past(rows: Any, label: str, past: Any) -> list[Any]:
    """What is there now, then under a label what was: past lessons are of it."""
    over = _named(past)
    return [*_named(rows), *([(label, over)] if over else [])]


class ViewForm(forms.Form):
    """What a view is called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)


@page("courses.view")
def lessons(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = LessonsForm(request.GET, by=by)
    wanted = _wanted(by, form)
    if "file" in request.GET:
        return _file(by, wanted)
    named = named_student(request, "student_id")
    if named.address:
        return redirect(named.address)
    rows, at = paged(ask_lessons(by, wanted), number_in(request, "page") or 1)
    context = {
        "form": form, "rows": _shown(by, rows), "page": at, "wanted": wanted, "named": named,
        "views": kept.kept_views(by, "lessons"),
        "address": _address(request), "is_filtered": bool(_address(request)), "new": _new_lesson(by, wanted),
    }  # fmt: skip
    return render(request, "office/journal/lessons.html", context, status=422 if form.errors else 200)


@page("courses.view")
def lesson_view_keep(request: OfficeRequest) -> HttpResponse:
    """Keeps the filters that the address names under a name."""
    by, address = request.by, _address(request)
    form = ViewForm(request.POST or None)
    home = reverse("office:lessons", args=[by.org_slug])
    if row := done(form, lambda name: kept.keep_view(by, of="lessons", name=name, address=address)):
        tell(request, _("The view %(name)s is kept.") % {"name": row.name})
        return redirect(f"{home}?{row.address}")
    return form_page(
        request, "office/form.html", form, title=_("Keep this view"), submit_label=_("Keep"),
        cancel_url=f"{home}?{address}", text=_("It stands above the list of lessons, for you alone."),
    )  # fmt: skip


@page("courses.view")
def lesson_view_drop(request: OfficeRequest) -> HttpResponse:
    """Forgets the view named in the address."""
    by, name = request.by, request.GET.get("name", "")[:60]
    form, home = UndoForm(request.POST or None), reverse("office:lessons", args=[by.org_slug])
    # An answer is a list: one that was gone already has no address.
    if found := done(form, lambda: [kept.drop_view(by, of="lessons", name=name)]):
        tell(request, _("The view %(name)s is forgotten; its filters are still shown.") % {"name": name})
        return undone(request, f"{home}?{found[0]}")
    return undo_page(request, form, _("Forget the view %(name)s?") % {"name": name}, home)


def _wanted(by: Actor, form: LessonsForm) -> WantedLessons:
    """What the form says; what is wrong in it is as if it were not said."""
    form.is_valid()
    said = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    monday = by.today - timedelta(days=by.today.weekday())
    since: date = said.pop("since", monday)
    until: date = said.pop("until", max(since, monday + timedelta(days=6)))
    return WantedLessons(since=since, until=until, **said)


def _new_lesson(by: Actor, wanted: WantedLessons) -> str:
    """Where a lesson is planned of what is asked for: one more of the group, or one of the student, teacher, room."""
    home = reverse("office:lesson-single-new", args=[by.org_slug])
    asked = {"teacher_id": wanted.teacher_id, "room_id": wanted.room_id}
    if wanted.group_id is not None:
        home = reverse("office:lesson-new", args=[by.org_slug, wanted.group_id])
    else:
        asked["student"] = wanted.student_id
    rest = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{home}?{rest}".rstrip("?")


def _address(request: OfficeRequest) -> str:
    """The filters as they stand in the address, without the page of the list."""
    kept = request.GET.copy()
    for name in ("page", "file", "branch", "q"):
        kept.pop(name, None)
    return kept.urlencode()[:1000]


def _state_of(row: dict[str, Any]) -> str:
    return _("Day off") if row["is_off"] else str(LessonStatus(row["state"]).label)


def _shown(by: Actor, rows: list[Any]) -> list[dict[str, Any]]:
    figures = lesson_figures(by, [row.pk for row in rows])
    return [
        {
            "id": row.pk, "on": row.held_on, "starts_at": row.starts_time, "ends_at": row.ends_at, "name": row.name,
            "course": row.studied.name, "teacher": row.teacher.name if row.teacher else "",
            "room": row.room.name if row.room else "", "topic": row.topic, "state": row.status,
            "is_off": row.status == LessonStatus.PLANNED and row.is_off,
            "is_unmarked": row.status == LessonStatus.PLANNED and row.starts_at < by.at and not row.is_off,
            "present": figures[row.pk].present, "expected": figures[row.pk].expected, **type_of(row),
        }
        for row in rows
    ]  # fmt: skip


def _file(by: Actor, wanted: WantedLessons) -> HttpResponse:
    head = [_("Date"), _("Time"), _("Lesson"), _("Course"), _("Type"), _("Teacher"), _("Room"), _("State"), _("Topic")]
    rows = _shown(by, list(ask_lessons(by, wanted)[:MOST_IN_FILE]))
    lines = [
        [
            row["on"].isoformat(), formats.clock(row["starts_at"]), row["name"], row["course"], row["type"],
            row["teacher"], row["room"], _state_of(row), row["topic"], str(row["present"]),
            str(row["expected"]),
        ]
        for row in rows
    ]  # fmt: skip
    return as_file(f"lessons-{wanted.since}-{wanted.until}", [[*head, _("Present"), _("Expected")], *lines])
