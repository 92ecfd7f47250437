"""Conducting a lesson, on a phone and at a desk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance import services
from daftar.attendance.announced import announced_in
from daftar.attendance.beginnings import marks_begin
from daftar.attendance.journal import cells_of
from daftar.attendance.linked_makeups import comers, owed_among
from daftar.attendance.materials import files_of_lesson
from daftar.attendance.queries import (
    Mark,
    expected_students,
    get_lesson,
    marks_in,
    paused_students,
    reasons,
)
from daftar.attendance.rules import NOTHING_ELSE, Detail
from daftar.attendance.unmarking import take_marks_back
from daftar.courses.kinds import LessonKind
from daftar.courses.queries import own_lesson_types
from daftar.courses.topics import topics_for
from daftar.lib.errors import Refusal
from daftar.office import words
from daftar.office.forms import UndoForm, as_number, done, said, tell, typed, undo_page, undone
from daftar.office.lesson_words import type_of
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled, priced_page
from daftar.orgs.models import MarksBegin
from daftar.orgs.queries import today_in
from daftar.reports.queries import lesson_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from daftar.courses.models import Lesson


# In the place of a reason: nothing is said of the student.
NOT_SAID = MarksBegin.UNMARKED.value


@page("attendance.mark")
def lesson(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by = request.by
    absent: dict[int, int | None] = {}
    refused, beside, unsaved = "", "", dict[str, Any]()
    details: dict[int, Detail] = {}
    unmarked, seen = set[int](), set[int]()
    because = ""
    if request.method == "POST":
        seen = shown_in(request) or set(expected_students(by, lesson_id))
        sent = typed_lesson(request, seen)
        absent, details, because, unmarked = sent["absent"], sent["details"], sent["because"], sent["unmarked"]
        try:
            held = services.conduct_lesson(by, lesson_id=lesson_id, seen=seen, **sent)
        except Refusal as refusal:
            refused, beside = said(refusal), refusal.field or ""
            unsaved = {name: sent[name] for name in ("topic", "plan_topic_id", "homework")}
        else:
            # Where nothing was different nothing was done, and Undo would take back what was marked earlier.
            undo = reverse("office:lesson-undo", args=[by.org_slug, lesson_id]) if held.is_changed else ""
            there = sum(bool(cell.is_present) for cell in held.marks.values())
            tell(request, saved_text(there, len(held.marks) - there, len(unmarked - held.marks.keys())), undo=undo)
            return redirect("office:today", by.org_slug)
    row, expected = get_lesson(by, lesson_id), expected_students(by, lesson_id)
    for name, value in unsaved.items():
        setattr(row, name, value)
    cells = cells_of(by, [lesson_id])
    marks = {pk: Mark(cell.is_present, cell.reason_id) for (_lesson, pk), cell in cells.items()}
    details = {pk: cell.detail for (_lesson, pk), cell in cells.items()} | details
    coming, told = comers(by, row), announced_in(by, row)
    silent = unmarked | (
        expected.keys() - marks.keys() - told.keys() if marks_begin(by, row) is MarksBegin.UNMARKED else set()
    )
    # Of whoever came into the lesson while the page was open nothing was said on it.
    marks = _typed(expected, absent, unmarked | (silent - seen)) if refused else marks
    owed = owed_among(by, coming) if coming and by.may("people.view") else set()
    context = {
        "lesson": _head(request, row) | _about(request, row), "reasons": reasons(by), "refused": refused,
        "rows": [
            _line(person, marks, told, silent)
            | {"comer": coming.get(person.student_id), "is_owed": person.student_id in owed}
            | {"detail": details.get(person.student_id, NOTHING_ELSE)}
            for person in lesson_people(by, expected)
        ],
        "paused": paused_students(by, lesson_id), "beside": beside,
        "asks_why": row.status == "conducted" and services.needs_reason(by, row.branch, row), "because": because,
    }  # fmt: skip
    return render(request, "office/journal/lesson.html", context, status=422 if refused else 200)


@page("attendance.mark")
def lesson_undo(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    if done(form, lambda: services.undo_marks(by, lesson_id=lesson_id)):
        tell(request, _("The marks are as they were before."))
        return undone(request, home)
    return undo_page(request, form, _("Take back the last marking of %(group)s?") % {"group": row.name}, home)


class TakeBackForm(forms.Form):
    """Why the marks of a lesson are taken back, where the branch asks for it."""

    because = forms.CharField(label=gettext_lazy("Why these marks are corrected"), max_length=200, required=False)

    def __init__(self, *args: Any, asks_why: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_why:
            del self.fields["because"]


@page("attendance.mark")
def lesson_take_back(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    form = TakeBackForm(filled(request), asks_why=services.needs_reason(by, row.branch, row))
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    return priced_page(
        request, form, sorted(marks_in(by, lesson_id)), partial(take_marks_back, by, lesson_id=lesson_id),
        title=_("Take back all marks of %(group)s?") % {"group": row.name}, submit_label=_("Take the marks back"),
        crumbs=[(row.name, home)], back=home, told=_("The marks are taken back."),
        text=_("As if nobody had marked the lesson: it can then be moved, cancelled or given to somebody else."),
        undo=lambda _lesson: reverse("office:lesson-undo", args=[by.org_slug, lesson_id]),
    )  # fmt: skip


def saved_text(present: int, absent: int, unmarked: int = 0) -> str:
    """What was saved, in words."""
    values = {"present": present, "absent": absent, "unmarked": unmarked}
    if unmarked:
        return _("Saved: %(present)s present, %(absent)s absent, %(unmarked)s not marked.") % values
    return _("Saved: %(present)s present, %(absent)s absent.") % values


def shown_in(request: OfficeRequest) -> set[int]:
    """Those who stood on the page that is saved, if it says so."""
    return {number for text in request.POST.getlist("shown") if (number := as_number(text)) is not None}


def _details(request: OfficeRequest, seen: set[int], absent: Mapping[int, object]) -> dict[int, Detail]:
    """What else was typed of those shown; what is no number is one that is refused."""
    found = {}
    for pk in seen:
        texts = {name: request.POST.get(f"{name}_{pk}") for name in Detail._fields}
        if None in texts.values():
            continue  # a page that does not ask for it
        numbers = {name: _number(texts[name]) for name in ("late_minutes", "grade", "homework_grade")}
        comment = (texts["comment"] or "").replace("\x00", "").strip()[:300]
        late = None if pk in absent else numbers["late_minutes"]
        found[pk] = Detail(late, numbers["grade"], numbers["homework_grade"], comment)
    return found


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    number = as_number(text)
    return None if not text else -1 if number is None else number


def typed_lesson(request: OfficeRequest, seen: set[int]) -> dict[str, Any]:
    """What was typed on the page of a lesson, as the verbs that conduct it take it; `seen`: who stood on it.

    Who is not ticked and of whom no reason is chosen but "not marked" is left as before.
    """
    absent = _absent(request, seen)
    unmarked = {pk for pk in absent if request.POST.get(f"reason_{pk}") == NOT_SAID}
    absent = {pk: reason for pk, reason in absent.items() if pk not in unmarked}
    return {
        "absent": absent, "unmarked": unmarked,
        "topic": typed(request, "topic", 200), "homework": typed(request, "homework", 500),
        "plan_topic_id": as_number(request.POST.get("plan_topic_id", "")), "details": _details(request, seen, absent),
        "because": typed(request, "because", 200),
    }  # fmt: skip


def _absent(request: OfficeRequest, seen: set[int]) -> dict[int, int | None]:
    """Who of those shown was not ticked, with the reason; the rest of the answer is not believed."""
    present = set(request.POST.getlist("present"))
    return {
        student_id: as_number(request.POST.get(f"reason_{student_id}", ""))
        for student_id in seen
        if str(student_id) not in present
    }


def _typed(expected: dict[int, bool], absent: dict[int, int | None], unmarked: set[int]) -> dict[int, Mark]:
    said = expected.keys() - unmarked
    return {student_id: Mark(student_id not in absent, absent.get(student_id)) for student_id in said}


def _head(request: OfficeRequest, row: Lesson) -> dict[str, Any]:
    is_ahead, may_edit = row.held_on > today_in(request.by, row.branch), request.by.may("courses.edit")
    may_type = may_edit and row.status != "cancelled" and bool(own_lesson_types(request.by.trusted()))
    return {
        "id": row.pk, "group_id": row.group_id, "group_name": row.name, "on": row.held_on,
        "starts_at": row.starts_time, "ends_at": row.ends_at, "room": row.room.name if row.room else "",
        "teacher": row.teacher.name if row.teacher else "", "topic": row.topic, "homework": row.homework,
        **type_of(row), "may_type": may_type, "state": row.status, "student_id": row.student_id,
        "course": "" if row.group_id or not row.student_id else row.studied.name,
        "is_open": row.kind is LessonKind.TRIAL, "may_add": row.status != "cancelled" and row.student_id is None,
        "may_mark": not is_ahead and row.status != "cancelled", "is_ahead": is_ahead,
        "moved_from": None if row.moved_from == row.held_on else row.moved_from,
        "may_move": may_edit and row.status == "planned", "may_restore": may_edit and row.status == "cancelled",
        "cancel_reason": words.readable(request.by, row.cancel_reason),
        "is_off": row.status == "planned" and getattr(row, "is_off", False), "may_take_back": row.status == "conducted",
    }  # fmt: skip


def _about(request: OfficeRequest, row: Lesson) -> dict[str, Any]:
    """What the lesson is about, and what else it may be: while nothing was said the next topic of the plan."""
    offer = topics_for(request.by, row)
    chosen = next((topic for topic in offer.topics if topic.pk == offer.chosen_id), None)
    return {
        "topics": words.topic_choices(offer), "plan_topic_id": chosen.pk if chosen else None,
        "plan_contents": chosen.contents if chosen else "", "plan_homework": chosen.homework if chosen else "",
        "may_topic": row.status != "cancelled", "files": files_of_lesson(request.by, row.pk),
        "may_attach": request.by.may("attendance.edit_materials") and row.status != "cancelled",
    }  # fmt: skip


def _line(person: Any, marks: dict[int, Mark], told: dict[int, int | None], silent: set[int]) -> dict[str, Any]:
    """A row of the page; who is not marked was there, unless told otherwise before or may stay so (`silent`)."""
    mark = marks.get(person.student_id)
    is_told = mark is None and person.student_id in told
    is_unmarked = mark is None and not is_told and person.student_id in silent
    mark = Mark(is_present=False, reason_id=told[person.student_id]) if is_told else mark
    return {
        "student_id": person.student_id, "name": person.name, "standing": person.standing,
        "is_present": not is_unmarked if mark is None else mark.is_present,
        "reason_id": mark.reason_id if mark else None, "is_told": is_told, "is_unmarked": is_unmarked,
        "may_stay": person.student_id in silent,
    }  # fmt: skip
