"""Pages on the organization: its rules, branches and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from daftar.office import formats
from daftar.office.forms import done, form_page
from daftar.office.page import OfficeRequest, page
from daftar.office.settings.access import may_show_link
from daftar.office.settings.forms import BranchForm, MemberForm, SettingsForm
from daftar.orgs import services
from daftar.orgs.queries import (
    branches,
    get_branch,
    get_member,
    invitations,
    member_branches,
    members,
    organization,
    roles,
)
from daftar.orgs.roles import BuiltIn

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.orgs.access import Actor
    from daftar.orgs.models import Invitation, Role


@page("orgs.manage")
def settings(request: OfficeRequest) -> HttpResponse:
    by, org = request.by, organization(request.by)
    form = SettingsForm(request.POST or None, initial={"name": org.name})
    if done(form, lambda **values: services.change_settings(by, **values) or True):
        messages.success(request, _("Saved."))
        return redirect("office:settings", by.org_slug)
    return form_page(
        request, "office/settings/settings.html", form, branches=branches(by), may_change=True,
        requires_two_steps=org.requires_two_steps,
    )  # fmt: skip


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
    works_in, invited = member_branches(by), invitations(by)
    rows = [
        {
            "id": row.pk, "name": row.name, "email": row.user.email if row.user else "", "is_active": row.is_active,
            "roles": str(row.role), "invitation": _invitation(by, invited.get(row.pk)),
            "branches": ", ".join(places.get(pk, "") for pk in works_in.get(row.pk, [])) or _("all branches"),
        }
        for row in members(by)
    ]  # fmt: skip
    return render(request, "office/settings/team.html", {"rows": rows})


def _invitation(by: Actor, row: Invitation | None) -> dict[str, Any] | None:
    if row is None:
        return None
    if row.withdrawn_at is not None:
        state = _("invitation withdrawn")
    elif row.expires_at <= by.at:
        state = _("invitation has ended")
    else:
        state = _("invited, until %(day)s") % {"day": formats.day(row.expires_at.date())}
    return {
        "id": row.pk, "email": row.email, "state": state, "is_open": row.withdrawn_at is None,
        "may_show_link": may_show_link(row),
    }  # fmt: skip


def _choosable(by: Actor) -> list[Role]:
    """The roles one may give: none that may do more than oneself."""
    return [row for row in roles(by) if row.rights <= by.permissions]


@page("orgs.manage")
def member_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    choices = _choosable(by)
    teacher = next((row.pk for row in choices if row.code == BuiltIn.TEACHER), None)
    form = MemberForm(
        request.POST or None, initial={"role": teacher}, branches=branches(by), roles=choices, is_new=True
    )  # fmt: skip
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
        "name": row.name, "role": row.role_id, "is_active": row.is_active,
        "branch_ids": member_branches(by).get(member_id, []),
    }  # fmt: skip
    choices = {each.pk: each for each in [*_choosable(by), row.role]}.values()
    form = MemberForm(request.POST or None, initial=initial, branches=branches(by), roles=choices, is_new=False)
    if done(form, lambda **values: services.edit_member(by, member_id=member_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:team", by.org_slug)
    return form_page(request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../")
