"""`@page`: who is asking, in which organization, in one transaction; and what refusals look like in HTTP."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from daftar.lib.errors import Forbidden, NotFound, Refusal
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import actor_for, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.orgs.access import Actor


class OfficeRequest(HttpRequest):
    """A request of a member of an organization."""

    by: Actor


View = "Callable[..., HttpResponse]"


def page(code: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Guards a view: signed in, a member of the organization in the path, permitted `code`.

    The view runs and renders in one transaction that sees this organization only; any refusal rolls it back.
    Strangers get 404, as if the organization did not exist.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, org: str, **arguments: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            try:
                return _answer(view, cast("OfficeRequest", request), org, code, arguments)
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
    view: Callable[..., HttpResponse], request: OfficeRequest, org: str, code: str, arguments: dict[str, Any]
) -> HttpResponse:
    actor, member = actor_for(cast("int", request.user.pk), org, get_language() or "en")
    with tenant_transaction(actor.org_id):
        request.by = settled(actor, member)
        request.by.must(code)
        with timezone.override(request.by.timezone):
            response = view(request, **arguments)
    response["Cache-Control"] = "no-store"
    return response
