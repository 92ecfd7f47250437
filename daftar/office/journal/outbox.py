"""The marks of a lesson as the script of its page sends them, at once or when there is a connection again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.attendance.outbox import Received, receive_lesson
from daftar.attendance.queries import Mark, get_lesson, just_marked, marks_in
from daftar.lib.errors import Refusal
from daftar.office import formats
from daftar.office.forms import as_number, said, tell, typed
from daftar.office.grid import kind_of, words
from daftar.office.journal.views import saved_text, shown_in, typed_lesson
from daftar.office.page import OfficeRequest, page
from daftar.reports.queries import lesson_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.orgs.access import Actor

# Older marks are those of a phone whose clock nobody can believe.
OLDEST = timedelta(days=60)


class NotSent(Refusal):
    """Nothing that the script of a lesson's page sends."""

    text = _("These marks cannot be read. Open the lesson and mark it there.")


@page("attendance.mark")
def lesson_send(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    """Takes in what the page of a lesson sends, with `key` (a UUID) and `age` (milliseconds since it was marked).

    Answers {"text"} with what is to be known, or 422 {"refused"}; the same key again does nothing.
    """
    by, row = request.by, get_lesson(request.by, lesson_id)
    if request.method != "POST":
        return JsonResponse({"lesson": row.pk})
    seen = shown_in(request)
    sent = typed_lesson(request, seen)
    absent = sent.pop("absent")
    marks = {pk: Mark(pk not in absent, absent.get(pk)) for pk in seen - sent["unmarked"]}
    try:
        found = receive_lesson(
            by, key=_key(request), lesson_id=lesson_id, marks=marks, made_at=by.at - _age(request), **sent
        )
    except Refusal as refusal:
        return JsonResponse({"refused": str(said(refusal))}, status=422)
    lines = _told(by, found)
    if not found.is_repeated:
        _tell(request, found, lines, len(sent["unmarked"]))
    return JsonResponse({"text": " ".join(lines)})


def _key(request: OfficeRequest) -> UUID:
    try:
        return UUID(typed(request, "key", 40))
    except ValueError as wrong:
        raise NotSent from wrong


def _age(request: OfficeRequest) -> timedelta:
    number = as_number(typed(request, "age", 12))
    if number is None:
        raise NotSent
    return min(timedelta(milliseconds=number), OLDEST)


def _tell(request: OfficeRequest, found: Received, lines: list[str], unmarked: int) -> None:
    by, marks = request.by, marks_in(request.by, found.lesson.pk)
    away = sum(not mark.is_present for mark in marks.values())
    _marked, is_new = just_marked(by, found.lesson.pk)
    undo = reverse("office:lesson-undo", args=[by.org_slug, found.lesson.pk]) if is_new else ""
    tell(request, saved_text(len(marks) - away, away, unmarked), undo=undo)
    for line in lines:
        tell(request, line)


def _told(by: Actor, found: Received) -> list[str]:
    """What is otherwise than the one who marked it knows."""
    people = lesson_people(by, {row.student_id: False for row in found.kept})
    names = {person.student_id: person.name for person in people}
    lines = [_kept(row, names) for row in found.kept]
    if found.unseen:
        lines.append(
            ngettext(
                "%(num)s student has joined meanwhile and is not marked.",
                "%(num)s students have joined meanwhile and are not marked.", found.unseen,
            ) % {"num": found.unseen}
        )  # fmt: skip
    return lines


def _kept(row: Any, names: Mapping[int, str]) -> str:
    values = {
        "student": names.get(row.student_id, ""), "name": row.who, "time": formats.clock(row.at),
        "mark": words()[kind_of(row.mark, frozenset())],
    }  # fmt: skip
    return _("%(student)s: %(name)s set %(mark)s at %(time)s, which stays.") % values
