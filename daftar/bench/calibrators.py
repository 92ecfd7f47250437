"""What the machine can do: one view with one indexed query, and a page of 50 rows through a bare template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import path
from jinja2 import Environment

from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student

if TYPE_CHECKING:
    from django.http import HttpRequest

FIELDS = ("id", "full_name", "born_on", "note", "added_at")
BARE = Environment(autoescape=True).from_string(
    "<!doctype html><table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>"
    "{% endfor %}</table>"
)


def one(_request: HttpRequest, org_id: int, student_id: int) -> HttpResponse:
    """One row by its key."""
    with tenant_transaction(org_id):
        name = Student.unguarded.filter(org_id=org_id, pk=student_id).values_list("full_name", flat=True)[0]
    return HttpResponse(name)


def fifty(_request: HttpRequest, org_id: int) -> HttpResponse:
    """Fifty rows by name, as values."""
    with tenant_transaction(org_id):
        rows = list(Student.unguarded.filter(org_id=org_id).order_by("sort_key", "id").values_list(*FIELDS)[:50])
    return HttpResponse(BARE.render(rows=rows))


urlpatterns = [path("one/<int:org_id>/<int:student_id>/", one), path("fifty/<int:org_id>/", fifty)]
