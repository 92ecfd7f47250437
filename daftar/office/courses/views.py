"""Pages on courses, rooms and groups."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from daftar.attendance.queries import lesson_figures
from daftar.courses import catalogue, queries, services
from daftar.courses.conflicts import OfGroup
from daftar.courses.rules import EnrolmentState, standing, state_on
from daftar.courses.waiting import waiting_list
from daftar.ledger.queries import balances
from daftar.lib.money import Money
from daftar.office import formats, words
from daftar.office.conflicts import conflicts_shown
from daftar.office.courses.forms import ASKED, CourseForm, GroupForm, LessonForm, NewCourseForm, RoomForm
from daftar.office.courses.roster import roster_file
from daftar.office.forms import done, form_page, number_in, typed
from daftar.office.grid import grid, month_of
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled
from daftar.orgs.queries import branches, teachers, zero_is_due_in
from daftar.people.queries import phones

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpResponse

    from daftar.courses.models import Course, Group
    from daftar.orgs.access import Actor

SHOWN_DAYS = timedelta(days=45)


@page("courses.view")
def group(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, queries.get_group(request.by, group_id)
    if request.GET.get("format") == "csv":
        return roster_file(by, group_id, _students(by, row))
    tab = _tab(request)
    price, rule = (row.course.price if row.price is None else row.price), row if row.plan else row.course
    size = queries.sizes(by, [row.pk])[row.pk]
    head = {
        "id": row.pk, "branch_id": row.branch_id, "name": row.name, "course": row.course.name,
        "teacher": row.teacher.name if row.teacher else "",
        "room": row.room.name if row.room else "", "starts_on": row.starts_on, "last_day": _last(row),
        "schedule": words.schedule_text(queries.schedules(by, [row.pk])[row.pk]), "students": size,
        "capacity": row.capacity, "plan": words.charged_as(rule),
        "price": None if price is None or not by.may("tuition.view") else Money(price, row.branch.currency),
    }  # fmt: skip
    context: dict[str, Any] = {
        "group": head, "tab": tab, "students": _students(by, row) if tab == "students" else [],
        "lessons": _lessons(by, row) if tab == "lessons" else [],
        "waiting": _waiting(by, row) if tab == "students" else [],
    }  # fmt: skip
    if tab == "journal":
        context["journal"] = grid(by, group_id, month_of(typed(request, "month", 7), by.today))
        context["strips"] = request.GET.get("by") == "students"
        asked, rows = number_in(request, "student"), context["journal"]["rows"]
        context["one"] = next((each for each in rows if context["strips"] and each.student_id == asked), None)
    return render(request, "office/courses/group.html", context)


def _tab(request: OfficeRequest) -> str:
    """The journal first, for those who mark."""
    tabs = ["journal", "students", "lessons"] if request.by.may("attendance.mark") else ["students", "lessons"]
    asked = request.GET.get("tab", "")
    return asked if asked in tabs else tabs[0]


@page("courses.edit")
def group_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = GroupForm(request.POST or None, initial={"starts_on": by.today}, is_new=True, **_choices(by))
    if added := done(form, lambda **values: services.add_group(by, **values)):
        messages.success(request, _("The group %(name)s is added.") % {"name": added.name})
        return redirect("office:group", by.org_slug, added.pk)
    return form_page(
        request, "office/courses/group_form.html", form, title=_("New group"), submit_label=_("Add group"),
        cancel_url="../",
    )  # fmt: skip


@page("courses.edit")
def group_edit(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, queries.get_group(request.by, group_id)
    initial = GroupForm.initial_of(row, queries.schedules(by, [row.pk])[row.pk], _last(row))
    as_course = _("Now: %(plan)s.") % {"plan": words.charged_as(row.course)}
    choices = _choices(by, row.branch.currency)
    form = GroupForm(request.POST or None, initial=initial, is_new=False, as_course=as_course, **choices)
    if done(form, lambda **values: services.edit_group(by, group_id=group_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:group", by.org_slug, group_id)
    return form_page(
        request, "office/courses/group_form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../",
        priced=("group-price", row.pk), note=_("Another way of charging counts for those activated from now on."),
    )  # fmt: skip


@page("courses.edit")
def lesson_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, queries.get_group(request.by, group_id)
    # The address may bring along the place in the timetable that was pressed.
    initial = {"held_on": by.today} | {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    form = LessonForm(
        filled(request), initial=initial, types=queries.own_lesson_types(by), teachers=teachers(by),
        rooms=[room for room in queries.rooms(by) if room.branch_id == row.branch_id],
    )  # fmt: skip
    plan = partial(services.plan_lesson, by, group_id=group_id)
    if request.method == "POST" and (added := done(form, plan)):
        messages.success(request, _("The lesson is planned."))
        return redirect("office:lesson", by.org_slug, added.pk)
    return form_page(
        request, "office/form.html", form, title=_("New lesson, %(group)s") % {"group": row.name},
        submit_label=_("Plan lesson"), cancel_url="../../",
        conflicts=conflicts_shown(request, form, lambda _said: OfGroup(group_id)),
    )  # fmt: skip


@page("courses.see_all")
def courses(request: OfficeRequest) -> HttpResponse:
    rows = [
        {
            "id": row.pk, "name": row.name, "plan": words.charged_as(row),
            "price": None if row.price is None else Money(row.price, row.currency), "minutes": row.lesson_minutes,
            "groups": row.groups,
        }
        for row in queries.courses(request.by)
    ]  # fmt: skip
    return render(request, "office/courses/courses.html", {"rows": rows})


@page("courses.edit")
def course_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = NewCourseForm(request.POST or None, currencies=_currencies(by))
    if added := done(form, lambda **values: catalogue.add_course(by, **values)):
        messages.success(request, _("The course %(name)s is added.") % {"name": added.name})
        return redirect("office:courses", by.org_slug)
    return form_page(
        request,
        "office/courses/group_form.html",
        form,
        title=_("New course"),
        submit_label=_("Add course"),
        cancel_url="../",
    )


@page("courses.edit")
def course_edit(request: OfficeRequest, course_id: int) -> HttpResponse:
    by, row = request.by, queries.get_course(request.by, course_id)
    initial = {name: getattr(row, name) for name in ("name", "subject", "level", "lesson_minutes")}
    form = CourseForm(request.POST or None, initial=initial)
    if done(form, lambda **values: catalogue.edit_course(by, course_id=course_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:courses", by.org_slug)
    return form_page(
        request, "office/courses/group_form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../",
        priced=("course-price", row.pk), note=_priced(row),
    )  # fmt: skip


@page("courses.see_all")
def rooms(request: OfficeRequest) -> HttpResponse:
    rows = [
        {"id": row.pk, "name": row.name, "branch": row.branch.name, "capacity": row.capacity}
        for row in queries.rooms(request.by)
    ]
    return render(request, "office/courses/rooms.html", {"rows": rows})


@page("courses.edit")
def room_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = RoomForm(request.POST or None, branches=branches(by))
    if added := done(form, lambda **values: catalogue.add_room(by, **values)):
        messages.success(request, _("The room %(name)s is added.") % {"name": added.name})
        return redirect("office:rooms", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New room"), submit_label=_("Add room"), cancel_url="../"
    )


@page("courses.edit")
def room_edit(request: OfficeRequest, room_id: int) -> HttpResponse:
    by, row = request.by, queries.get_room(request.by, room_id)
    form = RoomForm(request.POST or None, initial={"name": row.name, "capacity": row.capacity})
    if done(form, lambda **values: catalogue.edit_room(by, room_id=room_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:rooms", by.org_slug)
    return form_page(request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../")


def _priced(row: Course) -> str:
    """How a course is charged and for how much, in words."""
    price = _("no price yet") if row.price is None else formats.money_text(Money(row.price, row.currency))
    return _("Charged: %(plan)s, %(price)s.") % {"plan": words.charged_as(row), "price": price}


def _last(row: Group) -> date:
    last: date = row.ends_on - timedelta(days=1)
    return last


def _currencies(by: Actor) -> list[str]:
    return list(dict.fromkeys(branch.currency for branch in branches(by)))


def _choices(by: Actor, currency: str = "") -> dict[str, Any]:
    places = branches(by)
    return {
        "courses": queries.courses(by), "teachers": teachers(by), "rooms": queries.rooms(by), "branches": places,
        "currency": currency or places[0].currency,
    }  # fmt: skip


def _waiting(by: Actor, row: Group) -> list[dict[str, Any]]:
    rows = waiting_list(by, row.pk)
    reach = phones(by, [line.student_id for line in rows]) if by.may("people.see_contacts") else {}
    return [
        {
            "id": line.pk, "student_id": line.student_id, "name": line.student.full_name, "since": line.since,
            "note": words.readable(by, line.note), "phone": reach.get(line.student_id, ""),
        }
        for line in rows
    ]  # fmt: skip


def _students(by: Actor, row: Group) -> list[dict[str, Any]]:
    rows = queries.roster(by, row.pk)
    ids = [line.student_id for line in rows]
    sums = balances(by, ids) if by.may("tuition.view") else {}
    at_zero = zero_is_due_in(by) if by.may("tuition.view") else frozenset()
    reach = phones(by, ids) if by.may("people.see_contacts") else {}
    shown = []
    for line in rows:
        end = min(line.ends_on or row.ends_on, row.ends_on)
        on = max(by.today, line.starts_on)
        state = state_on(
            on, joined_on=line.starts_on, activated_on=line.activated_on, ends_on=end, is_frozen=line.is_paused
        )
        balance, is_due = sums.get(line.student_id), line.student.branch_id in at_zero
        shown.append(
            {
                "student_id": line.student_id, "enrolment_id": line.pk, "name": line.student.full_name,
                "standing": standing(state or EnrolmentState.TRIAL, balance or 0, zero_is_due=is_due).value,
                "balance": None if balance is None else Money(balance, line.student.branch.currency),
                "since": line.starts_on, "off": words.days_text(line.off),
                "phone": reach.get(line.student_id, ""),
                "is_over": end <= by.today,
                "may_activate": line.activated_on is None and end > by.today and by.may("tuition.activate"),
                "may_leave": end > by.today and by.may("tuition.pause"), "is_active": line.activated_on is not None,
                "may_remove": line.activated_on is None and not line.was_taught and by.may("courses.enrol"),
            }
        )  # fmt: skip
    return shown


def _lessons(by: Actor, row: Group) -> list[dict[str, Any]]:
    today = by.today
    rows = queries.lessons_of_group(by, row.pk, since=today - SHOWN_DAYS, until=today + SHOWN_DAYS)
    figures = lesson_figures(by, [line.pk for line in rows])
    nearest = sorted(rows, key=lambda line: (line.held_on > today, abs((line.held_on - today).days)))
    return [
        {
            "id": line.pk, "on": line.held_on, "starts_at": line.starts_time, "topic": line.topic,
            "reason": words.readable(by, line.cancel_reason), "state": line.status,
            "present": figures[line.pk].present, "expected": figures[line.pk].expected,
            "is_off": line.status == "planned" and line.is_off,
            "is_unmarked": line.status == "planned" and line.ends_at < by.at and not line.is_off,
        }
        for line in nearest
    ]  # fmt: skip
