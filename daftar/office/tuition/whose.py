"""Pages that ask whose discount or pause it will be, and lead to the form of that student."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.office.forms import number_in, the_only, typed
from daftar.office.page import OfficeRequest, page
from daftar.people.queries import get_student
from daftar.reports.queries import find_students

if TYPE_CHECKING:
    from django.http import HttpResponse


@page("tuition.price")
def discount_whose(request: OfficeRequest) -> HttpResponse:
    return _whose(request, "discount-new", _("Give discount"), (_("Discounts"), "discounts"))


@page("tuition.pause")
def pause_whose(request: OfficeRequest) -> HttpResponse:
    return _whose(request, "student-pause", _("Pause a student"), (_("Pauses"), "suspensions"))


def _whose(request: OfficeRequest, form: str, title: str, home: tuple[str, str]) -> HttpResponse:
    """Finds a student by typing; `form` and `home` are names of pages: where it leads, and the list it came from."""
    by, q, chosen = request.by, typed(request, "q"), number_in(request, "student")
    if chosen is not None:
        return redirect(f"office:{form}", by.org_slug, get_student(by, chosen).pk)
    found = find_students(by, q)
    if only := the_only(request, found):
        return redirect(f"office:{form}", by.org_slug, only)
    name, listed = home
    crumbs = [(name, reverse(f"office:{listed}", args=[by.org_slug]))]
    context = {"title": title, "crumbs": crumbs, "q": q, "found": found, "choose": "?student=%s"}
    return render(request, "office/whose.html", context)
