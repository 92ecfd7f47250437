"""The history of one group: what was done to it, its members, lessons, exams, files and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from daftar.attendance.materials import ids_of_topic_files
from daftar.courses.queries import get_group
from daftar.courses.topics import topics_of
from daftar.office.forms import number_in, typed
from daftar.office.home.journal import said
from daftar.office.page import OfficeRequest, page
from daftar.orgs.queries import history_of_group

if TYPE_CHECKING:
    from django.http import HttpResponse

PER_PAGE = 50
# What can be looked at alone: its name, and the rows that it is about.
KINDS = {
    "group": (_("The group itself"), ("group", "feed")),
    "members": (_("Members"), ("enrolment", "waiting", "suspension", "subscription")),
    "lessons": (_("Lessons"), ("lesson", "recurrence", "guest", "makeup")),
    "learning": (_("Topics, exams, tests and files"), ("exam", "testresult", "material")),
    "comments": (_("Comments"), ("groupcomment",)),
}


@page("orgs.see_history")
def group_changes(request: OfficeRequest, group_id: int) -> HttpResponse:
    """Who changed what, the newest first, in the words of the history and with the rights of its reader."""
    by, row = request.by, get_group(request.by, group_id)
    asked = typed(request, "kind", 20)
    kind = asked if asked in KINDS else ""
    shared: list[str] = []
    if kind in {"", "learning"}:
        topics = [topic.pk for topic in topics_of(by, row.course_id)]
        shared = [f"topic:{pk}" for pk in topics] + [f"material:{pk}" for pk in ids_of_topic_files(by, topics)]
    rows = history_of_group(
        by, group_id, kinds=KINDS[kind][1] if kind else (), subjects=shared, before_id=number_in(request, "before"),
        limit=PER_PAGE + 1,
    )  # fmt: skip
    context = {
        "group": row, "rows": [said(by, each) for each in rows[:PER_PAGE]], "kind": kind,
        "older": rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None,
        "kinds": [("", _("All")), *((code, label) for code, (label, _rows) in KINDS.items())],
    }  # fmt: skip
    return render(request, "office/home/changes.html", context)
