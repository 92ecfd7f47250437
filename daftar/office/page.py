"""`@page`: who is asking, in which organization, in one transaction; and what refusals look like in HTTP."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from daftar.lib.errors import Forbidden, NotFound, Refusal
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import actor_for, places_of, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch


class OfficeRequest(HttpRequest):
    """A request of a member of an organization."""

    by: Actor
    # Those the member works in, the oldest first, and the one that lists show; None: all of them.
    branches: list[Branch]
    branch: Branch | None


View = "Callable[..., HttpResponse]"


def page(
    code: str, *, every_branch: bool = False
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Guards a view: signed in, a member of the organization in the path, permitted `code`.

    The view runs and renders in one transaction that sees this organization only; any refusal rolls it back.
    Strangers get 404, as if the organization did not exist. The branch chosen in the switch narrows what lists
    show; pages of one thing, named in the address, show it wherever it is, and those about `every_branch`, as all
    management is, show all.
    """
    narrows = not every_branch and code != "orgs.manage"

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, org: str, **arguments: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            try:
                return _answer(view, cast("OfficeRequest", request), (org, code), arguments, narrows=narrows)
            except NotFound:
                return render(request, "404.html", status=404)
            except Forbidden as refused:
                return render(request, "403.html", {"code": refused.code}, status=403)
            except Refusal as refusal:
                # A form shows its refusals beside the field; this one came from a page that has no such field.
                return render(request, "refusal.html", {"message": refusal.message}, status=422)

        guarded.guard = code  # type: ignore[attr-defined] # read by the tests of the architecture
        return guarded

    return decorate


def public_page(reason: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declares that a view needs no membership, and why."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def open_to_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return view(request, *args, **kwargs)

        open_to_all.public = reason  # type: ignore[attr-defined] # read by the tests of the architecture
        return open_to_all

    return decorate


def _answer(
    view: Callable[..., HttpResponse],
    request: OfficeRequest,
    guard: tuple[str, str],
    arguments: dict[str, Any],
    *,
    narrows: bool,
) -> HttpResponse:
    org, code = guard
    actor, member = actor_for(cast("int", request.user.pk), org, get_language() or "en")
    if member.org.requires_two_steps and not is_mfa_enabled(cast("Any", request.user), [Authenticator.Type.TOTP]):
        return redirect("mfa_activate_totp")
    with tenant_transaction(actor.org_id):
        request.branches = places_of(actor, member)
        request.by = settled(actor, member, request.branches)
        request.branch = _chosen(request, org)
        if request.branch:
            request.by = replace(request.by, timezone=request.branch.timezone)
            if narrows and not arguments:  # a page of one thing shows it wherever it is
                request.by = replace(request.by, branch_ids=frozenset({request.branch.pk}))
        request.by.must(code)
        with timezone.override(request.by.timezone):
            response = view(request, **arguments)
    response["Cache-Control"] = "no-store"
    return response


def choose_branch(request: OfficeRequest, branch_id: int | None) -> None:
    """Remembers which branch this browser looks at in the centre; None: all."""
    request.session[_remembered_as(request.by.org_slug)] = branch_id


def _chosen(request: OfficeRequest, org: str) -> Branch | None:
    """The branch named in the address (`branch=all`: none), else the one remembered; only among the member's own."""
    named = request.GET.get("branch") or str(request.session.get(_remembered_as(org)))
    return next((branch for branch in request.branches if str(branch.pk) == named), None)


def _remembered_as(org: str) -> str:
    return f"branch of {org}"
