"""Lessons that have begun and that nobody marked: how many there are, and who is written to about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.lookups import LessThanOrEqual

from daftar.attendance.events import TeacherNudged
from daftar.attendance.models import Nudge
from daftar.attendance.queries import waits_for_marks
from daftar.attendance.rules import is_nudged_now, nudge_moment
from daftar.courses.models import Lesson
from daftar.lib.compiled import compiled
from daftar.orgs.access import Actor, publish, question, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in
from daftar.orgs.roles import BuiltIn

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from daftar.lib.tenancy import Asker, TenantQuerySet

# Whoever begins a lesson is left in peace for so long (screens 2.6).
GRACE = timedelta(minutes=10)
BACK = timedelta(days=30)
MOST = 99
DAY = timedelta(days=1)
MARK = "attendance.mark"
# They see on every page how many lie unmarked in the whole branch.
NOT_WRITTEN_TO = (BuiltIn.OWNER, BuiltIn.ADMINISTRATOR)


def begun_and_unmarked(by: Actor) -> Q:
    """Of lessons: begun ten minutes ago or earlier, with somebody expected, and marked by nobody."""
    return _begun_and_unmarked(by, by.at)


def _begun_and_unmarked(by: Asker, now: datetime) -> Q:
    # As a sum, which no index holds: planned lessons of some days are few, and the index of these is to be taken, not
    # that of all lessons by day and instant.
    begun = ExpressionWrapper(F("starts_at") + GRACE, models.DateTimeField())
    return waits_for_marks(by) & Q(LessThanOrEqual(begun, now))


@question("attendance.mark")
def unmarked_count(by: Actor) -> int:
    """How many lessons of the last 30 days lie unmarked: all that are seen, or else the own ones; at most 100.

    One's own are those that one gives: with a substitute, the substitute's.
    """
    return len(_unmarked(by, **_asked(by)))


def _asked(by: Actor) -> dict[str, Any]:
    since, until = nudged_days(by)
    mine = None if by.may("courses.see_all") else by.member_id or 0
    return {"now": by.at, "since": since, "until": until, "mine": mine, "after": by.at - BACK - 2 * DAY}


@compiled
def _unmarked(by: Asker, *, now: datetime, since: date, until: date, mine: int | None, after: datetime) -> Any:
    rows = Lesson.objects.visible_to(by).filter(_begun_and_unmarked(by, now), held_on__range=(since, until))
    if mine is not None:
        # By its instant too: an index holds the lessons of a teacher by that.
        rows = rows.filter(teacher_id=mine, starts_at__range=(after, now))
    return rows.order_by().values_list("pk", flat=True)[: MOST + 1]


def nudged_days(by: Actor) -> tuple[date, date]:
    """The first and the last day of the lessons that are counted."""
    return by.today - BACK, by.today


class Wanted(NamedTuple):
    """A letter that is due: to whom, about which day, and where its links lead."""

    member_id: int
    on: date
    site: str


def letters_due(by: Actor) -> list[Wanted]:
    """Whom to write to now: everyone with unmarked lessons of a day whose hour has come in a branch that wants it.

    One who teaches that day in a branch where the hour is still to come is written to then, about both.
    """
    places = list(Branch.objects.visible_to(by).exclude(nudge_hour=None).order_by("id"))
    days = {
        day
        for row in places
        for day in (today_in(by, row), today_in(by, row) - DAY)
        if is_nudged_now(by.at, day, row.nudge_hour or 0, row.timezone)
    }
    found = []
    for day in sorted(days):
        now, later = _due_and_later(by, places, day)
        rows = _of_day(by, day, now)
        waiting = set(rows.values_list("teacher_id", flat=True)) - set(_taught(by, day, later))
        sites = {row.pk: row.nudge_site for row in now}
        first = dict(rows.order_by("-starts_at", "-id").values_list("teacher_id", "branch_id"))
        found += [Wanted(member_id, day, sites[first[member_id]]) for member_id in sorted(waiting)]
    return found


@verb("attendance.mark")
def nudge_teacher(by: Actor, *, member_id: int, on: date, site: str) -> Nudge | None:
    """Wants the one letter of that day to a teacher; None where it was wanted already."""
    row, is_new = Nudge.objects.visible_to(by).get_or_create(
        org_id=by.org_id, member_id=member_id, on=on, defaults={"made_at": by.at}
    )
    if not is_new:
        return None
    publish(by, TeacherNudged(row.pk, site))
    nudge: Nudge = row
    return nudge


@question("attendance.mark")
def nudge_to_mail(by: Actor, nudge_id: int) -> Nudge | None:
    """A nudge whose letter has not left, with its teacher; locked, so that of two at once the second finds it gone."""
    rows = Nudge.objects.visible_to(by).select_for_update(of=("self",), no_key=True).filter(mailed_at=None)
    row: Nudge | None = rows.select_related("member__user").filter(pk=nudge_id).first()
    return row


@question("attendance.mark")
def lessons_to_tell(by: Actor, nudge: Nudge) -> list[Lesson]:
    """The lessons that the letter is about, as things stand now, in their order."""
    places = list(Branch.objects.visible_to(by).exclude(nudge_hour=None))
    now, _later = _due_and_later(by, places, nudge.on)
    rows = _of_day(by, nudge.on, now).filter(teacher_id=nudge.member_id)
    return list(rows.select_related("group", "student", "course", "branch").order_by("starts_at", "id"))


@verb("attendance.mark")
def note_nudge_mailed(by: Actor, *, nudge_id: int) -> None:
    """Remembers that the letter has left."""
    Nudge.objects.visible_to(by).filter(pk=nudge_id).update(mailed_at=by.at)


def _due_and_later(by: Actor, places: Collection[Branch], day: date) -> tuple[list[Branch], list[Branch]]:
    """The branches whose hour of that day has come, and the others."""
    come = {row.pk for row in places if nudge_moment(day, row.nudge_hour or 0, row.timezone) <= by.at}
    return [row for row in places if row.pk in come], [row for row in places if row.pk not in come]


def _of_day(by: Actor, day: date, places: Collection[Branch]) -> TenantQuerySet[Lesson]:
    """Unmarked lessons of a day in some branches, of teachers who can be written to."""
    rows = Lesson.objects.visible_to(by).filter(begun_and_unmarked(by), held_on=day, branch__in=places)
    able = Q(teacher__is_active=True, teacher__user__is_active=True, teacher__role__permissions__contains=[MARK])
    found: TenantQuerySet[Lesson] = rows.filter(able).exclude(teacher__role__code__in=NOT_WRITTEN_TO)
    return found


def _taught(by: Actor, day: date, places: Collection[Branch]) -> list[int]:
    """Who has lessons to mark on a day in some branches, begun or not."""
    rows = Lesson.objects.visible_to(by).filter(waits_for_marks(by), held_on=day, branch__in=places)
    return list(rows.values_list("teacher_id", flat=True))
