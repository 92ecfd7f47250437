"""Pages on the reasons of leaving."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses import leaving_reasons as reasons
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse


class LeavingReasonForm(forms.Form):
    """What a reason is called, and where it stands."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    place = forms.IntegerField(
        label=gettext_lazy("Place in the list"), min_value=1, max_value=reasons.MOST_PLACES,
        help_text=gettext_lazy("1 stands first when somebody leaves."),
    )  # fmt: skip


@page("courses.edit")
def leaving_reasons(request: OfficeRequest) -> HttpResponse:
    rows = [
        {"id": row.pk, "name": row.name, "is_archived": row.is_archived} for row in reasons.leaving_reasons(request.by)
    ]
    return render(request, "office/settings/leaving_reasons.html", {"rows": rows})


@page("courses.edit")
def leaving_reason_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = LeavingReasonForm(request.POST or None, initial={"place": len(reasons.leaving_reasons(by)) + 1})
    if added := done(form, partial(reasons.add_leaving_reason, by)):
        undo = reverse("office:leaving-reason-archive", args=[by.org_slug, added.pk])
        tell(request, _("The reason %(name)s is added.") % {"name": added.name}, undo=undo)
        return redirect("office:leaving-reasons", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New reason of leaving"), submit_label=_("Add reason"),
        cancel_url="../", crumbs=[(_("Reasons of leaving"), _home(request))],
    )  # fmt: skip


@page("courses.edit")
def leaving_reason_edit(request: OfficeRequest, leaving_reason_id: int) -> HttpResponse:
    by, row = request.by, reasons.get_leaving_reason(request.by, leaving_reason_id)
    form = LeavingReasonForm(request.POST or None, initial={"name": row.name, "place": row.place})
    if done(form, partial(reasons.edit_leaving_reason, by, reason_id=row.pk)):
        tell(request, _("Saved."))
        return redirect(_home(request))
    return form_page(
        request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url=_home(request),
        text=_("Those who left for it are told under the new name, past ones too."),
        crumbs=[(_("Reasons of leaving"), _home(request))],
    )  # fmt: skip


@page("courses.edit")
def leaving_reason_archive(request: OfficeRequest, leaving_reason_id: int) -> HttpResponse:
    by, row = request.by, reasons.get_leaving_reason(request.by, leaving_reason_id)
    form = UndoForm(request.POST or None)
    if done(form, partial(reasons.archive_leaving_reason, by, reason_id=row.pk)):
        back = reverse("office:leaving-reason-restore", args=[by.org_slug, row.pk])
        tell(request, _("The reason %(name)s is in the archive.") % {"name": row.name}, undo=back)
        return undone(request, _home(request))
    return form_page(
        request, "office/form.html", form, title=_("Put the reason %(name)s into the archive?") % {"name": row.name},
        text=_("It is offered no more. It stays with those who left for it."), submit_label=_("Put into the archive"),
        cancel_url=_home(request), crumbs=[(_("Reasons of leaving"), _home(request))],
    )  # fmt: skip


@page("courses.edit")
def leaving_reason_restore(request: OfficeRequest, leaving_reason_id: int) -> HttpResponse:
    by, row = request.by, reasons.get_leaving_reason(request.by, leaving_reason_id)
    form = UndoForm(request.POST or None)
    home = _home(request)
    if done(form, partial(reasons.restore_leaving_reason, by, reason_id=row.pk)):
        tell(request, _("The reason %(name)s is offered again.") % {"name": row.name})
        return undone(request, home)
    return undo_page(request, form, _("Offer the reason %(name)s again?") % {"name": row.name}, home)


def _home(request: OfficeRequest) -> str:
    return reverse("office:leaving-reasons", args=[request.by.org_slug])
