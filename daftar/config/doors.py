"""The few addresses that belong to no organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect, render

from daftar.office.page import public_page
from daftar.orgs.queries import memberships

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@public_page("leads to the centre or to the sign-in page")
def home(request: HttpRequest) -> HttpResponse:
    """One's own centre; a choice for someone who works in several."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    places = memberships(int(request.user.pk))
    if len(places) == 1:
        return redirect("office:today", places[0].slug)
    return render(request, "places.html", {"places": places})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "404.html", status=404)
