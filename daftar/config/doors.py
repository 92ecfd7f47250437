"""The few addresses that belong to no organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
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


@public_page("the script that keeps pages for when there is no connection: it holds nothing of anybody")
def worker(request: HttpRequest) -> HttpResponse:
    """From the root, so that it may answer for every page of a centre."""
    path = settings.ROOT / "daftar" / "office" / "static" / "office" / "worker.js"
    answer = HttpResponse(path.read_bytes(), content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer


@public_page("what is shown where there is no connection: it holds nothing of anybody")
def no_connection(request: HttpRequest) -> HttpResponse:
    """Kept by the browser, for pages that it has not."""
    return render(request, "no_connection.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "404.html", status=404)
