"""What a lesson would clash with, beside the form that plans or moves it, before it is saved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from daftar.attendance.queries import guests_between
from daftar.courses.conflicts import Intended, conflicts_of
from daftar.courses.moves import Staffing
from daftar.office.clash_words import clash_shown
from daftar.office.previews import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form

    from daftar.courses.conflicts import Alone, Moved, OfGroup
    from daftar.office.page import OfficeRequest

A_DAY = timedelta(days=1)


def conflicts_shown(
    request: OfficeRequest, form: Form, whose: Callable[[dict[str, Any]], OfGroup | Alone | Moved]
) -> list[dict[str, str]]:
    """Each conflict as the timetable marks it, of the lesson that the form's values say; none while some lack.

    `whose` says it from the cleaned values. What is sent to be saved is answered beside its fields instead.
    """
    asked = form if form.is_bound else begun(form)
    if request.method == "POST" or not asked.is_valid():
        return []
    by, said = request.by, asked.cleaned_data
    intended = Intended(
        held_on=said["held_on"], starts_time=said["starts_time"], type_id=said.get("type_id"),
        minutes=said.get("minutes"),
        staffing=said.get("staffing") or Staffing(said.get("room_id"), said.get("teacher_id")),
    )  # fmt: skip
    guests = guests_between(by, intended.held_on - A_DAY, intended.held_on + A_DAY)
    found = conflicts_of(by, whose(said), intended, guests=guests)
    return [clash_shown(each, found.lesson, found.names) for each in found.clashes]
