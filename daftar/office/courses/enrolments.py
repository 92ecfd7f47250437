"""Pages that put students into groups and activate them, with the money shown before it moves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.attendance.makeups import make_ups_of
from daftar.courses import queries
from daftar.courses import services as courses
from daftar.courses.rules import standing, state_on
from daftar.lib.errors import NotFound
from daftar.office.courses.forms import ActivateForm, EnrolForm
from daftar.office.forms import UndoForm, as_number, done, form_page, tell, the_only, typed, undo_page, undone
from daftar.office.page import OfficeRequest, page
from daftar.office.places import full_group
from daftar.office.previews import membership_home, nothing, preview_of, undo_address
from daftar.people.queries import get_student, get_students
from daftar.reports.queries import find_students
from daftar.tuition import services as tuition
from daftar.tuition import several
from daftar.tuition.make_up_days import enrol_for_make_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpResponse

    from daftar.attendance.models import MakeUp
    from daftar.courses.models import Enrolment, Group
    from daftar.office.previews import Preview
    from daftar.orgs.access import Actor
    from daftar.people.models import Student
    from daftar.tuition.several import Done


@page("courses.enrol")
def group_add_student(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, group = request.by, queries.get_group(request.by, group_id)
    chosen = get_students(by, _chosen(request))
    crumbs = [(group.name, "../")]
    context: dict[str, Any] = {
        "title": _("Add to %(group)s") % {"group": group.name},
        "crumbs": crumbs,
        "cancel_url": "../",
    }
    ids = [row.pk for row in chosen]
    if not chosen or (request.method == "GET" and "q" in request.GET and "go" not in request.GET):
        q = typed(request, "q")
        found = [row for row in find_students(by, q) if row.id not in ids]
        if only := the_only(request, found):
            # Who chose some already goes on choosing.
            more = [("q", "")] if ids else []
            return redirect(f"{request.path}?{urlencode([*(('student', pk) for pk in [*ids, only]), *more])}")
        picker = {"students": _names(chosen), "q": q, "found": found}
        return render(request, "office/courses/pick_students.html", context | picker)
    initial = {"starts_on": min(max(by.today, group.starts_on), group.ends_on), "start": "trial"}
    owed = _owed(by, ids[0]) if len(ids) == 1 else []
    form = EnrolForm(_typed(request), initial=initial, owed=owed, may_activate=by.may("tuition.activate"))
    others = "?" + urlencode([*(("student", pk) for pk in ids), ("q", "")])
    context |= {"full": _full(by, group, ids), "wait": _wait(group, ids)}
    return _enrol(request, form, ids, group_id, context | {"students": _names(chosen), "others": others})


@page("courses.enrol")
def student_enrol(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    context: dict[str, Any] = {
        "title": _("Add to a group"), "crumbs": [(student.full_name, "../")], "cancel_url": "../",
        "students": _names([student]), "others": "",
    }  # fmt: skip
    groups = list(queries.groups(by).filter(branch_id=student.branch_id))
    asked = as_number((_typed(request) or {}).get("group_id", ""))
    chosen = next((row for row in groups if row.pk == asked), groups[0] if groups else None)
    context["full"] = _full(by, chosen, [student.pk]) if chosen else None
    context["wait"] = _wait(chosen, [student.pk]) if chosen else None
    initial = {"starts_on": by.today, "start": "trial"}
    form = EnrolForm(
        _typed(request), initial=initial, groups=groups, owed=_owed(by, student.pk),
        may_activate=by.may("tuition.activate"),
    )  # fmt: skip
    return _enrol(request, form, [student.pk], None, context)


@page("tuition.activate")
def enrolment_activate(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_enrolment(request.by, enrolment_id)
    form = ActivateForm(_typed(request), initial={"activated_on": max(by.today, row.starts_on)})
    if request.method == "POST" and (made := _activated(by, form, enrolment_id)):
        undo = undo_address(by, made)
        told = _("%(name)s is active.") % {"name": row.student.full_name}
        tell(request, told, undo=undo if by.may("tuition.pause") else "")
        return redirect(membership_home(request, reverse("office:student", args=[by.org_slug, row.student_id])))
    preview = preview_of(by, form, [row.student_id], partial(tuition.activate, by, enrolment_id=enrolment_id))
    return form_page(request, "office/courses/activate.html", form, enrolment=_shown(by, row), preview=preview)


@page("courses.enrol")
def enrolment_undo(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_enrolment(request.by, enrolment_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:group", args=[by.org_slug, row.group_id])
    if done(form, lambda: courses.undo_enrolment(by, enrolment_id=enrolment_id)):
        told = {"name": row.student.full_name, "group": row.group.name}
        tell(request, _("%(name)s is not in %(group)s any more.") % told)
        return undone(request, home)
    return undo_page(request, form, _("Take %(name)s out of the group again?") % {"name": row.student.full_name}, home)


def _chosen(request: OfficeRequest) -> list[int]:
    """Whose ids were sent, each once; one more than may be chosen is as bad as thousands."""
    sent = request.POST.getlist("student") or request.GET.getlist("student")
    return list(dict.fromkeys(pk for text in sent if (pk := as_number(text)) is not None))[: several.MOST + 1]


def _names(students: Iterable[Student]) -> list[dict[str, Any]]:
    return [{"id": row.pk, "name": row.full_name} for row in students]


def _owed(by: Actor, student_id: int) -> list[MakeUp]:
    """The misses a student may make up for, where the actor may say so."""
    return make_ups_of(by, student_id) if by.may("attendance.add_guests") else []


def _full(by: Actor, group: Group, ids: list[int]) -> dict[str, Any] | None:
    full = full_group(by, group, len(ids))
    return full and (full | {"student_id": ids[0]} if len(ids) == 1 else full)


def _wait(group: Group, ids: list[int]) -> dict[str, int] | None:
    """Who may be put on the waiting list instead: one, since each is asked for a note."""
    return {"group_id": group.pk, "student_id": ids[0]} if len(ids) == 1 else None


def _activated(by: Actor, form: ActivateForm, enrolment_id: int) -> Done | None:
    return done(form, lambda **values: several.activate_one(by, enrolment_id=enrolment_id, **values))


def _typed(request: OfficeRequest) -> Any:
    """The values of the form: sent to be saved, or (by the live preview) only to be looked at."""
    if request.method == "POST":
        return request.POST
    return request.GET if {"starts_on", "activated_on"} & request.GET.keys() else None


def _enrol(
    request: OfficeRequest, form: EnrolForm, ids: list[int], group_id: int | None, context: dict[str, Any]
) -> HttpResponse:
    by = request.by

    undo: list[str] = []

    def enrol(**values: Any) -> list[Enrolment]:
        where: dict[str, Any] = {"group_id": group_id} | values
        is_active, make_up_id = where.pop("start", "trial") == "active", where.pop("make_up_id", None)
        if make_up_id is not None:
            return [enrol_for_make_up(by, student_id=ids[0], make_up_id=make_up_id, is_active=is_active, **where)]
        if len(ids) == 1 and not is_active:
            return [courses.enrol_student(by, student_id=ids[0], **where)]
        together = several.join_active_together if is_active else several.join_together
        made = together(by, student_ids=ids, **where)
        undo.append(undo_address(by, made) if by.may("tuition.pause") else "")
        return made.rows

    if request.method == "POST" and (added := done(form, enrol)):
        _tell_added(request, added, undo)
        return redirect("office:group", by.org_slug, added[0].group_id)
    return form_page(
        request, "office/courses/enrol.html", form, preview=_preview(by, form, ids, enrol), **context
    )  # fmt: skip


def _tell_added(request: OfficeRequest, added: list[Enrolment], undo: list[str]) -> None:
    first, number = added[0], len(added)
    if number == 1 and first.activated_on is None:
        undo = [reverse("office:enrolment-undo", args=[request.by.org_slug, first.pk])]
    text = _("Added to %(group)s.")
    if number > 1:
        text = ngettext("%(num)s student is added to %(group)s.", "%(num)s students are added to %(group)s.", number)
    tell(request, text % {"group": first.group.name, "num": number}, undo=undo[0] if undo else "")


def _preview(by: Actor, form: EnrolForm, ids: list[int], enrol: Callable[..., object]) -> Preview | None:
    is_trial = form.is_bound and form.is_valid() and form.cleaned_data.get("start", "trial") == "trial"
    if is_trial and len(ids) == 1:
        return nothing(_("A trial costs nothing until it is activated."))
    return preview_of(by, form, ids, enrol)


def _shown(by: Actor, row: Enrolment) -> dict[str, Any]:
    state = state_on(max(by.today, row.starts_on), joined_on=row.starts_on, activated_on=row.activated_on)
    if state is None:
        raise NotFound
    return {
        "id": row.pk, "student_id": row.student_id, "student_name": row.student.full_name, "group_id": row.group_id,
        "group_name": row.group.name, "standing": standing(state, 0).value, "since": row.starts_on,
    }  # fmt: skip
