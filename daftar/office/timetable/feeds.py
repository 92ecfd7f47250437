"""Calendar links: their page, and the iCalendar file (RFC 5545) that programs fetch by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from icalendar import Calendar, Event

from daftar.attendance.queries import lessons_as_guest
from daftar.courses import queries
from daftar.courses.feeds import calendar_behind, feeds, kind_of, open_feed, withdraw_feed
from daftar.courses.kinds import LessonStatus
from daftar.lib.errors import NotFound
from daftar.office.forms import UndoForm, done, form_page, number_in, tell
from daftar.office.page import OfficeRequest, page
from daftar.orgs.doors import secret_of
from daftar.orgs.queries import teachers
from daftar.people.queries import get_student

if TYPE_CHECKING:
    from django.http import HttpRequest

    from daftar.courses.feed_models import Feed
    from daftar.courses.feeds import Calendar as Behind
    from daftar.orgs.access import Actor

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = {
    "teacher": gettext_lazy("Teacher"), "room": gettext_lazy("Room"), "group": gettext_lazy("Group"),
    "student": gettext_lazy("Family"),
}  # fmt: skip


class FeedForm(forms.Form):
    """Whose calendar."""

    whose = forms.ChoiceField(label=gettext_lazy("Whose lessons"))

    def __init__(self, *args: Any, choices: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["whose"].choices = choices  # type: ignore[attr-defined] # a ChoiceField has them

    def clean(self) -> dict[str, Any]:
        of, _colon, row_id = self.cleaned_data.get("whose", "").partition(":")
        return {"of": of, "row_id": int(row_id)} if row_id.isdecimal() else {}


@page("courses.view")
def calendars(request: OfficeRequest) -> HttpResponse:
    """The links there are, and a new one; `?student=` offers that family's."""
    by = request.by
    form = FeedForm(request.POST or None, choices=_choices(by, number_in(request, "student")))
    if done(form, partial(open_feed, by)):
        tell(request, _("The link is ready: copy it into a calendar program."))
        return redirect("office:calendars", by.org_slug)
    rows = [
        {
            "id": row.pk,
            "name": str(row),
            "kind": KINDS[kind_of(row)],
            "address": (address := _address(request, row)),
            "webcal": f"webcal:{address.partition(':')[2]}",
        }
        for row in feeds(by)
    ]
    return form_page(request, "office/timetable/calendars.html", form, rows=rows)


@page("courses.view")
def calendar_withdraw(request: OfficeRequest, feed_id: int) -> HttpResponse:
    by = request.by
    row = next((each for each in feeds(by) if each.pk == feed_id), None)
    if row is None:
        raise NotFound
    form = UndoForm(request.POST or None)
    if done(form, lambda: withdraw_feed(by, feed_id=feed_id)):
        tell(request, _("The link opens nothing any more."))
        return redirect("office:calendars", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("Withdraw the link of %(name)s?") % {"name": row},
        submit_label=_("Withdraw"), cancel_url="../../",
        text=_("Programs that read it get nothing from then on. A new link has another address."),
    )  # fmt: skip


def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The file itself: every lesson with its wall time and zone, so that clock changes move nothing."""
    try:
        behind = calendar_behind(secret, datetime.now(UTC), lessons_as_guest)
    except NotFound:
        return render(request, "404.html", status=404)
    with override(behind.lessons[0].branch.language if behind.lessons else "en"):
        content = written(behind)
    mark = f'"{sha256(content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == mark:
        return HttpResponseNotModified()
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["ETag"], answer["Cache-Control"] = mark, "private, max-age=900"
    answer["Content-Disposition"] = 'inline; filename="lessons.ics"'
    return answer


def written(behind: Behind) -> bytes:
    """The iCalendar file: one event per lesson (lessons move, so nothing recurs), with the zones it uses."""
    made = Calendar()
    made.add("prodid", "-//Daftar//Timetable//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", " · ".join(filter(None, (behind.org_name, behind.name))))
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for lesson in behind.lessons:
        made.add_component(_event(lesson, behind.of))
    made.add_missing_timezones()
    content: bytes = made.to_ical()
    return content


def _event(lesson: Any, of: str) -> Event:
    zone = ZoneInfo(lesson.branch.timezone)
    starts = datetime.combine(lesson.held_on, lesson.starts_time, zone)
    changed = lesson.changed_at or SINCE
    event = Event()
    event.add("uid", f"lesson-{lesson.pk}.{lesson.org_id}@daftar")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    # It grows with every change, as RFC 5545 wants, without being counted.
    event.add("sequence", max(int((changed - SINCE).total_seconds()), 0))
    event.add("dtstart", starts)
    event.add("dtend", lesson.ends_at.astimezone(zone))
    # Whoever holds a link reads no child's name.
    event.add("summary", (lesson.group or lesson.studied).name)
    where = [lesson.room.name if lesson.room and of != "room" else "", lesson.branch.name]
    event.add("location", ", ".join(filter(None, where)))
    if lesson.teacher and of != "teacher":
        event.add("description", lesson.teacher.name)
    is_held = lesson.status != LessonStatus.CANCELLED and not (lesson.is_off and lesson.status == LessonStatus.PLANNED)
    event.add("status", "CONFIRMED" if is_held else "CANCELLED")
    return event


def _choices(by: Actor, student_id: int | None) -> list[Any]:
    if not by.may("courses.edit"):
        return [(f"teacher:{by.member_id}", by.name)]
    people = [(f"teacher:{row.pk}", row.name) for row in teachers(by)]
    rooms = [(f"room:{row.pk}", f"{row.name}, {row.branch.name}") for row in queries.rooms(by)]
    groups = [(f"group:{row.pk}", row.name) for row in queries.groups(by)]
    family = []
    if student_id is not None and by.may("people.edit"):
        family = [(f"student:{student_id}", _("family of %(name)s") % {"name": get_student(by, student_id).full_name})]
    return [*family, (_("Teacher"), people), (_("Room"), rooms), (_("Group"), groups)]


def _address(request: OfficeRequest, row: Feed) -> str:
    return request.build_absolute_uri(reverse("calendar", args=[secret_of(row.nonce)]))
