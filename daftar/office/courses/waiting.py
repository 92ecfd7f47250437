"""The waiting list of a group."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses import waiting
from daftar.courses.queries import get_group
from daftar.office.forms import (
    UndoForm,
    done,
    form_page,
    number_in,
    tell,
    the_only,
    typed,
    undo_page,
    undone,
)
from daftar.office.page import OfficeRequest, page
from daftar.people.queries import get_student
from daftar.reports.queries import find_students

if TYPE_CHECKING:
    from django.http import HttpResponse


class WaitForm(forms.Form):
    """What is to be remembered of someone who waits."""

    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)


@page("courses.enrol")
def group_wait_whose(request: OfficeRequest, group_id: int) -> HttpResponse:
    """Asks who wants a place, whether or not there is one, and leads to the note on it."""
    by, group, q = request.by, get_group(request.by, group_id), typed(request, "q")
    chosen, found = number_in(request, "student"), find_students(by, q)
    chosen = the_only(request, found) if chosen is None else get_student(by, chosen).pk
    if chosen is not None:
        return redirect("office:group-wait", by.org_slug, group_id, chosen)
    context = {
        "title": _("Who waits for a place in %(group)s?") % {"group": group.name}, "q": q, "found": found,
        "crumbs": [(group.name, _list(request, group_id))], "choose": "?student=%s",
    }  # fmt: skip
    return render(request, "office/whose.html", context)


@page("courses.enrol")
def group_wait(request: OfficeRequest, group_id: int, student_id: int) -> HttpResponse:
    by, group, student = request.by, get_group(request.by, group_id), get_student(request.by, student_id)
    form = WaitForm(request.POST or None)
    back = _list(request, group_id)
    if row := done(form, partial(waiting.put_on_waiting_list, by, group_id=group_id, student_id=student_id)):
        undo = reverse("office:waiting-end", args=[by.org_slug, row.pk])
        tell(request, _("%(name)s waits for a place.") % {"name": student.full_name}, undo=undo)
        return redirect(back)
    values = {"name": student.full_name, "group": group.name}
    return form_page(
        request, "office/form.html", form, title=_("%(name)s waits for a place in %(group)s") % values,
        submit_label=_("Put on the waiting list"), cancel_url=back, crumbs=[(group.name, back)],
    )  # fmt: skip


@page("courses.enrol")
def waiting_end(request: OfficeRequest, waiting_id: int) -> HttpResponse:
    by, row = request.by, waiting.get_waiting(request.by, waiting_id)
    form = UndoForm(request.POST or None)
    home = _list(request, row.group_id)
    if done(form, lambda: waiting.take_off_waiting_list(by, waiting_id=waiting_id)):
        undo = reverse("office:waiting-on", args=[by.org_slug, waiting_id])
        tell(request, _("%(name)s waits no longer.") % {"name": row.student.full_name}, undo=undo)
        return undone(request, home)
    return undo_page(request, form, _("Take %(name)s off the waiting list?") % {"name": row.student.full_name}, home)


@page("courses.enrol")
def waiting_on(request: OfficeRequest, waiting_id: int) -> HttpResponse:
    by, row = request.by, waiting.get_waiting(request.by, waiting_id)
    form = UndoForm(request.POST or None)
    home = _list(request, row.group_id)
    if done(form, lambda: waiting.wait_on(by, waiting_id=waiting_id)):
        tell(request, _("%(name)s waits for a place.") % {"name": row.student.full_name})
        return undone(request, home)
    return undo_page(request, form, _("Put %(name)s back on the waiting list?") % {"name": row.student.full_name}, home)


def _list(request: OfficeRequest, group_id: int) -> str:
    return reverse("office:group", args=[request.by.org_slug, group_id]) + "?tab=students"
