"""Lessons that a schedule has made, written all at once: five years of a group are hundreds, so they are no models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from daftar.courses import rules
from daftar.courses.models import LessonStatus
from daftar.lib.among import array_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.courses.models import Group, Recurrence
    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch

# What the schedule does not say is as of any lesson that nobody has touched yet.
WRITE = """
    INSERT INTO daftar_lesson (
        org_id, group_id, teacher_id, room_id, held_on, starts_time, minutes, starts_at, ends_at, is_extra, status,
        topic, cancel_reason, holds_room, holds_teacher
    )
    SELECT %(org)s, %(group)s, teacher_id, room_id, held_on, starts_time, minutes, starts_at,
        starts_at + make_interval(mins => minutes), false, %(status)s, '', '', %(rooms)s, %(teachers)s
    FROM unnest(
        %(days)s::date[], %(times)s::time[], %(minutes)s::int[], %(instants)s::timestamptz[], %(given_by)s::bigint[],
        %(places)s::bigint[]
    ) AS row (held_on, starts_time, minutes, starts_at, teacher_id, room_id)
"""


def write_lessons(by: Actor, group: Group, branch: Branch, made: Sequence[tuple[date, Recurrence]]) -> None:
    """Adds planned lessons of a group, each on its day as the row of the weekly schedule says, in one statement."""
    if not made:
        return
    said = {id(rule): _values(group, rule) for _on, rule in made}
    times, minutes, given_by, places = zip(*[said[id(rule)] for _on, rule in made], strict=True)
    zone = branch.timezone
    instants = [rules.instant(on, at, zone).isoformat() for (on, _rule), at in zip(made, times, strict=True)]
    values: dict[str, Any] = {
        "org": by.org_id, "group": group.pk, "status": LessonStatus.PLANNED.value, "rooms": branch.blocks_rooms,
        "teachers": branch.blocks_teachers, "days": array_of([on for on, _rule in made]), "times": array_of(times),
        "minutes": array_of(minutes), "instants": array_of(instants), "given_by": array_of(given_by),
        "places": array_of(places),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)


def _values(group: Group, rule: Recurrence) -> tuple[Any, ...]:
    """When, how long, by whom and where: the group's teacher and room unless that weekday has its own."""
    return rule.starts_time, rule.minutes, rule.teacher_id or group.teacher_id, rule.room_id or group.room_id
