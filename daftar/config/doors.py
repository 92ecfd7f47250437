"""The few addresses that belong to no organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.shortcuts import redirect, render

from daftar.office.page import public_page
from daftar.orgs.queries import memberships

if TYPE_CHECKING:
    from django.http import HttpRequest


@public_page("leads to the centre or to the sign-in page")
def home(request: HttpRequest) -> HttpResponse:
    """One's own centre; a choice for someone who works in several."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    places = memberships(int(request.user.pk))
    if len(places) == 1:
        return redirect("office:today", places[0].slug)
    return render(request, "places.html", {"places": places})


@public_page("asked by the supervisor")
def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, 503 while it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return HttpResponse("the database does not answer", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "404.html", status=404)
