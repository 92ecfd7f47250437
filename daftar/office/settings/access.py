"""Pages on who may do what: the matrix of roles, invitations, the second step of signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.office import rights
from daftar.office.forms import done, form_page, number_in
from daftar.office.page import OfficeRequest, page
from daftar.office.settings.forms import InviteForm, RoleForm, RoleNameForm
from daftar.orgs import queries, services
from daftar.orgs.doors import secret_of
from daftar.orgs.queries import branches
from daftar.orgs.roles import BuiltIn

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from daftar.orgs.access import Actor
    from daftar.orgs.models import Invitation, Role


@page("orgs.manage")
def roles(request: OfficeRequest) -> HttpResponse:
    """The matrix; what is sent is first shown as what it would change, and saved when that is sent."""
    by, rows, sizes = request.by, queries.roles(request.by), queries.role_sizes(request.by)
    if "confirmed" in request.POST:
        given, taken = (rights.shown(rows, kind, request.POST) for kind in ("given", "taken"))
        services.change_rights(by, given=given, taken=taken)
        messages.success(request, _("Saved. It counts from the next page that each of them opens."))
        return redirect("office:roles", by.org_slug)
    changes = rights.wanted(by, rows, sizes, request.POST) if request.method == "POST" else []
    if changes:
        return render(request, "office/settings/roles_check.html", {"changes": changes})
    one = number_in(request, "role")
    shown = next((row.pk for row in rows if row.pk == one), next(row.pk for row in rows if not row.is_owner))
    context = {
        "packages": rights.PACKAGES, "roles": [_column(by, row, sizes) for row in rows], "own": by.permissions,
        "shown": shown, "is_unchanged": request.method == "POST",
    }  # fmt: skip
    return render(request, "office/settings/roles.html", context)


def _column(by: Actor, row: Role, sizes: dict[int, int]) -> dict[str, Any]:
    return {
        "id": row.pk, "name": str(row), "rights": row.rights, "people": sizes.get(row.pk, 0),
        "is_open": rights.may_change(by, row), "is_own": not row.code,
    }  # fmt: skip


@page("orgs.manage")
def role_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    allowed = [row for row in queries.roles(by) if row.rights <= by.permissions]
    form = RoleForm(request.POST or None, roles=allowed)
    if added := done(form, lambda **values: services.add_role(by, **values)):
        return redirect(f"{reverse('office:roles', args=[by.org_slug])}?role={added.pk}")
    return form_page(
        request, "office/form.html", form, title=_("New role"), submit_label=_("Add role"), cancel_url="../",
        text=_("It begins with the rights of another role; then change them in the table."),
    )  # fmt: skip


@page("orgs.manage")
def role_edit(request: OfficeRequest, role_id: int) -> HttpResponse:
    by, row = request.by, queries.get_role(request.by, role_id)
    form = RoleNameForm(request.POST or None, initial={"name": row.name}, is_built_in=bool(row.code))
    if done(form, lambda **values: services.rename_role(by, role_id=role_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:roles", by.org_slug)
    return form_page(
        request, "office/settings/role_edit.html", form, title=str(row), submit_label=_("Save"), cancel_url="../../",
        delete_url="" if row.code else "../delete/",
    )  # fmt: skip


@page("orgs.manage")
def role_delete(request: OfficeRequest, role_id: int) -> HttpResponse:
    by, row = request.by, queries.get_role(request.by, role_id)
    if request.method == "POST":
        services.delete_role(by, role_id=role_id)
        messages.success(request, _("The role is gone."))
        return redirect("office:roles", by.org_slug)
    context = {
        "title": _("Delete the role “%(name)s”?") % {"name": row}, "cancel_url": "../edit/", "is_bad": True,
        "text": _("Only a role that nobody has can be deleted."), "submit_label": _("Delete role"),
    }  # fmt: skip
    return render(request, "office/settings/confirm.html", context)


@page("orgs.manage")
def member_invite(request: OfficeRequest) -> HttpResponse:
    by = request.by
    rows = [row for row in queries.roles(by) if row.rights <= by.permissions]
    teacher = next((row.pk for row in rows if row.code == BuiltIn.TEACHER), None)
    form = InviteForm(request.POST or None, initial={"role": teacher}, branches=branches(by), roles=rows)
    if row := done(form, lambda **values: services.invite(by, **values, site=_site(request))):
        return _after_issue(request, row)
    text = (
        _("A letter with a link goes to the address. The link is valid for 7 days and can be used once.")
        if settings.EMAIL_HOST
        else _("This installation sends no mail: you will be shown a link to hand over yourself.")
    )
    return form_page(
        request, "office/form.html", form, title=_("Invite to the team"), submit_label=_("Invite"), cancel_url="../",
        text=text,
    )  # fmt: skip


@page("orgs.manage")
def invitation_again(request: OfficeRequest, invitation_id: int) -> HttpResponse:
    by, row = request.by, queries.get_invitation(request.by, invitation_id)
    if request.method == "POST":
        return _after_issue(
            request, services.send_invitation_again(by, invitation_id=invitation_id, site=_site(request))
        )
    context = {
        "title": _("Invite %(name)s again?") % {"name": row.member.name}, "cancel_url": "../../../",
        "text": _("A new link is made for %(email)s, valid for 7 days. The older link ends.") % {"email": row.email},
        "submit_label": _("Invite again"), "is_bad": False,
    }  # fmt: skip
    return render(request, "office/settings/confirm.html", context)


@page("orgs.manage")
def invitation_withdraw(request: OfficeRequest, invitation_id: int) -> HttpResponse:
    by, row = request.by, queries.get_invitation(request.by, invitation_id)
    if request.method == "POST":
        services.withdraw_invitation(by, invitation_id=invitation_id)
        messages.success(request, _("The invitation is withdrawn."))
        return redirect("office:team", by.org_slug)
    context = {
        "title": _("Withdraw the invitation of %(name)s?") % {"name": row.member.name}, "cancel_url": "../../../",
        "text": _("The link that was sent to %(email)s ends at once.") % {"email": row.email},
        "submit_label": _("Withdraw invitation"), "is_bad": True,
    }  # fmt: skip
    return render(request, "office/settings/confirm.html", context)


@page("orgs.manage")
def invitation_link(request: OfficeRequest, invitation_id: int) -> HttpResponse:
    """The link itself, shown once where no mail is sent; the page that asks for it holds no secret."""
    by, row = request.by, queries.get_invitation(request.by, invitation_id)
    link = ""
    if request.method == "POST" and may_show_link(row):
        services.note_invitation_mailed(by, invitation_id=invitation_id, nonce=row.nonce)
        link = _site(request) + reverse("invitation-open", args=[secret_of(row.nonce)])
    context = {"invitation": row, "link": link, "may_show": may_show_link(row)}
    return render(request, "office/settings/invitation_link.html", context)


def may_show_link(row: Invitation) -> bool:
    """Whether nobody has the link yet and no letter will bring it."""
    return not settings.EMAIL_HOST and row.mailed_at is None and row.accepted_at is None and row.withdrawn_at is None


@page("orgs.manage")
def two_steps(request: OfficeRequest) -> HttpResponse:
    by, org = request.by, queries.organization(request.by)
    if request.method == "POST":
        verb = services.require_two_steps if request.POST.get("required") == "1" else services.stop_requiring_two_steps
        verb(by)
        messages.success(request, _("Saved."))
        return redirect("office:settings", by.org_slug)
    return render(request, "office/settings/two_steps.html", {"is_required": org.requires_two_steps})


def _after_issue(request: OfficeRequest, row: Invitation) -> HttpResponse:
    if not settings.EMAIL_HOST:
        return redirect("office:invitation-link", request.by.org_slug, row.pk)
    messages.success(request, _("A letter is on its way to %(email)s.") % {"email": row.email})
    return redirect("office:team", request.by.org_slug)


def _site(request: HttpRequest) -> str:
    """Where this installation answers; Django has compared it with the names it was told to answer to."""
    return request.build_absolute_uri("/").rstrip("/")
