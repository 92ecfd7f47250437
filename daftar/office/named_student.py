"""A student chosen by typing a name into a form of filters: the one who fits, or a list to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.office.forms import number_in, the_only, typed
from daftar.people.queries import get_student
from daftar.reports.queries import find_students

if TYPE_CHECKING:
    from daftar.office.page import OfficeRequest
    from daftar.people.models import Student
    from daftar.reports.queries import StudentRow


@dataclass(frozen=True)
class Named:
    """Who is chosen under `key` in the query, if anybody; else what was typed and who fits it.

    `address`: the page with the only one who fits; "": none, or several. `may_choose`: whether students are seen.
    """

    key: str
    student: Student | None
    q: str
    people: list[StudentRow]
    address: str
    may_choose: bool


def named_student(request: OfficeRequest, key: str) -> Named:
    """The student whose id stands under `key` in the query, or whose name was typed as `q`; NotFound for no such id."""
    by, chosen, q = request.by, number_in(request, key), typed(request, "q")
    if not by.may("people.view"):
        return Named(key, None, "", [], "", may_choose=False)
    if chosen is not None:
        return Named(key, get_student(by, chosen), "", [], "", may_choose=True)
    people, address = find_students(by, q), ""
    if only := the_only(request, people):
        kept = request.GET.copy()
        del kept["q"]
        kept[key] = str(only)
        address = f"{request.path}?{kept.urlencode()}"
    return Named(key, None, q, people, address, may_choose=True)
