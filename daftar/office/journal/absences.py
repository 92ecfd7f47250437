"""Absences that a family tells of before the lesson."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance import announced
from daftar.attendance.queries import reasons
from daftar.office.forms import UndoForm, day_field, done, form_page, pick_field, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.attendance.models import AbsenceReason


class AbsenceForm(forms.Form):
    """When someone will not come, and why."""

    starts_on = day_field(gettext_lazy("First day"))
    last_on = day_field(gettext_lazy("Last day"))
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    field_order = ("starts_on", "last_on", "reason_id", "note")

    def __init__(self, *args: Any, known: list[AbsenceReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(row.pk, row.name) for row in known]
        self.fields["reason_id"] = pick_field(gettext_lazy("Reason"), rows, none=gettext_lazy("none told"))
        self.order_fields(self.field_order)


@page("attendance.mark")
def absence_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, announced.get_learner(request.by, student_id)
    form = AbsenceForm(request.POST or None, initial={"starts_on": by.today, "last_on": by.today}, known=reasons(by))
    back = _card(request, student_id)
    if row := done(form, partial(announced.announce_absence, by, student_id=student_id)):
        undo = reverse("office:absence-withdraw", args=[by.org_slug, row.pk])
        tell(request, _("%(name)s will be absent: the lessons begin with it.") % {"name": student.full_name}, undo=undo)
        return redirect(back)
    return form_page(
        request, "office/form.html", form, title=_("%(name)s will be absent") % {"name": student.full_name},
        submit_label=_("Note the absence"), cancel_url=back, crumbs=[(student.full_name, back)],
        text=_("Nothing is marked or charged by it: the page of the lesson begins with it."),
    )  # fmt: skip


@page("attendance.mark")
def absence_withdraw(request: OfficeRequest, absence_id: int) -> HttpResponse:
    by, row = request.by, announced.get_announcement(request.by, absence_id)
    form = UndoForm(request.POST or None)
    home = _card(request, row.student_id)
    if done(form, lambda: announced.withdraw_announcement(by, absence_id=absence_id)):
        undo = reverse("office:absence-restore", args=[by.org_slug, absence_id])
        tell(request, _("%(name)s comes after all.") % {"name": row.student.full_name}, undo=undo)
        return undone(request, home)
    return undo_page(request, form, _("Does %(name)s come after all?") % {"name": row.student.full_name}, home)


@page("attendance.mark")
def absence_restore(request: OfficeRequest, absence_id: int) -> HttpResponse:
    by, row = request.by, announced.get_announcement(request.by, absence_id)
    form = UndoForm(request.POST or None)
    home = _card(request, row.student_id)
    if done(form, lambda: announced.restore_announcement(by, absence_id=absence_id)):
        tell(request, _("%(name)s will be absent: the lessons begin with it.") % {"name": row.student.full_name})
        return undone(request, home)
    return undo_page(request, form, _("Will %(name)s be absent?") % {"name": row.student.full_name}, home)


def _card(request: OfficeRequest, student_id: int) -> str:
    """The student's card, or for those who may not see it the first page."""
    by = request.by
    if by.may("people.view"):
        return reverse("office:student", args=[by.org_slug, student_id])
    return reverse("office:today", args=[by.org_slug])
