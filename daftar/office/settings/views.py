"""Pages on the organization: its rules, branches and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from daftar.office.forms import done, form_page
from daftar.office.page import OfficeRequest, page
from daftar.office.settings.forms import BranchForm, MemberForm, SettingsForm
from daftar.orgs import services
from daftar.orgs.queries import branches, get_branch, get_member, member_branches, members, organization
from daftar.orgs.roles import LABELS, Role

if TYPE_CHECKING:
    from django.http import HttpResponse


@page("orgs.manage")
def settings(request: OfficeRequest) -> HttpResponse:
    by, org = request.by, organization(request.by)
    initial = {"name": org.name, "activation_day_counts": org.activation_day_counts}
    form = SettingsForm(request.POST or None, initial=initial)
    if done(form, lambda **values: services.change_settings(by, **values) or True):
        messages.success(request, _("Saved."))
        return redirect("office:settings", by.org_slug)
    return form_page(request, "office/settings/settings.html", form, branches=branches(by), may_change=True)


@page("orgs.manage")
def branch_new(request: OfficeRequest) -> HttpResponse:
    by, org = request.by, organization(request.by)
    initial = {"timezone": by.timezone, "currency": org.currency, "language": by.language}
    form = BranchForm(request.POST or None, initial=initial, is_new=True)
    if done(form, lambda **values: services.add_branch(by, **values)):
        messages.success(request, _("The branch is open."))
        return redirect("office:settings", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New branch"), submit_label=_("Open branch"), cancel_url="../../"
    )


@page("orgs.manage")
def branch_edit(request: OfficeRequest, branch_id: int) -> HttpResponse:
    by, row = request.by, get_branch(request.by, branch_id)
    names = ("name", "address", "phone", "language")
    form = BranchForm(request.POST or None, initial={name: getattr(row, name) for name in names}, is_new=False)
    if done(form, lambda **values: services.edit_branch(by, branch_id=branch_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:settings", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../../",
        text=_("%(currency)s, %(zone)s. These stay: the money of the branch was counted in them.")
        % {"currency": row.currency, "zone": row.timezone},
    )  # fmt: skip


@page("orgs.manage")
def team(request: OfficeRequest) -> HttpResponse:
    by = request.by
    places = {branch.pk: branch.name for branch in branches(by)}
    works_in = member_branches(by)
    rows = [
        {
            "id": row.pk, "name": row.name, "email": row.user.email if row.user else "", "is_active": row.is_active,
            "roles": LABELS[Role(row.role)],
            "branches": ", ".join(places.get(pk, "") for pk in works_in.get(row.pk, [])) or _("all branches"),
        }
        for row in members(by)
    ]  # fmt: skip
    return render(request, "office/settings/team.html", {"rows": rows})


@page("orgs.manage")
def member_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = MemberForm(request.POST or None, initial={"role": Role.TEACHER}, branches=branches(by), is_new=True)
    if added := done(form, lambda **values: services.add_member(by, **values)):
        messages.success(request, _("%(name)s is added.") % {"name": added.name})
        return redirect("office:team", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New member"), submit_label=_("Add member"), cancel_url="../"
    )


@page("orgs.manage")
def member_edit(request: OfficeRequest, member_id: int) -> HttpResponse:
    by, row = request.by, get_member(request.by, member_id)
    initial = {
        "name": row.name, "role": row.role, "is_active": row.is_active,
        "branch_ids": member_branches(by).get(member_id, []),
    }  # fmt: skip
    form = MemberForm(request.POST or None, initial=initial, branches=branches(by), is_new=False)
    if done(form, lambda **values: services.edit_member(by, member_id=member_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:team", by.org_slug)
    return form_page(request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../")
