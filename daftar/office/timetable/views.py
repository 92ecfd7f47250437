"""The timetable: a day by rooms or teachers, a week, a month, and the weekly pattern."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import gettext as _

from daftar.attendance.queries import guests_between
from daftar.courses import queries
from daftar.courses.kinds import LessonStatus
from daftar.courses.rules import EVEN, ODD
from daftar.courses.timetable import Wanted, lessons_per_day, weekly
from daftar.courses.timetable import timetable as lessons_of
from daftar.office import formats
from daftar.office.clash_words import clash_shown
from daftar.office.forms import number_in, typed
from daftar.office.lesson_words import type_of
from daftar.office.page import OfficeRequest, page
from daftar.office.timetable.board import HOUR, Block, Lane, board_of
from daftar.office.words import days_text
from daftar.orgs.queries import branches, teachers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpResponse

    from daftar.courses.timetable import Shown, Weekly
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch

VIEWS = ("rooms", "teachers", "week", "month", "odd", "even", "other")
MORNING, EVENING = 8 * HOUR, 20 * HOUR
MOST_LISTED = 400


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    view: str
    on: date
    branch: Branch
    wanted: Wanted


@page("courses.view")
def timetable(request: OfficeRequest) -> HttpResponse:
    by, asked = request.by, _asked(request)
    since, until = _span(asked)
    choices = _choices(by, asked)
    context = {
        "view": asked.view, "on": asked.on, "today": by.today, "span": _span_text(asked, since, until),
        "before": _step(asked, since, -1), "after": _step(asked, until, 1), "choices": choices,
        "wanted": asked.wanted, "places": branches(by), "branch": asked.branch, "board": None, "days": [],
        "counted": [], "clashes": 0,
    }  # fmt: skip
    if asked.view in ("odd", "even", "other"):
        context["board"] = _pattern_board(by, asked, choices)
    elif asked.view == "month":
        context |= _month(by, asked, since, until)
    else:
        guests = guests_between(by, since, until)
        found = lessons_of(by, since=since, until=until, wanted=asked.wanted, guests=guests)
        shown = [_shown(row, found.names) for row in found.lessons]
        context["clashes"] = sum(1 for row in shown if row["clashes"])
        context["board"] = _board(by, asked, choices, shown)
        context["days"] = _by_day(shown)
    return render(request, "office/timetable/timetable.html", context)


def _asked(request: OfficeRequest) -> Asked:
    by = request.by
    places = branches(by)
    named = number_in(request, "branch_id")
    branch = next((each for each in places if each.pk == named), request.branch or places[0])
    view = typed(request, "view", 10)
    wanted = Wanted(
        branch_id=branch.pk, teacher_id=number_in(request, "teacher"), room_id=number_in(request, "room"),
        group_id=number_in(request, "group"), course_id=number_in(request, "course"),
    )  # fmt: skip
    try:
        on = date.fromisoformat(typed(request, "on", 10))
    except ValueError:
        on = by.today
    on = on if EARLIEST <= on <= LATEST else by.today
    if view not in VIEWS:
        view = "rooms" if by.may("courses.see_all") else "week"
    if view == "week" and (wanted.teacher_id, wanted.room_id, wanted.group_id) == (None, None, None):
        wanted = _own_week(by, wanted)
    return Asked(view, on, branch, wanted)


EARLIEST, LATEST = date(2001, 1, 1), date(2099, 12, 1)


def _own_week(by: Actor, wanted: Wanted) -> Wanted:
    """A week is one room's, teacher's or group's: one's own lessons, or for those who see all the first room."""
    if not by.may("courses.see_all"):
        return replace(wanted, teacher_id=by.member_id)
    first = next((room for room in queries.rooms(by) if room.branch_id == wanted.branch_id), None)
    return replace(wanted, room_id=first.pk) if first else wanted


def _span(asked: Asked) -> tuple[date, date]:
    """The first and the last day shown."""
    if asked.view == "week":
        monday = asked.on - timedelta(days=asked.on.weekday())
        return monday, monday + timedelta(days=6)
    if asked.view == "month":
        last = calendar.monthrange(asked.on.year, asked.on.month)[1]
        return asked.on.replace(day=1), asked.on.replace(day=last)
    return asked.on, asked.on


def _step(asked: Asked, edge: date, way: int) -> date:
    return edge + timedelta(days=way) if asked.view in ("month", "week") else asked.on + timedelta(days=way)


def _span_text(asked: Asked, since: date, until: date) -> str:
    if asked.view == "month":
        return formats.month(since)
    return formats.weekday_day(since) if since == until else f"{formats.day(since)} – {formats.day(until)}"


def _choices(by: Actor, asked: Asked) -> dict[str, list[tuple[int, str]]]:
    """What the filters offer; the one group whose lessons are shown can be let go."""
    rooms = [(row.pk, row.name) for row in queries.rooms(by) if row.branch_id == asked.branch.pk]
    found: dict[str, list[tuple[int, str]]] = {"room": rooms, "teacher": [], "course": [], "group": []}
    if (group_id := asked.wanted.group_id) is not None:
        of_it = [queries.groups(by, is_over=is_over).filter(pk=group_id) for is_over in (False, True)]
        found["group"] = [(row.pk, row.name) for rows in of_it for row in rows]
    if by.may("courses.see_all"):
        found["teacher"] = [(row.pk, row.name) for row in teachers(by)]
        found["course"] = [(row.pk, row.name) for row in queries.courses(by)]
    return found


def _shown(row: Shown, names: dict[int, str]) -> dict[str, Any]:
    lesson = row.lesson
    starts = lesson.starts_time.hour * HOUR + lesson.starts_time.minute
    places = [
        each
        for each in (lesson.group.capacity if lesson.group else None, lesson.room.capacity if lesson.room else None)
        if each
    ]
    return {
        "id": lesson.pk, "group_id": lesson.group_id, "student_id": lesson.student_id, "group": lesson.name,
        "course": lesson.studied.name,
        "on": lesson.held_on, "starts": starts, "ends": starts + lesson.minutes, "starts_at": lesson.starts_time,
        "until": _clock(starts + lesson.minutes), "room": lesson.room.name if lesson.room else "",
        "teacher": lesson.teacher.name if lesson.teacher else "", **type_of(lesson),
        "size": row.size, "places": min(places, default=None),
        "state": lesson.status, "is_moved": lesson.moved_from not in (None, lesson.held_on), "room_id": lesson.room_id,
        "teacher_id": lesson.teacher_id, "clashes": [clash_shown(each, lesson, names) for each in row.clashes],
    }  # fmt: skip


def _clock(minutes: int) -> str:
    return f"{minutes // HOUR % 24:02}:{minutes % HOUR:02}"


def _board(by: Actor, asked: Asked, choices: dict[str, list[tuple[int, str]]], shown: Sequence[dict[str, Any]]) -> Any:
    key = {"rooms": "room_id", "teachers": "teacher_id", "week": "on"}[asked.view]
    lanes = _week_lanes(by, asked) if asked.view == "week" else _lanes(asked, choices, {row[key] for row in shown})
    blocks = [Block(row[key], row["starts"], row["ends"], row) for row in shown]
    return board_of(lanes, blocks, since=_open(asked.branch)[0], until=_open(asked.branch)[1])


def _lanes(asked: Asked, choices: dict[str, list[tuple[int, str]]], used: Iterable[Any]) -> list[Lane]:
    """A lane for each room, or for each teacher who has a lesson; the last for lessons without one."""
    name, used = ("room" if asked.view == "rooms" else "teacher"), set(used)
    only = asked.wanted.room_id if name == "room" else asked.wanted.teacher_id
    lanes = [
        Lane(pk, label, sent={f"{name}_id": pk, "held_on": asked.on.isoformat()})
        for pk, label in choices[name]
        if only in (None, pk) and (name == "room" or pk in used)
    ]
    if None in used or not lanes:
        lanes.append(
            Lane(None, _("No room") if name == "room" else _("No teacher"), sent={"held_on": asked.on.isoformat()})
        )
    return lanes


def _week_lanes(by: Actor, asked: Asked) -> list[Lane]:
    monday, _last = _span(asked)
    days = [monday + timedelta(days=count) for count in range(7)]
    return [
        Lane(
            day,
            formats.weekday(day),
            formats.day_month(day),
            is_now=day == by.today,
            sent={"held_on": day.isoformat()} | _own_lane(asked.wanted),
        )
        for day in days
    ]


def _own_lane(wanted: Wanted) -> dict[str, int]:
    """The room or teacher whose week is shown."""
    named = {"room_id": wanted.room_id, "teacher_id": wanted.teacher_id}
    return {name: pk for name, pk in named.items() if pk is not None}


def _open(branch: Branch) -> tuple[int, int]:
    if branch.opens_at is None or branch.closes_at is None:
        return MORNING, EVENING
    return (
        branch.opens_at.hour * HOUR + branch.opens_at.minute, branch.closes_at.hour * HOUR + branch.closes_at.minute
    )  # fmt: skip


def _by_day(shown: Iterable[dict[str, Any]]) -> list[tuple[date, list[dict[str, Any]]]]:
    days: dict[date, list[dict[str, Any]]] = {}
    for row in shown:
        days.setdefault(row["on"], []).append(row)
    return sorted(days.items())


def _month(by: Actor, asked: Asked, since: date, until: date) -> dict[str, Any]:
    """The agenda of a month: each lesson, or where they are too many to read, how many there are on each day."""
    counts = lessons_per_day(by, since=since, until=until, wanted=asked.wanted)
    if sum(counts.values()) > MOST_LISTED:
        return {"counted": sorted(counts.items())}
    guests = guests_between(by, since, until)
    found = lessons_of(by, since=since, until=until, wanted=asked.wanted, guests=guests)
    return {"days": _by_day(_shown(row, found.names) for row in found.lessons)}


def _pattern_board(by: Actor, asked: Asked, choices: dict[str, list[tuple[int, str]]]) -> Any:
    """The weekly schedule by rooms: groups of odd days, of even days, and all others."""
    rows = [row for row in weekly(by, wanted=asked.wanted) if _pattern(row) == asked.view]
    blocks = [_weekly_block(row) for row in rows]
    lanes = _lanes(replace(asked, view="rooms"), choices, {block.lane for block in blocks})
    return board_of(lanes, blocks, since=_open(asked.branch)[0], until=_open(asked.branch)[1])


def _pattern(row: Weekly) -> str:
    days = set(row.weekdays)
    return "odd" if days <= set(ODD) else "even" if days <= set(EVEN) else "other"


def _weekly_block(row: Weekly) -> Block[dict[str, Any]]:
    starts = row.starts_time.hour * HOUR + row.starts_time.minute
    days = days_text(row.weekdays)
    what: dict[str, Any] = {
        "id": None, "group_id": row.group_id, "student_id": row.student_id, "group": row.name,
        "course": row.course, "clashes": [], "type": "", "icon": "tag", "colour": "purple",
        "starts_at": row.starts_time, "until": _clock(starts + row.minutes), "state": LessonStatus.PLANNED.value,
        "teacher": row.teacher.name if row.teacher else "", "size": row.students, "places": row.places,
        "room": row.room.name if row.room else "", "days": days, "is_moved": False, "starts": starts,
        "ends": starts + row.minutes,
    }  # fmt: skip
    return Block(row.room.pk if row.room else None, starts, starts + row.minutes, what)
