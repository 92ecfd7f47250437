"""Calendars that programs read by a secret link: opened and withdrawn by people, read by whoever holds the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from daftar.courses.feed_models import Feed
from daftar.courses.models import Group, Lesson, Room
from daftar.courses.queries import on_day_off
from daftar.courses.weekdays import lessons_of_member
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.access import Actor, change, note, question, verb
from daftar.orgs.doors import CALENDAR
from daftar.orgs.keys import cut_key, door_behind
from daftar.orgs.models import Member
from daftar.orgs.queries import system_actor
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
OF = {"teacher": Member, "room": Room, "group": Group, "student": Student}


@verb("courses.view")
def open_feed(by: Actor, *, of: str, row_id: int) -> Feed:
    """The feed "of" a teacher, room, group or family (of this student); the one there is, or else a new one.

    One's own as a teacher is everybody's; others take the right to edit courses, a family's that to edit people too.
    """
    _check_right(by, of, row_id)
    row = OF[of].objects.visible_to(by).one(pk=row_id)
    there = Feed.objects.visible_to(by).filter(withdrawn_at=None, **{of: row}).first()
    if there is not None:
        found: Feed = there
        return found
    door, nonce = cut_key(by, CALENDAR)
    feed = Feed.objects.create(org_id=by.org_id, door=door, nonce=nonce, made_at=by.at, **{of: row})
    note(by, feed, was=None, now={of: row})
    return feed


@verb("courses.view")
def withdraw_feed(by: Actor, *, feed_id: int) -> Feed:
    """From now on the link opens nothing; a new one has another secret."""
    feed: Feed = Feed.objects.visible_to(by).select_for_update(of=("self",), no_key=True).one(pk=feed_id)
    _check_right(by, kind_of(feed), feed.teacher_id)
    change(by, feed, withdrawn_at=by.at)
    return feed


@question("courses.view")
def feeds(by: Actor) -> list[Feed]:
    """The feeds that stand, the newest first: one's own, or of all; those of families for whoever may edit people."""
    rows = Feed.objects.visible_to(by).filter(withdrawn_at=None).select_related("teacher", "room", "group", "student")
    if not by.may("courses.edit"):
        rows = rows.filter(teacher_id=by.member_id, teacher__isnull=False)
    return list((rows if by.may("people.edit") else rows.filter(student=None)).order_by("-id"))


@dataclass(frozen=True)
class Calendar:
    """What a feed holds: its lessons in order with group or course, branch, room and teacher; `name`: whose it is.

    Each lesson has `is_off`: on a day off it is not held. A family's feed has no name of a child.
    """

    org_name: str
    name: str
    feed_id: int
    of: str
    lessons: list[Any]


def calendar_behind(
    secret: str, at: datetime, as_guest: Callable[[Actor, int], Collection[int]] = lambda _by, _student_id: ()
) -> Calendar:
    """The calendar that a link opens, from 30 days back to 180 ahead; NotFound for what no link is or was withdrawn.

    Whoever holds the link is no actor, so this is no question. `as_guest` answers the ids of the lessons that a student
    comes to without being of their groups: they are in the family's calendar.
    """
    door = door_behind(secret, CALENDAR)
    if door is None:
        raise NotFound
    with tenant_transaction(door.org_id):
        by = system_actor(door.org_id, at)
        rows = Feed.objects.visible_to(by).select_related("teacher", "room", "group")
        feed: Feed = rows.one(door=door, withdrawn_at=None)
        of = kind_of(feed)
        name = "" if of == "student" else str(feed)
        return Calendar(by.org_name, name, feed.pk, of, _lessons(by, feed, of, as_guest))


def kind_of(feed: Feed) -> str:
    """Whether it is of a teacher, room, group or student."""
    return next(of for of in OF if getattr(feed, f"{of}_id") is not None)


def _check_right(by: Actor, of: str, row_id: int | None) -> None:
    if of != "teacher" or row_id != by.member_id:
        by.must("courses.edit")
    if of == "student":
        by.must("people.edit")


def _family(by: Actor, student_id: int) -> list[int]:
    """The student, and the other children of the one who pays."""
    students = Student.objects.visible_to(by)
    payer = students.filter(pk=student_id).exclude(payer=None).values("payer_id")
    return list(students.filter(Q(pk=student_id) | Q(payer_id__in=payer)).order_by("id").values_list("pk", flat=True))


def _lessons(by: Actor, feed: Feed, of: str, as_guest: Callable[[Actor, int], Collection[int]]) -> list[Any]:
    rows = Lesson.objects.visible_to(by).filter(held_on__range=(by.today - BACK, by.today + AHEAD))
    joined = (
        rows.annotate(is_off=on_day_off(by))
        .select_related("group", "course", "branch", "room", "teacher")
        .order_by("starts_at", "id")
    )
    if of == "teacher":
        mine = Q(teacher_id=feed.teacher_id) | Q(teacher=None, group__teacher_id=feed.teacher_id)
        return list(joined.filter(mine))
    if feed.student_id is not None:
        family = _family(by, feed.student_id)
        theirs = [lessons_of_member(by, pk) | Q(pk__in=as_guest(by, pk)) for pk in family]
        return list(joined.filter(reduce(or_, theirs)))
    return list(joined.filter(**{f"{of}_id": getattr(feed, f"{of}_id")}))
