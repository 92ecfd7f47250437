"""Pages on days off, and on single lessons that are cancelled, restored or moved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from daftar.courses import days, moves, queries
from daftar.courses.conflicts import Moved
from daftar.courses.services import change_type, students_on
from daftar.courses.timetable import suggestions
from daftar.office import formats
from daftar.office.conflicts import conflicts_shown
from daftar.office.courses.day_forms import CancelForm, DaysOffForm, MoveForm
from daftar.office.courses.forms import TypeForm
from daftar.office.forms import UndoForm, done, form_page, number_in, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled, preview_of, priced_page
from daftar.orgs.queries import branches, teachers, tuition_settings
from daftar.orgs.rules import MovedLessons
from daftar.tuition import lists
from daftar.tuition.rehearsal import rehearse_at_once

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from django.forms import Form
    from django.http import HttpResponse

    from daftar.courses.models import Lesson
    from daftar.courses.queries import DaysOff
    from daftar.office.previews import Preview
    from daftar.orgs.access import Actor


@page("courses.view")
def days_off(request: OfficeRequest) -> HttpResponse:
    by = request.by
    asked = number_in(request, "year") or by.today.year
    year = asked if EARLIEST_YEAR <= asked <= LATEST_YEAR else by.today.year
    rows = [
        {
            "id": run.ids[0], "name": run.name, "days": _days(run), "branch": run.branch, "effect": _effect(run),
            "may_remove": run.is_mine and by.may("courses.edit"),
        }
        for run in queries.days_off(by, year)
    ]  # fmt: skip
    return render(request, "office/courses/days_off.html", {"rows": rows, "year": year})


EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


@page("courses.edit")
def days_off_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = DaysOffForm(
        filled(request), initial={"starts_on": by.today}, branches=branches(by), is_whole=by.branch_ids is None
    )
    add = partial(days.add_holiday, by)
    if request.method == "POST" and (added := done(form, add)):
        undo = reverse("office:days-off-remove", args=[by.org_slug, added[0].pk])
        tell(request, _("%(name)s is off.") % {"name": added[0].name}, undo=undo)
        return redirect(reverse("office:days-off", args=[by.org_slug]) + f"?year={added[0].on.year}")
    return form_page(
        request, "office/form_preview.html", form, title=_("New days off"), submit_label=_("Add days off"),
        cancel_url="../", preview=_preview_of_new(by, form, add),
        text=_("Lessons of the schedule are not held on these days. Charges follow in the background."),
    )  # fmt: skip


def _preview_of_new(by: Actor, form: DaysOffForm, add: Callable[..., object]) -> Preview | None:
    if not form.is_bound or not form.is_valid():
        return None
    values = form.cleaned_data
    starts_on, last_on = values["starts_on"], values["last_on"] or values["starts_on"]
    return _preview_of_days(by, form, (starts_on, last_on, values["branch_id"]), add)


def _preview_of_days(
    by: Actor, form: Form, off: tuple[date, date, int | None], deed: Callable[..., object]
) -> Preview | None:
    """What days off, from a first to a last one in a branch, do to the money when they come or go."""
    concerned = lists.charged_around(by, *off) if by.may("tuition.view") else []
    return preview_of(by, form, concerned, deed, rehearse_at_once)


@page("courses.edit")
def days_off_remove(request: OfficeRequest, holiday_id: int) -> HttpResponse:
    by, run = request.by, queries.get_days_off(request.by, holiday_id)
    form = UndoForm(request.POST if request.method == "POST" else {"sent": "on"} | request.GET.dict())
    home = reverse("office:days-off", args=[request.by.org_slug])
    remove = partial(days.remove_holidays, by, holiday_ids=run.ids)
    if request.method == "POST" and (_removed := done(form, remove)):
        tell(request, _("%(name)s is no longer off.") % {"name": run.name})
        return undone(request, f"{home}?year={run.starts_on.year}")
    off = (run.starts_on, run.last_on, run.branch_id)
    return form_page(
        request, "office/form_preview.html", form, title=_("Are there lessons on these days after all?"),
        preview=None if form.errors else _preview_of_days(by, form, off, remove),
        submit_label=_("Remove days off"), cancel_url=home, crumbs=[(_("Days off"), home)],
        text=_("%(name)s, %(days)s: lessons are held again, and charges follow in the background.")
        % {"name": run.name, "days": _days(run)},
    )  # fmt: skip


@page("courses.edit")
def lesson_cancel(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    form, home = CancelForm(filled(request)), _home(request, row)
    cancel = partial(days.cancel_lesson, by, lesson_id=lesson_id)
    if request.method == "POST" and (_cancelled := done(form, cancel)):
        undo = reverse("office:lesson-restore", args=[by.org_slug, lesson_id])
        tell(request, _("The lesson is cancelled."), undo=undo)
        return redirect(home)
    # What it does to the money does not depend on the reason.
    preview = preview_of(by, CancelForm({"reason": "-"}), students_on(by, row), cancel)
    return form_page(
        request, "office/form_preview.html", form, preview=preview, cancel_url=home, crumbs=[(row.name, home)],
        title=_("Cancel the lesson of %(day)s") % {"day": _named(row)}, submit_label=_("Cancel the lesson"),
        text=_("Nobody is marked or charged for it; what was charged ahead is credited."), back_label=_("Back"),
    )  # fmt: skip


@page("courses.edit")
def lesson_restore(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    home = _home(request, row)
    form = UndoForm(request.POST if request.method == "POST" else {"sent": "on"})
    restore = partial(days.restore_lesson, by, lesson_id=lesson_id)
    if request.method == "POST" and (_restored := done(form, restore)):
        tell(request, _("The lesson takes place."))
        return undone(request, home)
    preview = None if form.errors else preview_of(by, form, students_on(by, row), restore)
    return form_page(
        request, "office/form_preview.html", form, preview=preview, cancel_url=home, crumbs=[(row.name, home)],
        title=_("Does the lesson of %(day)s take place after all?") % {"day": _named(row)}, submit_label=_("Restore"),
    )  # fmt: skip


@page("courses.edit")
def lesson_move(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    """Another day, hour, room or teacher; one dragged in the timetable, or suggested, comes with them filled in."""
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    now = {"held_on": row.held_on, "starts_time": row.starts_time, "room_id": row.room_id, "teacher_id": row.teacher_id}
    asked = {name: request.GET[name] for name in now if name in request.GET}
    rooms = [room for room in queries.rooms(by) if room.branch_id == row.branch_id]
    form = MoveForm(
        filled(request), initial=now | asked, rooms=rooms, teachers=teachers(by), is_weekly=not row.is_extra
    )
    home, stays = _home(request, row), tuition_settings(row.branch).moved_lessons == MovedLessons.FIRST_DAY
    return priced_page(
        request, form, students_on(by, row), partial(moves.move_lesson, by, lesson_id=lesson_id),
        title=_("Move the lesson of %(day)s") % {"day": _named(row)}, submit_label=_("Move the lesson"),
        crumbs=[(row.name, home)], back=home, told=_("The lesson is changed."),
        text=_("A single lesson is still counted in the month in which it stood first.") if stays else "",
        suggested=[] if asked else _suggested(request, row),
        conflicts=conflicts_shown(request, form, lambda _said: Moved(lesson_id)),
        undo=lambda _moved: reverse("office:lesson-move-undo", args=[by.org_slug, lesson_id]),
    )  # fmt: skip


@page("courses.edit")
def lesson_type(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    """Another type for a lesson, with what it does to the money; Undo gives the old one back."""
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    form = TypeForm(
        filled(request),
        initial={"type_id": row.type_id},
        types=queries.own_lesson_types(by),
        kind=row.kind,
        own=row.type_id,
    )
    home = _home(request, row)
    return priced_page(
        request, form, students_on(by, row), partial(change_type, by, lesson_id=lesson_id),
        title=_("What is the lesson of %(day)s?") % {"day": _named(row)}, submit_label=_("Save"), back=home,
        crumbs=[(row.name, home)], told=_("The lesson is changed."),
        text=_("Prices and discounts may be for some types of lessons only."),
        undo=lambda _row: reverse("office:lesson-type-undo", args=[by.org_slug, lesson_id, row.type_id or 0]),
    )  # fmt: skip


@page("courses.edit")
def lesson_type_undo(request: OfficeRequest, lesson_id: int, lesson_type_id: int) -> HttpResponse:
    """Of the type that it was of before (0: a plain lesson) once more."""
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    form, home = UndoForm(request.POST or None), _home(request, row)
    if done(form, lambda: change_type(by, lesson_id=lesson_id, type_id=lesson_type_id or None)):
        tell(request, _("The lesson is of the type it was of before."))
        return undone(request, home)
    asked = _("Is the lesson of %(group)s of the type it was of before?") % {"group": row.name}
    return undo_page(request, form, asked, home)


@page("courses.edit")
def lesson_move_undo(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson(request.by, lesson_id)
    form = UndoForm(request.POST or None)
    home = _home(request, row)
    if done(form, lambda: moves.undo_move(by, lesson_id=lesson_id)):
        tell(request, _("The lesson is back where it was."))
        return undone(request, home)
    return undo_page(request, form, _("Move the lesson of %(group)s back?") % {"group": row.name}, home)


def _suggested(request: OfficeRequest, row: Lesson) -> list[tuple[str, str]]:
    """Free times, each with the address at which the form is filled with it."""
    found = []
    for each in suggestions(request.by, row):
        room = f", {each.room.name}" if each.room and each.room.pk != row.room_id else ""
        values = {"held_on": each.on.isoformat(), "starts_time": formats.clock(each.at)}
        if each.room:
            values["room_id"] = str(each.room.pk)
        found.append((f"{formats.weekday_day(each.on)} {formats.clock(each.at)}{room}", f"?{urlencode(values)}"))
    return found


def _home(request: OfficeRequest, row: Lesson) -> str:
    """Where the lesson is shown: its own page to those who mark it, or else its group's lessons."""
    by = request.by
    if by.may("attendance.mark"):
        return reverse("office:lesson", args=[by.org_slug, row.pk])
    if row.group_id is None:
        return reverse("office:timetable", args=[by.org_slug]) + f"?on={row.held_on.isoformat()}"
    return reverse("office:group", args=[by.org_slug, row.group_id]) + "?tab=lessons"


def _named(row: Lesson) -> str:
    return f"{formats.weekday_day(row.held_on)} {formats.clock(row.starts_time)}"


def _days(run: DaysOff) -> str:
    first = formats.day(run.starts_on)
    return first if run.last_on == run.starts_on else f"{first} – {formats.day(run.last_on)}"


def _effect(run: DaysOff) -> Any:
    """What days off do to the money, in a sentence."""
    if not run.affects_payment:
        return _("Lessons are not held; a month costs what it costs.")
    if run.is_credited is None:
        return _("Lessons leave the count or are credited, as the branch decides.")
    if run.is_credited:
        return _("One lesson's share comes back for each lesson.")
    return _("Lessons leave the count: the month costs its price for fewer lessons.")
