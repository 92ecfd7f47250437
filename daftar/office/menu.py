"""The navigation, drawn from one table; only what the member may open is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.template.backends.utils import csrf_input
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from daftar.attendance.nudges import MOST, nudged_days, unmarked_count
from daftar.reports.lessons import UNMARKED

if TYPE_CHECKING:
    from django.http import HttpRequest

    from daftar.orgs.access import Actor


@dataclass(frozen=True)
class Entry:
    """A line of the navigation."""

    name: Any
    url: str
    icon: str
    active: bool
    # The physical key after `g` that leads here; empty: none.
    key: str


ENTRIES = (
    (_("Today"), "office:today", "home", "courses.view", "KeyT"),
    (_("Students"), "office:students", "users", "people.view", "KeyS"),
    (_("Groups"), "office:groups", "users-group", "courses.view", "KeyO"),
    (_("Timetable"), "office:timetable", "calendar-event", "courses.view", "KeyC"),
    (_("Make-ups"), "office:make-ups", "calendar-plus", "people.view", ""),
    (_("Payments"), "office:payments", "cash", "finance.view", "KeyP"),
    (_("Debtors"), "office:debtors", "alert-circle", "tuition.view", "KeyD"),
    (_("Reports"), "office:charges", "checklist", "tuition.view", ""),
    (_("Discounts"), "office:discounts", "discount", "tuition.view", ""),
    (_("Pauses"), "office:suspensions", "snowflake", "tuition.view", ""),
    (_("Courses"), "office:courses", "book", "courses.see_all", ""),
    (_("Tariffs"), "office:tariffs", "tag", "tuition.view", ""),
    (_("Days off"), "office:days-off", "calendar-off", "courses.view", ""),
    (_("Rooms"), "office:rooms", "door", "courses.see_all", ""),
    (_("Team"), "office:team", "id-badge-2", "orgs.manage", ""),
    (_("Desks"), "office:desks", "building-bank", "finance.manage_desks", ""),
    (_("Books"), "office:books", "lock", "finance.view", ""),
    (_("Import"), "office:imports", "file-import", "transfer.import", ""),
    (_("History"), "office:history", "history", "orgs.see_history", ""),
    (_("Settings"), "office:settings", "settings", "orgs.manage", ""),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page of the office may show besides its own; `csrf_input` is made once for all of its forms."""
    return {
        "menu": entries(request), "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
        # Asked where it is shown: parts of pages have no menu.
        "to_mark": lambda: to_mark(request),
    }  # fmt: skip


@dataclass(frozen=True)
class ToMark:
    """Lessons that lie unmarked: how many, short and in words, and the list of just these."""

    short: str
    text: str
    url: str


def to_mark(request: HttpRequest) -> ToMark | None:
    """What lies unmarked in the branch that is looked at, of what the member sees there: all, or the own lessons."""
    by: Actor | None = getattr(request, "by", None)
    if by is None or not (by.may("attendance.mark") and by.may("courses.view")):
        return None
    branch = getattr(request, "branch", None)
    here = replace(by, branch_ids=frozenset({branch.pk})) if branch else by
    count = unmarked_count(here)
    if not count:
        return None
    since, until = nudged_days(by)
    asked = {"status": UNMARKED, "since": since.isoformat(), "until": until.isoformat()}
    if not by.may("courses.see_all"):
        asked["teacher_id"] = str(by.member_id)
    text = ngettext("%(num)s lesson is not marked", "%(num)s lessons are not marked", count)
    short = f"{MOST}+" if count > MOST else str(count)
    url = reverse("office:lessons", args=[by.org_slug])
    return ToMark(short, text % {"num": short}, f"{url}?{urlencode(asked)}")


def entries(request: HttpRequest) -> list[Entry]:
    """The pages the member may open; none before there is a member."""
    by: Actor | None = getattr(request, "by", None)
    if by is None:
        return []
    home = reverse("office:today", args=[by.org_slug])
    found = []
    for name, route, icon, code, key in ENTRIES:
        if by.may(code):
            url = reverse(route, args=[by.org_slug])
            active = request.path == url if url == home else request.path.startswith(url)
            found.append(Entry(name, url, icon, active, key))
    return found
